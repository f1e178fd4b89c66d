// The shape that makes amounts closest in absolute error without moving their total.

import { quantile } from './bootstrap.ts';
import { checkAmounts } from './metrics/predictions.ts';

/**
 * A rising curve through (knots[i], values[i]), straight between them, in proportion beyond the last; plain JSON.
 * `blend` of the uncurved prediction is mixed in, so that no two predictions become equal.
 */
export interface AmountShape {
  readonly knots: readonly number[];
  readonly values: readonly number[];
  /** The quantile each value is; the level at which the total is kept. */
  readonly quantile: number;
  readonly blend: number;
}

const ROWS_PER_KNOT = 40;
const MOST_KNOTS = 15;
const FEWEST_ROWS = 200;
const BLEND = 0.02;
/** The quantile is searched for here; below the median it would lose in absolute error what it gains in nothing. */
const QUANTILE_RANGE = [0.5, 0.95] as const;

/**
 * Learns the curve.
 *
 * Mean predictions of amounts that most customers do not spend lie between the nothing of the many and the much of the
 * few. Among predictions with a given total, absolute error is least at a conditional quantile: minimising
 * Σ|y − q| − λ·Σq is minimising the pinball loss at (1 + λ)/2. So each bin of predictions is moved to one quantile of
 * its outcomes, the same in every bin, found so that the total of the predictions stays what it was.
 *
 * @returns undefined with fewer than 200 rows or nothing spent: too little to draw a curve from
 * @see Koenker and Bassett 1978 for the pinball loss
 */
export function fitAmountShape(actual: Float64Array, predicted: Float64Array): AmountShape | undefined {
  checkAmounts({ actual, predicted });
  const rows = actual.length;
  const total = sum(predicted);
  if (rows < FEWEST_ROWS || !(total > 0) || !(sum(actual) > 0)) return undefined;
  const order = Array.from(predicted.keys()).sort((a, b) => predicted[a] - predicted[b] || a - b);
  const bins = Math.min(MOST_KNOTS, Math.floor(rows / ROWS_PER_KNOT));
  // Narrower bins towards the top, where the money is: edges are even in the square root of the rank from above.
  const edges = Array.from({ length: bins + 1 }, (_, i) => Math.round(rows * (1 - (1 - i / bins) ** 1.7)));
  const parts = edges
    .slice(0, -1)
    .map((from, i) => order.slice(from, edges[i + 1]))
    .filter((part) => part.length > 0);
  const outcomes = parts.map((part) => Float64Array.from(part, (row) => actual[row]).sort());
  const knots = parts.map((part) => part.reduce((all, row) => all + predicted[row], 0) / part.length);
  const shapeAt = (level: number): AmountShape => {
    const values = outcomes.map((sorted) => Math.max(0, quantile(sorted, level)));
    for (let i = 1; i < values.length; i++) values[i] = Math.max(values[i], values[i - 1]);
    return { knots, values, quantile: level, blend: BLEND };
  };
  let [low, high] = QUANTILE_RANGE as unknown as [number, number];
  for (let step = 0; step < 30; step++) {
    const middle = (low + high) / 2;
    if (sum(applyAmountShape(shapeAt(middle), predicted)) < total) low = middle;
    else high = middle;
  }
  const shape = shapeAt((low + high) / 2);
  const reached = sum(applyAmountShape(shape, predicted));
  if (!(reached > 0)) return undefined;
  // What is left of the difference, where the search ended at its border, is a plain factor.
  const factor = total / reached;
  return { ...shape, values: shape.values.map((value) => value * factor), blend: shape.blend * factor };
}

/** The curved amounts, [rows]; rises with the prediction, and 0 stays where the curve begins. */
export function applyAmountShape(shape: AmountShape, predicted: Float64Array): Float64Array {
  const { knots, values, blend } = shape;
  const last = knots.length - 1;
  return predicted.map((amount) => {
    if (amount <= 0) return 0;
    let curved: number;
    if (amount >= knots[last]) curved = values[last] * (knots[last] > 0 ? amount / knots[last] : 1);
    else if (amount <= knots[0]) curved = knots[0] > 0 ? (values[0] * amount) / knots[0] : values[0];
    else {
      let at = 1;
      while (knots[at] < amount) at++;
      const width = knots[at] - knots[at - 1];
      const way = width > 0 ? (amount - knots[at - 1]) / width : 0;
      curved = values[at - 1] + way * (values[at] - values[at - 1]);
    }
    return (1 - BLEND) * curved + blend * amount;
  });
}

const sum = (values: Float64Array): number => values.reduce((all, value) => all + value, 0);
