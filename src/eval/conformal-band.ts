// The shape of an interval over predictions: two rising curves, and how far a real amount lies outside them.
import { interpolate, poolAdjacent } from './calibration/isotonic.ts';
import { equalCountBins } from './metrics/order.ts';

/** Curves over `knots` (predictions, rising), straight between them, in proportion beyond the last. Plain JSON. */
export interface BandShape {
  readonly knots: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** What `low` reads where the curve is 0: 0, or less where refunds exceed purchases too often to pass over. */
  readonly floor: number;
  /** Added to `high`, so that it is never nothing. */
  readonly scale: number;
}

const MOST_BINS = 10;
const ROWS_PER_BIN = 50;

/** Learns the curves: per bin of equal count the middle `level` of the amounts, then each made to rise. */
export function fitShape(
  rows: { actual: Float64Array; predicted: Float64Array; weight?: Float64Array },
  level: number,
): BandShape {
  const { actual, predicted } = rows;
  const miss = 1 - level;
  const count = Math.max(1, Math.min(MOST_BINS, Math.floor(actual.length / ROWS_PER_BIN)));
  const bin = equalCountBins(predicted, count);
  const knots: number[] = [];
  const low: number[] = [];
  const high: number[] = [];
  const sizes: number[] = [];
  for (let b = 0; b < count; b++) {
    const inside = Array.from(bin.keys()).filter((i) => bin[i] === b);
    if (inside.length === 0) continue;
    const sorted = inside.sort((i, j) => actual[i] - actual[j]);
    const below = weightedQuantile(sorted, rows, miss / 2);
    const oneSided = below <= 0;
    knots.push(inside.reduce((sum, i) => sum + Math.max(0, predicted[i]), 0) / inside.length);
    low.push(oneSided ? 0 : below);
    high.push(Math.max(0, weightedQuantile(sorted, rows, oneSided ? level : 1 - miss / 2)));
    sizes.push(inside.length);
  }
  const everybody = Array.from(actual.keys()).sort((i, j) => actual[i] - actual[j]);
  const mean = actual.reduce((sum, value) => sum + Math.abs(value), 0) / actual.length;
  return {
    knots,
    low: Array.from(poolAdjacent(low, sizes)),
    high: Array.from(poolAdjacent(high, sizes)),
    floor: Math.min(0, weightedQuantile(everybody, rows, miss / 4)),
    scale: mean > 0 ? mean / 100 : 1,
  };
}

/** Smallest amount with `share` of the weight at or under it. @param sorted rows by rising amount */
function weightedQuantile(
  sorted: readonly number[],
  { actual, weight }: { actual: Float64Array; weight?: Float64Array },
  share: number,
): number {
  const total = sorted.reduce((sum, row) => sum + (weight?.[row] ?? 1), 0);
  let reached = 0;
  for (const row of sorted) {
    reached += weight?.[row] ?? 1;
    if (reached >= share * total) return actual[row];
  }
  return actual[sorted[sorted.length - 1]];
}

function curvesAt(shape: BandShape, predicted: number): { low: number; high: number } {
  const { knots } = shape;
  const last = knots[knots.length - 1];
  const beyond = predicted > last && last > 0 ? predicted / last : 1;
  return {
    low: interpolate(knots, shape.low, predicted) * beyond,
    high: interpolate(knots, shape.high, predicted) * beyond + shape.scale,
  };
}

/**
 * How far the band must be stretched to hold an amount: 1 = it lies on an end. `high` grows by the factor, `low` falls
 * to 0 at a factor of 2.
 *
 * @returns infinity for an amount under the floor
 */
export function bandScore(shape: BandShape, predicted: number, amount: number): number {
  if (amount < shape.floor) return Number.POSITIVE_INFINITY;
  const { low, high } = curvesAt(shape, predicted);
  return Math.max(amount / high, low > 0 ? 2 - Math.max(0, amount) / low : 0, 0);
}

/** The band stretched by `factor`, widened where needed so that it holds the prediction itself. */
export function applyShape(
  shape: BandShape,
  predicted: number,
  factor: number,
): { low: number; high: number } {
  const curves = curvesAt(shape, predicted);
  const low = curves.low * Math.max(0, 2 - factor);
  return {
    low: Math.min(predicted, low > 0 ? low : shape.floor),
    high: Math.max(predicted, curves.high * factor),
  };
}
