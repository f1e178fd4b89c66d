// Ranges around amounts of both signs by the size of the prediction: where errors were larger, the range is wider.
import { groupEdges, groupOf, groupQuantiles } from './mondrian.ts';

/** Fitted on calibration data; plain JSON. Prediction + low … prediction + high, by group of the prediction. */
export interface ConformalGroups {
  readonly method: 'conformal-groups';
  readonly level: number;
  /** Group g holds predictions up to `edges[g]`; the last group has no edge. */
  readonly edges: readonly number[];
  /** At most 0, [groups] */
  readonly low: readonly number[];
  /** At least 0, [groups] */
  readonly high: readonly number[];
  readonly rows: number;
}

interface CalibrationErrors {
  /** [rows] */
  readonly actual: Float64Array;
  /** [rows], of a model that did not learn from these rows. */
  readonly predicted: Float64Array;
  /** [rows]; all ones when absent. */
  readonly weight?: Float64Array;
}

/**
 * The errors' own conformal quantiles in each of up to five groups, half of the miss on either side.
 *
 * Groups follow the calibration predictions, outcomes unseen: in each, the next amount lies inside with probability
 * `level` at least, when it is exchangeable with the calibration rows there.
 *
 * @see Vovk, Gammerman and Shafer 2005, §4.5 (Mondrian); Romano, Patterson and Candès 2019, theorem 2, for the two sides
 */
export function fitConformalGroups(rows: CalibrationErrors, level: number): ConformalGroups {
  const { actual, predicted, weight } = rows;
  const edges = groupEdges(predicted);
  const group = Int32Array.from(predicted, (value) => groupOf(edges, value));
  const ends = [-1, 1].map((side) => {
    const scores = actual.map((value, i) => side * (value - predicted[i]));
    return groupQuantiles({ scores, group, groups: edges.length + 1, weight }, (1 + level) / 2, 0);
  });
  return {
    method: 'conformal-groups',
    level,
    edges,
    low: ends[0].map((end) => Math.min(0, -end)),
    high: ends[1].map((end) => Math.max(0, end)),
    rows: actual.length,
  };
}

/** @param predicted [rows] */
export function applyConformalGroups(
  { edges, low, high }: ConformalGroups,
  predicted: Float64Array,
): { low: Float64Array; high: Float64Array } {
  return {
    low: predicted.map((value) => value + low[groupOf(edges, value)]),
    high: predicted.map((value) => value + high[groupOf(edges, value)]),
  };
}
