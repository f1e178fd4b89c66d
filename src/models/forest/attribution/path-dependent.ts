// Exact Shapley values of a forest, a feature left out following the training rows down both sides.
import { pause } from '../../../core/pause.ts';
import { type Forest, treesOf } from '../forest.ts';
import type { Level } from './groups.ts';
import { type KnownShare, knownShare, type Path, sizeOf } from './path.ts';
import { makeLevels, type Tally, walkTree } from './walk.ts';

/** Rows explained together: the more, the fewer distinct groups a row pays for, as long as tables stay in the cache. */
const BLOCK_ROWS = 1024;

/** The values trees read, one array [rows] an input, as `readInputs` gives them. */
export interface Rows {
  readonly values: readonly Float64Array[];
  readonly rows: number;
}

/**
 * Contributions of each input to one output, [rows, inputs]: with the output's expected margin they sum to the row's.
 *
 * A leaf's contribution depends on a row only through which of the D features on its path the row follows, and for such a
 * pattern it is the mean over t in (0, 1) of Π over other features of (zero + (one − zero) t): a polynomial that ⌈D / 2⌉
 * quadrature nodes integrate exactly, every term positive, so nothing cancels. Rows are grouped by pattern on the way down.
 *
 * @throws AppError INTERRUPTED
 * @see Lundberg et al. 2020, From local explanations to global understanding with explainable AI for trees; patterns as
 * in Yang 2021, Fast TreeSHAP, arXiv:2109.09847
 */
export async function pathDependentShapley(
  forest: Forest,
  { values, rows }: Rows,
  { output, signal }: { output: number; signal?: AbortSignal },
): Promise<Float64Array> {
  const inputs = forest.inputs.length;
  const trees = treesOf(forest, output);
  const sizes = trees.map(sizeOf);
  const depth = Math.max(0, ...sizes.map((size) => size.depth));
  const width = Math.max(0, ...sizes.map((size) => size.width));
  const most = Math.min(rows, BLOCK_ROWS);
  const levels = makeLevels({ depth, width }, most, knownShare(width - 1).order, width);
  const found = new Float64Array(rows * inputs);
  /** [inputs, rows of the block] */
  const sums = new Float64Array(inputs * most);
  for (let from = 0; from < rows; from += most) {
    const block = { values, from, rows: Math.min(most, rows - from) };
    sums.fill(0);
    for (const [t, tree] of trees.entries()) {
      const size = sizes[t];
      const rule = knownShare(size.width - 1);
      walkTree({ tree, size, rule, block, tally: contributions(rule, sums, most, block.rows), levels });
      if (t % 64 === 63) await pause(signal);
    }
    for (let input = 0; input < inputs; input++) {
      for (let row = 0; row < block.rows; row++)
        found[(from + row) * inputs + input] = sums[input * most + row];
    }
  }
  return found;
}

/** One cell a step: what its feature contributes. @param into [inputs, stride], added to */
function contributions(rule: KnownShare, into: Float64Array, stride: number, rows: number): Tally {
  const { order, weight, away } = rule;
  const scaled = new Float64Array(order);
  return {
    cells: (width) => width,
    addLeaf(level: Level, { width, rise }: Path, value: number): void {
      const { groups, follows, product, table } = level;
      for (let g = 0; g < groups; g++) {
        let left = 0;
        for (let i = 0; i < order; i++) {
          scaled[i] = product[g * order + i] * weight[i] * value;
          left += scaled[i] * away[i];
        }
        for (let step = 0; step < width; step++) {
          const cell = step * groups + g;
          if (follows[cell] === 0) {
            table[cell] -= left;
            continue;
          }
          let sum = 0;
          for (let i = 0, at = step * order; i < order; i++, at++) sum += scaled[i] * rise[at];
          table[cell] += sum;
        }
      }
    },
    settle({ group, groups, table }: Level, { width, feature }: Path): void {
      for (let step = 0; step < width; step++) {
        const cells = step * groups;
        const column = feature[step] * stride;
        for (let row = 0; row < rows; row++) into[column + row] += table[cells + group[row]];
      }
    },
  };
}
