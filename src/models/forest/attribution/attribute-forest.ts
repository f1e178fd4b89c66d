// A forest's exact contributions as models give them: by column name, summing to the margin.
import { AppError } from '../../../core/errors.ts';
import type { Frame } from '../../../core/frame.ts';
import type { Attribution } from '../../estimator.ts';
import type { Tree } from '../../tree/structure.ts';
import type { Forest, ForestInput } from '../forest.ts';
import { readInputs } from '../read-inputs.ts';
import { expectedMargins } from './expected-margin.ts';
import { pathDependentShapley } from './path-dependent.ts';

export interface AttributeOptions {
  /** The output explained, 0 by default. */
  readonly output?: number;
  /** 1 by default; any number gives the same bits. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/**
 * Path-dependent Shapley values of one output: `base + Σ values[row, feature]` is its margin, within 1e-9 of its size.
 *
 * @throws AppError SHAPE when the frame lacks a column, or has it as another kind; USAGE for an output there is none of;
 * INTERRUPTED
 */
export async function attributeForest(
  forest: Forest,
  frame: Frame,
  { output = 0, threads, signal }: AttributeOptions = {},
): Promise<Attribution> {
  if (!Number.isInteger(output) || output < 0 || output >= forest.outputs)
    throw new AppError('USAGE', `expected an output from 0 to ${forest.outputs - 1}, got ${output}`);
  const table = { values: readInputs(forest.inputs, frame), rows: frame.rows };
  return {
    features: forest.inputs.map((input) => input.name),
    base: expectedMargins(forest)[output],
    values: await pathDependentShapley(forest, table, { output, threads, signal }),
  };
}

/** A single tree as a forest of one output, its arrays shared. */
export function forestOfTree(inputs: readonly ForestInput[], tree: Tree): Forest {
  const nodes = tree.feature.length;
  return {
    ...tree,
    inputs,
    outputs: 1,
    base: new Float64Array(1),
    treeStart: Int32Array.of(0, nodes),
    gain: new Float64Array(nodes),
  };
}
