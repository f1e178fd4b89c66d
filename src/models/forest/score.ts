// Margins of a forest: the base of each output plus the values of the leaves a row ends in.
import type { Frame } from '../../core/frame.ts';
import { leafOf } from '../tree/structure.ts';
import { type Forest, treeAt, treeCount } from './forest.ts';
import { readInputs } from './read-inputs.ts';

export interface ScoreOptions {
  /** 1 by default; any number gives the same bits. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/**
 * The margins of a frame's rows, [rows, outputs].
 *
 * @throws AppError SHAPE when the frame lacks a column, or has it as another kind; INTERRUPTED
 */
export async function scoreForest(
  forest: Forest,
  frame: Frame,
  _options: ScoreOptions = {},
): Promise<Float64Array> {
  const values = readInputs(forest.inputs, frame);
  const { outputs, base } = forest;
  const margins = new Float64Array(frame.rows * outputs);
  for (let i = 0; i < margins.length; i++) margins[i] = base[i % outputs];
  for (let t = 0; t < treeCount(forest); t++) {
    const tree = treeAt(forest, t);
    for (let row = 0, at = t % outputs; row < frame.rows; row++, at += outputs) {
      margins[at] += tree.value[leafOf(tree, values, row)];
    }
  }
  return margins;
}
