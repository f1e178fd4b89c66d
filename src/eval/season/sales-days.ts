// What sales days are assumed to do before a shop's own history says so, in logarithms of daily sales.

/** A yearly day of sales as it falls in one year. */
export interface SalesMoment {
  readonly name: string;
  /** Days since 1970-01-01. */
  readonly day: number;
}

/** Days before (above 0) or after (below 0) a sales day that share one effect: [furthest, nearest]. */
export const SALES_SPANS: readonly (readonly [number, number])[] = [
  [28, 15],
  [14, 8],
  [7, 4],
  [3, 1],
  [0, 0],
  [-1, -3],
  [-4, -10],
];

/**
 * Assumed effects by span, for shops that have not seen the day often: stated, not measured here. Their size comes from
 * public totals: unadjusted, U.S. e-commerce of the third quarter of 2015 was 81.1 billion dollars where 87.5 were
 * adjusted for the season (Census Bureau CB15-189), and of the fourth of 2020 it was 245.3 where 206.7 were (CB21-23):
 * a summer 7 % under and a winter 19 % over the year, most of which these days make.
 */
export const ASSUMED_EFFECTS: Readonly<Record<string, readonly number[]>> = {
  valentine: [0, 0.03, 0.05, 0, 0, 0, 0],
  'mid-year': [0, 0, 0, 0.05, 0.1, 0, 0],
  singles: [0, 0, 0, 0.1, 0.2, 0, 0],
  'black-friday': [0, 0, 0.1, 0.2, 0.6, 0.4, 0.05],
  'double-twelve': [0, 0, 0, 0.05, 0.1, 0, 0],
  christmas: [0.2, 0.3, 0.2, -0.1, -0.8, -0.2, -0.1],
};

/** How far a shop's own effects are believed to lie from the assumed ones, as a standard deviation of the logarithm. */
const EFFECT_STD_DEV = 0.4;
/** Of effects of a week and more that one year has shown once: until they come again they are trend as likely as season. */
const ONCE_SEEN_STD_DEV = 0.05;
/** Spans up to so many days stand out from a trend by themselves. */
const SHORT_DAYS = 4;

/** The belief for one span after so many years of history. */
export function effectStdDev([furthest, nearest]: readonly [number, number], years: number): number {
  if (years >= 2 || furthest - nearest < SHORT_DAYS) return EFFECT_STD_DEV;
  const seenAgain = Math.max(0, years - 1);
  return ONCE_SEEN_STD_DEV + seenAgain * (EFFECT_STD_DEV - ONCE_SEEN_STD_DEV);
}
