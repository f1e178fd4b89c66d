// How often one caller may call, and what holds when nobody says otherwise.
import type { Rate } from './rate-limit.ts';

export interface RateLimits {
  /** Of one server's key. */
  readonly server: Rate;
  /** Of one address with a browser's key. */
  readonly browser: Rate;
  /** Wrong keys and signatures from one address. */
  readonly failures: Rate;
}

export const DEFAULT_RATES: RateLimits = {
  server: { perSecond: 20_000, burst: 40_000 },
  browser: { perSecond: 50, burst: 200 },
  failures: { perSecond: 1, burst: 30 },
};
