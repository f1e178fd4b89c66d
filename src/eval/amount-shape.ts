// The shape that makes amounts closest in absolute error without moving their total.
import { type AmountCurve, binAmounts, curveAt, curveThrough } from './amount-curve.ts';
import { checkAmounts } from './metrics/predictions.ts';

/** A curve with `blend` of the uncurved prediction mixed in, so that no two predictions become equal; plain JSON. */
export interface AmountShape extends AmountCurve {
  /** The quantile each value is; the level at which the total is kept. */
  readonly quantile: number;
  readonly blend: number;
}

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
  const bins = binAmounts(actual, predicted);
  const shapeAt = (level: number): AmountShape => ({
    ...curveThrough(bins, level),
    quantile: level,
    blend: BLEND,
  });
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
export const applyAmountShape = (shape: AmountShape, predicted: Float64Array): Float64Array =>
  predicted.map((amount) => (amount <= 0 ? 0 : (1 - BLEND) * curveAt(shape, amount) + shape.blend * amount));

const sum = (values: Float64Array): number => values.reduce((all, value) => all + value, 0);
