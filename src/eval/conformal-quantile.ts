// Conformalised quantile regression: the band a model learned, moved until it keeps its promise in every group.
import { invariant } from '../core/errors.ts';
import { hasBothSigns } from './metrics/predictions.ts';
import { groupEdges, groupOf, groupQuantiles } from './mondrian.ts';

/** Where a model of quantiles thinks each amount lies, [rows]. */
export interface QuantileBand {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** `both`: one move for the two ends. `each`: every end misses its own half, so that neither side pays for the other. */
export type Sides = 'both' | 'each';

/** Fitted on calibration data; plain JSON. */
export interface ConformalQuantile {
  readonly method: 'conformal-quantile';
  readonly level: number;
  readonly sides: Sides;
  /**
   * Groups by the upper end of the band; of customers who may well spend nothing (`nothing`) and of the others
   * (`something`) apart.
   */
  readonly edges: readonly number[];
  /** Moves outwards of each group, in widths of the band; below 0 inwards. */
  readonly nothing: readonly number[];
  readonly something: { readonly low: readonly number[]; readonly high: readonly number[] };
  /** Lower end where the band begins at nothing: 0, or less where refunds exceed purchases; absent for both signs. */
  readonly floor?: number;
  /** Added to a band's width, so that it is never nothing. */
  readonly scale: number;
  readonly rows: number;
}

interface BandedRows {
  /** [rows] */
  readonly actual: Float64Array;
  readonly band: QuantileBand;
  /** [rows]; all ones when absent. */
  readonly weight?: Float64Array;
}

/**
 * Fits how far the band must move for the next amount to lie inside with probability `level`, in each group.
 *
 * The distance of an amount from its band is measured in widths of that band, so that one move fits small and large
 * customers. Where the lower quantile is nothing there is no lower end to miss: `low` is nothing and the whole miss is
 * left to the top.
 *
 * Finite-sample in each group when new customers are exchangeable with the calibration ones and the model learned from
 * neither; with `each`, the two halves of the miss hold apart.
 *
 * @see Romano, Patterson and Candès 2019, theorems 1 and 2, arXiv:1905.03222; Sesia and Candès 2020 for the widths
 */
export function fitConformalQuantile(
  { actual, band, weight }: BandedRows,
  options: { level: number; sides: Sides },
): ConformalQuantile {
  const { level, sides } = options;
  const miss = 1 - level;
  const rows = actual.length;
  invariant(rows > 0 && band.low.length === rows && band.high.length === rows, 'a band for every row');
  const floor = hasBothSigns(actual) ? undefined : Math.min(0, lowestOrdinary(actual, miss / 4));
  const mean = actual.reduce((sum, value) => sum + Math.abs(value), 0) / rows;
  const scale = mean > 0 ? mean / 100 : 1;
  const edges = groupEdges(band.high);
  const group = Int32Array.from(band.high, (high) => groupOf(edges, high));
  const below = new Float64Array(rows);
  const above = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const width = Math.max(0, band.high[i] - band.low[i]) + scale;
    // Under the floor no move can reach.
    const lost = floor !== undefined && actual[i] < floor;
    below[i] = lost ? Number.POSITIVE_INFINITY : (band.low[i] - actual[i]) / width;
    above[i] = lost ? Number.POSITIVE_INFINITY : (actual[i] - band.high[i]) / width;
  }
  const oneSided = Array.from(group.keys()).filter((i) => floor !== undefined && band.low[i] <= 0);
  const twoSided = Array.from(group.keys()).filter((i) => floor === undefined || band.low[i] > 0);
  const moves = (inside: readonly number[], score: (row: number) => number, share: number) =>
    groupQuantiles(
      {
        scores: Float64Array.from(inside, score),
        group: Int32Array.from(inside, (row) => group[row]),
        groups: edges.length + 1,
        weight: weight && Float64Array.from(inside, (row) => weight[row]),
      },
      share,
      0,
    );
  const either = sides === 'both' && moves(twoSided, (i) => Math.max(below[i], above[i]), level);
  return {
    method: 'conformal-quantile',
    level,
    sides,
    edges,
    nothing: moves(oneSided, (i) => above[i], level),
    something: {
      low: either || moves(twoSided, (i) => below[i], 1 - miss / 2),
      high: either || moves(twoSided, (i) => above[i], 1 - miss / 2),
    },
    ...(floor === undefined ? {} : { floor }),
    scale,
    rows,
  };
}

/** Smallest amount with `share` of the rows at or under it. */
function lowestOrdinary(actual: Float64Array, share: number): number {
  const sorted = actual.slice().sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** The moved band, widened where needed so that it holds the prediction itself, [rows]. */
export function applyConformalQuantile(
  fitted: ConformalQuantile,
  predicted: Float64Array,
  band: QuantileBand,
): QuantileBand {
  const { edges, nothing, something, floor, scale } = fitted;
  const low = new Float64Array(predicted.length);
  const high = new Float64Array(predicted.length);
  for (let i = 0; i < predicted.length; i++) {
    const g = groupOf(edges, band.high[i]);
    const width = Math.max(0, band.high[i] - band.low[i]) + scale;
    const oneSided = floor !== undefined && band.low[i] <= 0;
    const from = oneSided ? floor : Math.max(floor ?? -Infinity, band.low[i] - something.low[g] * width);
    const to = band.high[i] + (oneSided ? nothing[g] : something.high[g]) * width;
    // Ends that moved inwards past each other meet halfway.
    const middle = (from + to) / 2;
    low[i] = Math.min(predicted[i], from > to ? middle : from);
    high[i] = Math.max(predicted[i], from > to ? middle : to);
  }
  return { low, high };
}
