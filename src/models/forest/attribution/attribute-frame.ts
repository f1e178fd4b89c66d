// A forest's other exact contributions for rows of a frame: against a background of one's own, and pair by pair.
import { AppError } from '../../../core/errors.ts';
import type { Frame } from '../../../core/frame.ts';
import type { Attribution } from '../../estimator.ts';
import type { Forest } from '../forest.ts';
import { readInputs } from '../read-inputs.ts';
import { interactionValues } from './interactions.ts';
import { interventionalShapley } from './interventional.ts';
import type { Rows } from './walk-forest.ts';

export interface FrameAsked {
  /** The output explained, 0 by default. */
  readonly output?: number;
  readonly signal?: AbortSignal;
}

/**
 * Interventional Shapley values: a feature left out takes its value from rows of `background`, all equally likely. `base` is
 * their mean margin, and `base + Σ values[row, feature]` the row's. Time grows with rows × background rows.
 *
 * @throws AppError SHAPE when a frame lacks a column, or has it as another kind; USAGE for an output there is none of;
 * NOT_ENOUGH_DATA for an empty background; INTERRUPTED
 */
export async function attributeAgainst(
  forest: Forest,
  frame: Frame,
  background: Frame,
  { output = 0, signal }: FrameAsked = {},
): Promise<Attribution> {
  checkOutput(forest, output);
  const asked = { output, signal, background: rowsOf(forest, background) };
  const { base, values } = await interventionalShapley(forest, rowsOf(forest, frame), asked);
  return { features: forest.inputs.map((input) => input.name), base, values };
}

/** What features owe each other. */
export interface PairAttribution {
  readonly features: readonly string[];
  /** [rows, features, features]: symmetric, both halves of a pair's interaction; alone on the diagonal. */
  readonly values: Float64Array;
}

/**
 * SHAP interaction values: a row of a row's matrix sums to the feature's contribution by `attributeForest`. Memory: 8 ·
 * features² bytes a row.
 *
 * @throws AppError SHAPE when the frame lacks a column, or has it as another kind; USAGE for an output there is none of;
 * INTERRUPTED
 */
export async function attributePairs(
  forest: Forest,
  frame: Frame,
  { output = 0, signal }: FrameAsked = {},
): Promise<PairAttribution> {
  checkOutput(forest, output);
  const values = await interactionValues(forest, rowsOf(forest, frame), { output, signal });
  return { features: forest.inputs.map((input) => input.name), values };
}

const rowsOf = ({ inputs }: Forest, frame: Frame): Rows => ({
  values: readInputs(inputs, frame),
  rows: frame.rows,
});

/** @throws AppError USAGE */
function checkOutput({ outputs }: Forest, output: number): void {
  if (Number.isInteger(output) && output >= 0 && output < outputs) return;
  throw new AppError('USAGE', `expected an output from 0 to ${outputs - 1}, got ${output}`);
}
