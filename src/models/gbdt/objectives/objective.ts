// What trees are boosted towards: a loss of margins, with its slope and bend for every row.
import type { Link } from '../../estimator.ts';

/** What is learned from, [rows] each. */
export interface Examples {
  readonly target: Float64Array;
  readonly weight: Float64Array;
}

/** Margins by output, [outputs][rows]. */
export type Margins = readonly Float64Array[];

/** The slope and bend of the weighted loss in the margins of one output, [rows] each. */
export interface Slopes {
  readonly gradient: Float32Array;
  readonly curvature: Float32Array;
}

export interface Objective {
  readonly link: Link;
  /** Margins a row has: 1, or the number of classes. */
  readonly outputs: number;
  /** The margins that lose least when all rows share them, [outputs]. */
  start(examples: Examples): Float64Array;
  /** Overwrites `into`, one entry an output. */
  fillSlopes(examples: Examples, margins: Margins, into: readonly Slopes[]): void;
  /** What one row loses, its weight apart. */
  lossOf(target: number, margins: Margins, row: number): number;
  /**
   * Leaves become this quantile of their rows' residuals, where the loss has corners and its bend says nothing of how far
   * to go.
   */
  readonly renewQuantile?: number;
  /** The farthest a leaf may go before the learning rate, where a bend near zero would send it anywhere. */
  readonly maxStep?: number;
}

/** Σ weight · loss / Σ weight over the given rows, or all. */
export function meanLoss(
  objective: Objective,
  { target, weight }: Examples,
  margins: Margins,
  rows?: Int32Array,
): number {
  const count = rows ? rows.length : target.length;
  let sum = 0;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const row = rows ? rows[i] : i;
    sum += weight[row] * objective.lossOf(target[row], margins, row);
    total += weight[row];
  }
  return total > 0 ? sum / total : 0;
}
