// Margins as explanations need them, and how contributions on a margin become effects in the unit people see.
import { AppError } from '../core/errors.ts';
import { type Attribution, fromMargin, type Link } from '../models/estimator.ts';

/** Beyond these a probability is 0 or 1, and an amount 0, to the last digit anyone is shown. */
const LOGIT_LIMIT = 36;
const LOG_LIMIT = 46;

/**
 * A copy with infinite margins (a probability of exactly 0 or 1, an amount of exactly 0) pulled in to where nothing
 * visible changes, so that differences stay finite.
 *
 * @throws AppError BAD_DATA when a margin is not a number
 */
export function finiteMargins(link: Link, margins: Float64Array): Float64Array {
  const limit = link === 'logit' ? LOGIT_LIMIT : link === 'log' ? LOG_LIMIT : Number.MAX_VALUE;
  return margins.map((margin) => {
    if (Number.isNaN(margin)) {
      throw new AppError('BAD_DATA', 'expected a margin for every row, got one that is not a number');
    }
    return Math.min(limit, Math.max(-limit, margin));
  });
}

/** The shown value of one margin: a probability or an amount. */
export const shownValue = (link: Link, margin: number): number =>
  fromMargin(link, Float64Array.of(margin))[0];

/**
 * Contributions in the shown unit, in two steps along g, the link's inverse: first everything that speaks against takes the
 * base down from g(m₀) to g(m₀ + Σ negative), then everything that speaks for takes it up to g(m). Each step is shared in
 * proportion to the contributions in it.
 *
 * So effects add up exactly and keep the signs of the contributions; those against never take off more than the base, those
 * for never add more than the prediction. (One mean slope for both would say "takes 60 off" of a forecast of 2 wherever
 * large contributions cancel out.)
 */
export function shownEffects(
  contributions: Float64Array,
  { link, base, margin }: { link: Link; base: number; margin: number },
): Float64Array {
  const low = shownValue(link, base + against(contributions));
  return shareOut(contributions, { start: shownValue(link, base), low, end: shownValue(link, margin) });
}

/** Σ of the negative contributions. */
const against = (contributions: Float64Array): number =>
  contributions.reduce((sum, value) => sum + Math.min(0, value), 0);

/** Shares `low − start` among the negative contributions and `end − low` among the positive ones. */
function shareOut(
  contributions: Float64Array,
  { start, low, end }: { start: number; low: number; end: number },
): Float64Array {
  const down = against(contributions);
  const up = contributions.reduce((sum, value) => sum + Math.max(0, value), 0);
  return contributions.map((value) => {
    if (value === 0) return 0;
    return value < 0 ? (value / down) * (low - start) : (value / up) * (end - low);
  });
}

/**
 * A model's contributions carried through a calibration of its margin, in the two steps of `shownEffects`, so that they add
 * up on the calibrated margin: what a calibrated predictor may give as its `attribute`.
 *
 * @param calibrate margin in, calibrated margin out, [rows] each; never falling
 */
export function carryAttribution(
  attribution: Attribution,
  margins: Float64Array,
  calibrate: (margins: Float64Array) => Float64Array,
): Attribution {
  const { features, base, values } = attribution;
  const own = (row: number) => values.subarray(row * features.length, (row + 1) * features.length);
  const [start] = calibrate(Float64Array.of(base));
  const lows = calibrate(margins.map((_, row) => base + against(own(row))));
  const ends = calibrate(margins);
  const carried = new Float64Array(values.length);
  margins.forEach((_, row) => {
    carried.set(shareOut(own(row), { start, low: lows[row], end: ends[row] }), row * features.length);
  });
  return { features, base: start, values: carried };
}
