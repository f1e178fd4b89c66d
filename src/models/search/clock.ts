// Whether there is time for a trial: nothing is begun that is not expected to end before the deadline.

export interface Clock {
  readonly now: () => number;
  /** What work on a share of the rows took. */
  took(share: number, ms: number): void;
  /** Whether work on this share, so many times over, is expected to end too late; with no share, whether it is too late now. */
  isTooLate(share?: number, times?: number): boolean;
}

/** The next takes as long as the slowest of the last few on as many rows. */
const REMEMBERED = 4;

/** @param deadlineMs UTC ms; with none there is always time */
export function clockUntil(deadlineMs: number | undefined, now: () => number): Clock {
  const spent = new Map<number, number[]>();
  const expected = (share: number): number => {
    const known = spent.get(share);
    if (known) return Math.max(...known);
    // On more rows than anything so far: in proportion.
    const largest = Math.max(0, ...spent.keys());
    return largest > 0 ? (expected(largest) * share) / largest : 0;
  };
  return {
    now,
    took(share, ms) {
      spent.set(share, [...(spent.get(share) ?? []), ms].slice(-REMEMBERED));
    },
    isTooLate(share, times = 1) {
      if (deadlineMs === undefined) return false;
      return now() + (share === undefined ? 0 : times * expected(share)) > deadlineMs;
    },
  };
}
