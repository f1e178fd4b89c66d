// How far two histograms are apart, and whether chance alone could have moved them so far.
import { gammaTail } from '../../core/special.ts';

/** Half an observation in every bin: an empty one must not be infinitely far. */
const PRIOR = 0.5;

const sum = (counts: ArrayLike<number>): number => {
  let total = 0;
  for (let bin = 0; bin < counts.length; bin++) total += counts[bin];
  return total;
};

/**
 * Population stability index, Σ (p − q) ln(p / q): under .1 is usually called stable, over .25 a great change. It is the
 * sum of both Kullback–Leibler divergences (Jeffreys 1946).
 *
 * @param reference [bins]
 * @param current   [bins]
 */
export function populationStability(reference: ArrayLike<number>, current: ArrayLike<number>): number {
  const ownTotal = sum(reference) + PRIOR * reference.length;
  const total = sum(current) + PRIOR * reference.length;
  let index = 0;
  for (let bin = 0; bin < reference.length; bin++) {
    const q = (reference[bin] + PRIOR) / ownTotal;
    const p = (current[bin] + PRIOR) / total;
    index += (p - q) * Math.log(p / q);
  }
  return index;
}

export interface Homogeneity {
  /** Pearson's statistic of two samples. */
  readonly statistic: number;
  readonly degrees: number;
}

/** Pearson's test that two histograms are of one distribution; bins that are empty in both say nothing. */
export function homogeneity(reference: ArrayLike<number>, current: ArrayLike<number>): Homogeneity {
  const m = sum(reference);
  const n = sum(current);
  if (m === 0 || n === 0) return { statistic: 0, degrees: 0 };
  const up = Math.sqrt(n / m);
  let statistic = 0;
  let filled = 0;
  for (let bin = 0; bin < reference.length; bin++) {
    const both = reference[bin] + current[bin];
    if (both === 0) continue;
    filled++;
    statistic += (up * reference[bin] - current[bin] / up) ** 2 / both;
  }
  return { statistic, degrees: filled - 1 };
}

/** How the statistic, over its degrees of freedom, swings while nothing changes; of independent rows 1 and 2 / degrees. */
export interface Swing {
  readonly mean: number;
  readonly variance: number;
}

/**
 * The chance of a statistic as large when nothing has changed: the tail of the gamma distribution with the swing's mean and
 * variance, never narrower than that of independent rows, for which it is χ². A customer's many events count less than as
 * many customers; the gamma is the second-order correction of Rao and Scott (1981, after Satterthwaite), with its two
 * moments taken from the past.
 */
export function chanceOf({ statistic, degrees }: Homogeneity, swing?: Swing): number {
  if (degrees <= 0) return 1;
  const mean = Math.max(1, swing?.mean ?? 1);
  const shape = Math.min(
    degrees / 2,
    swing && swing.variance > 0 ? (swing.mean * swing.mean) / swing.variance : Infinity,
  );
  return gammaTail((shape * statistic) / degrees / mean, shape);
}
