// Times as senders write them, and the correction of clocks that are wrong.
import { DAY_MS } from '../../core/time.ts';

/** The same bounds as the import's. */
export const EARLIEST_MS = Date.UTC(1990, 0, 1);
export const FUTURE_SLACK_MS = DAY_MS;

/** A difference this small is the network's, or a retry's, not the clock's: times stay as they are. */
export const SKEW_SLACK_MS = 5000;

const ISO = /^(\d{4})-(\d{2})-(\d{2})[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/;

/** UTC ms of ISO 8601 text that says its zone, or of a number of UTC ms; undefined when it is neither. */
export function readTime(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : undefined;
  if (typeof value !== 'string' || value.length > 40) return undefined;
  const match = ISO.exec(value);
  if (!match) return undefined;
  const [, year, month, day] = match;
  // The runtime rolls the 30th of February over into March.
  if (Number(day) > new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()) return undefined;
  const time = Date.parse(value.replace(' ', 'T'));
  return Number.isNaN(time) ? undefined : time;
}

/**
 * The time on our clock of something the sender's clock called `statedMs`: what the sender's clock is off by, as seen
 * when it sent the request, is taken out (`received − (sent − stated)`).
 *
 * Left alone where the two clocks agree within `SKEW_SLACK_MS`, and where the event is later than its own sending, as
 * then the two times are not of one clock. Without `sentMs` a time of the next 24 hours is now.
 */
export function correctedTime(statedMs: number, sentMs: number | undefined, receivedMs: number): number {
  const skewMs = sentMs === undefined ? 0 : receivedMs - sentMs;
  const isOneClock = sentMs !== undefined && statedMs <= sentMs + SKEW_SLACK_MS;
  if (isOneClock && Math.abs(skewMs) > SKEW_SLACK_MS) return Math.min(statedMs + skewMs, receivedMs);
  return statedMs > receivedMs + FUTURE_SLACK_MS ? statedMs : Math.min(statedMs, receivedMs);
}
