// A shop's season as one factor a day: how a window of days compares with an ordinary one.
import { type Name, name } from '../../core/name.ts';
import { DAY_MS } from '../../core/time.ts';

/** Plain JSON. The mean factor of a whole year is 1. */
export interface Season {
  /** Days since 1970-01-01, of the first factor. */
  readonly firstDay: number;
  /** One a day. */
  readonly factors: readonly number[];
  /** Whole and broken years of sales behind it; under one the factors are mostly what was assumed. */
  readonly years: number;
  readonly words: Name;
}

/** Days between a day and its twin of another year: 52 whole weeks. */
const TWIN_DAYS = 364;

/**
 * The mean factor of the days in `(asOf, asOf + horizonMs]`: above 1, more is spent than in an ordinary window.
 *
 * @param asOf UTC ms
 */
export function windowFactor(season: Season, asOf: number, horizonMs: number): number {
  const first = asOf / DAY_MS;
  const last = (asOf + horizonMs) / DAY_MS;
  let sum = 0;
  // Broken days at the ends count by their part.
  for (let day = Math.floor(first); day < last; day++) {
    const share = Math.min(day + 1, last) - Math.max(day, first);
    sum += share * dayFactor(season, day);
  }
  return sum / (last - first);
}

/** Days the table does not hold are like the day 52 weeks nearer. */
function dayFactor({ firstDay, factors }: Season, day: number): number {
  let at = day - firstDay;
  if (at < 0) at += TWIN_DAYS * Math.ceil(-at / TWIN_DAYS);
  if (at >= factors.length) at -= TWIN_DAYS * Math.ceil((at - factors.length + 1) / TWIN_DAYS);
  return factors[at] ?? 1;
}

/** What customers did so recently is what models lean on most; its own season is in it already. */
const RECENT_MS = 90 * DAY_MS;

/** How the window after `asOf` compares with the months before it, which features have seen: above 1, more is to come. */
export const seasonalChange = (season: Season, asOf: number, horizonMs: number): number =>
  windowFactor(season, asOf, horizonMs) / windowFactor(season, asOf - RECENT_MS, RECENT_MS);

/** The seasonal change at each row's own moment, [rows]. */
export function seasonalChanges(season: Season, asOf: Float64Array, horizonMs: number): Float64Array {
  const known = new Map<number, number>();
  return asOf.map((moment) => {
    const factor = known.get(moment) ?? seasonalChange(season, moment, horizonMs);
    known.set(moment, factor);
    return factor;
  });
}

/** What a reader should know of it. */
export function seasonWords(years: number, peak: { date: string; factor: number }): Name {
  const shown = `${peak.date} × ${peak.factor.toFixed(2)}`;
  if (years < 1) {
    return name(
      `season from a stated calendar of sales days, ${Math.round(years * 12)} months of history being too few to learn one; busiest month to come begins ${shown}`,
      `季节性取自既定的促销日历（仅 ${Math.round(years * 12)} 个月历史，不足以学习季节）；未来最旺的一个月始于 ${shown}`,
    );
  }
  return name(
    `season learned from ${years.toFixed(1)} years of daily sales, sales days starting from a stated calendar; busiest month to come begins ${shown}`,
    `季节性由 ${years.toFixed(1)} 年的每日销售学习得出，促销日以既定日历为起点；未来最旺的一个月始于 ${shown}`,
  );
}
