// What a customer typically spends: the median beside the amount that adds up.
import { type AmountCurve, binAmounts, curveAt } from './amount-curve.ts';
import { quantile } from './bootstrap.ts';
import { checkAmounts } from './metrics/predictions.ts';

/** With fewer there is too little to draw a curve from. */
const FEWEST_ROWS = 200;

/**
 * Learns the median outcome as a rising curve of the predicted amount: isotonic regression in absolute error over bins of
 * customers predicted alike.
 *
 * Amounts that most customers do not spend have a median far below their mean, for many of them nothing. Half of those
 * alike spend more than it and half less; summed over customers it falls far short of what comes in.
 *
 * @returns undefined with fewer than 200 rows
 * @see Robertson and Wright 1980 for isotonic medians
 */
export function fitTypicalAmount(actual: Float64Array, predicted: Float64Array): AmountCurve | undefined {
  checkAmounts({ actual, predicted });
  if (actual.length < FEWEST_ROWS) return undefined;
  const { knots, outcomes } = binAmounts(actual, predicted);
  const pools: { outcomes: Float64Array; median: number; bins: number }[] = [];
  for (const own of outcomes) {
    let pool = { outcomes: own, median: medianOf(own), bins: 1 };
    for (let last = pools.at(-1); last && last.median > pool.median; last = pools.at(-1)) {
      pools.pop();
      const both = Float64Array.from([...last.outcomes, ...pool.outcomes]).sort();
      pool = { outcomes: both, median: medianOf(both), bins: last.bins + pool.bins };
    }
    pools.push(pool);
  }
  return { knots, values: pools.flatMap(({ median, bins }) => Array<number>(bins).fill(median)) };
}

const medianOf = (sorted: Float64Array): number => Math.max(0, quantile(sorted, 0.5));

/** Typical amounts of predicted ones, [rows]. */
export const typicalAmounts = (curve: AmountCurve, predicted: Float64Array): Float64Array =>
  predicted.map((amount) => curveAt(curve, amount));
