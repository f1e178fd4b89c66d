// Rate limits by the generic cell rate algorithm (ITU-T I.371): one number a caller, no timer.

export interface Rate {
  readonly perSecond: number;
  /** So many at once, on top of the steady rate. */
  readonly burst: number;
}

export interface RateLimiter {
  /** Counts one call. 0 when it may go on, else the ms after which it may come again. */
  take(caller: string, nowMs: number): number;
}

/** @param most callers remembered; past it those who have been quiet are forgotten, then the one seen first */
export function createRateLimiter({ perSecond, burst }: Rate, most = 100_000): RateLimiter {
  const intervalMs = 1000 / perSecond;
  const toleranceMs = intervalMs * burst;
  /** When each caller's calls so far will have been paid off. */
  const paidAt = new Map<string, number>();
  const forget = (nowMs: number) => {
    for (const [caller, at] of paidAt) if (at <= nowMs) paidAt.delete(caller);
    for (const caller of paidAt.keys()) {
      if (paidAt.size < most) break;
      paidAt.delete(caller);
    }
  };
  return {
    take(caller, nowMs) {
      const known = paidAt.get(caller);
      const from = known === undefined || known < nowMs ? nowMs : known;
      const waitMs = from - nowMs - toleranceMs;
      if (waitMs >= 0 && from > nowMs) return Math.max(1, Math.ceil(waitMs + intervalMs));
      if (known === undefined && paidAt.size >= most) forget(nowMs);
      paidAt.set(caller, from + intervalMs);
      return 0;
    },
  };
}
