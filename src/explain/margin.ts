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
 * Contributions in the shown unit: each part gets `contribution · (g(m) − g(m₀)) / (m − m₀)`, with g the link's inverse,
 * m the row's margin and m₀ the base.
 *
 * That is the Aumann–Shapley value of g(m₀ + Σ contributions): every part is given its effect along the straight way from
 * the base to the row, where g has this mean slope. So effects add up exactly, keep the signs of the contributions and
 * stay in proportion to them.
 *
 * @see Aumann and Shapley 1974; Sundararajan et al. 2017, arXiv:1703.01365
 */
export function shownEffects(
  contributions: Float64Array,
  { link, base, margin }: { link: Link; base: number; margin: number },
): Float64Array {
  const slope = meanSlope(link, base, margin);
  return contributions.map((contribution) => contribution * slope);
}

/** Mean slope of the link's inverse between two margins; its derivative where they meet. */
function meanSlope(link: Link, from: number, to: number): number {
  if (link === 'identity') return 1;
  if (Math.abs(to - from) > 1e-4) return (shownValue(link, to) - shownValue(link, from)) / (to - from);
  // The difference of two near values loses its digits; the midpoint's derivative is right to (to − from)² / 24.
  const middle = shownValue(link, (from + to) / 2);
  return link === 'log' ? middle : middle * (1 - middle);
}

/** A row that went less than this share of the way its parts pull in all is too near the base to measure a slope by. */
const WAY_ENOUGH = 0.25;

/**
 * A model's contributions carried through a calibration of its margin, so that they add up on the calibrated margin: what a
 * calibrated predictor may give as its `attribute`.
 *
 * Contributions are multiplied by the calibration's mean slope between base and row, as in `shownEffects`. Where the parts
 * all but cancel out, that slope says little and, at a step of the calibration, too much: there the mean slope within one
 * unit of margin around the base is used, and what it leaves is shared in proportion to the parts' sizes.
 *
 * @param calibrate margin in, calibrated margin out, [rows] each
 */
export function carryAttribution(
  attribution: Attribution,
  margins: Float64Array,
  calibrate: (margins: Float64Array) => Float64Array,
): Attribution {
  const { features, base, values } = attribution;
  const [calibratedBase] = calibrate(Float64Array.of(base));
  const reach = margins.map((_, row) =>
    values
      .subarray(row * features.length, (row + 1) * features.length)
      .reduce((total, value) => total + Math.abs(value), 0),
  );
  const calibrated = calibrate(margins);
  const near = reach.map((span) => Math.min(1, span));
  const above = calibrate(near.map((span) => base + span));
  const below = calibrate(near.map((span) => base - span));
  const carried = values.map((value, at) => {
    const row = Math.floor(at / features.length);
    if (reach[row] === 0) return 0;
    const way = margins[row] - base;
    const gain = calibrated[row] - calibratedBase;
    if (Math.abs(way) >= WAY_ENOUGH * reach[row]) return (value * gain) / way;
    const slope = (above[row] - below[row]) / (2 * near[row]);
    return value * slope + ((gain - slope * way) * Math.abs(value)) / reach[row];
  });
  return { features, base: calibratedBase, values: carried };
}
