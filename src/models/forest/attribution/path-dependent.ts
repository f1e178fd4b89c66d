// Exact Shapley values of a forest, a feature left out following the training rows down both sides.
import type { Forest } from '../forest.ts';
import type { Level } from './groups.ts';
import { type KernelAsked, kernelShapley } from './kernel-shapley.ts';
import type { KnownShare, Path } from './path.ts';
import type { Tally } from './walk.ts';
import { type Asked, type Rows, walkForest } from './walk-forest.ts';

const BLOCK_ROWS = 1024;

export interface PathDependentAsked extends KernelAsked {
  /** False for plain TypeScript; otherwise WebAssembly where the machine has it. */
  readonly simd?: boolean;
}

/**
 * Contributions of each input to one output, [rows, inputs]: with the output's expected margin they sum to the row's.
 *
 * A leaf's contribution depends on a row only through which of the D features on its path the row follows, and for such a
 * pattern it is the mean over t in (0, 1) of Π over other features of (zero + (one − zero) t): a polynomial that ⌈D / 2⌉
 * quadrature nodes integrate exactly, every term positive, so nothing cancels. Rows are grouped by pattern on the way down.
 *
 * The same bits for any number of threads, and whatever rows are explained beside; the kernel and plain TypeScript add in
 * another order and agree to rounding.
 *
 * @throws AppError INTERRUPTED
 * @see Lundberg et al. 2020, From local explanations to global understanding with explainable AI for trees; patterns as
 * in Yang 2021, Fast TreeSHAP, arXiv:2109.09847
 */
export async function pathDependentShapley(
  forest: Forest,
  table: Rows,
  { simd = true, ...asked }: PathDependentAsked,
): Promise<Float64Array> {
  return (simd ? await kernelShapley(forest, table, asked) : undefined) ?? plainShapley(forest, table, asked);
}

async function plainShapley(forest: Forest, table: Rows, asked: Asked): Promise<Float64Array> {
  const inputs = forest.inputs.length;
  const most = Math.min(table.rows, BLOCK_ROWS);
  const found = new Float64Array(table.rows * inputs);
  /** [inputs, rows of the block] */
  const sums = new Float64Array(inputs * most);
  await walkForest(forest, table, {
    ...asked,
    blockRows: BLOCK_ROWS,
    cells: (width) => width,
    degree: (width) => width - 1,
    tally: (rule, block) => contributions(rule, { sums, stride: most, rows: block.rows }),
    done: ({ from, rows }) => {
      for (let input = 0; input < inputs; input++) {
        const column = input * most;
        for (let row = 0; row < rows; row++) found[(from + row) * inputs + input] = sums[column + row];
      }
      sums.fill(0);
    },
  });
  return found;
}

/** Where rows are added up: [inputs, stride]. */
interface Sums {
  readonly sums: Float64Array;
  readonly stride: number;
  readonly rows: number;
}

/** One cell a step: what its feature contributes. */
function contributions({ order, weight, away }: KnownShare, { sums, stride, rows }: Sums): Tally {
  const scaled = new Float64Array(order);
  return {
    cells: (width) => width,
    addLeaf({ groups, follows, product, table }: Level, { width, rise }: Path, value: number): void {
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
        for (let row = 0; row < rows; row++) sums[column + row] += table[cells + group[row]];
      }
    },
  };
}
