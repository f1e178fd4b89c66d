// SHAP interaction values: how much of a contribution one input owes to another, exactly.
import type { Forest } from '../forest.ts';
import type { Level } from './groups.ts';
import type { KnownShare, Path } from './path.ts';
import type { Tally } from './walk.ts';
import { type Asked, type Rows, walkForest } from './walk-forest.ts';

/** Tables hold a cell for every two steps, so fewer rows go together. */
const BLOCK_ROWS = 256;

/**
 * [rows, inputs, inputs]: symmetric; a row of the matrix sums to the input's path-dependent contribution. Two inputs share
 * their interaction in halves; what an input does by itself stands on the diagonal.
 *
 * Per leaf and pattern, half the mean over t of (one − zero) of both inputs × Π over all others of
 * (zero + (one − zero) t). Memory: 8 · inputs² bytes a row.
 *
 * @throws AppError INTERRUPTED
 * @see Lundberg et al. 2020, equations 4–6; Fujimoto, Kojadinovic and Marichal 2006 for the index
 */
export async function interactionValues(forest: Forest, table: Rows, asked: Asked): Promise<Float64Array> {
  const inputs = forest.inputs.length;
  const found = new Float64Array(table.rows * inputs * inputs);
  await walkForest(forest, table, {
    ...asked,
    blockRows: BLOCK_ROWS,
    cells: (width) => (width * (width + 1)) / 2,
    degree: (width) => width - 1,
    tally: (rule, { from, rows }) =>
      pairs(rule, { found: found.subarray(from * inputs * inputs), inputs, rows }),
    done: ({ from, rows }) => {
      for (let row = from; row < from + rows; row++) {
        mainEffects(found.subarray(row * inputs * inputs, (row + 1) * inputs * inputs), inputs);
      }
    },
  });
  return found;
}

/** Takes what is shared with others off the diagonal, where whole contributions stand. */
function mainEffects(matrix: Float64Array, inputs: number): void {
  for (let input = 0; input < inputs; input++) {
    let shared = 0;
    for (let other = 0; other < inputs; other++) {
      if (other !== input) shared += matrix[input * inputs + other];
    }
    matrix[input * inputs + input] -= shared;
  }
}

interface Found {
  /** [rows, inputs, inputs] */
  readonly found: Float64Array;
  readonly inputs: number;
  readonly rows: number;
}

/** Cells in the order of a lower triangle: step s with steps 0 … s, its own whole contribution last. */
function pairs({ order, weight, away }: KnownShare, { found, inputs, rows }: Found): Tally {
  const scaled = new Float64Array(order);
  const half = new Float64Array(order);
  return {
    cells: (width) => (width * (width + 1)) / 2,
    addLeaf({ groups, follows, product, table }: Level, { width, rise }: Path, value: number): void {
      for (let g = 0; g < groups; g++) {
        for (let i = 0; i < order; i++) scaled[i] = product[g * order + i] * weight[i] * value;
        for (let step = 0, cell = g; step < width; step++) {
          const followed = follows[step * groups + g] === 1;
          let whole = 0;
          for (let i = 0; i < order; i++) {
            const own = scaled[i] * (followed ? rise[step * order + i] : -away[i]);
            half[i] = own / 2;
            whole += own;
          }
          for (let other = 0; other < step; other++, cell += groups) {
            const near = follows[other * groups + g] === 1;
            let sum = 0;
            for (let i = 0; i < order; i++) sum += half[i] * (near ? rise[other * order + i] : -away[i]);
            table[cell] += sum;
          }
          table[cell] += whole;
          cell += groups;
        }
      }
    },
    settle({ group, groups, table }: Level, { width, feature }: Path): void {
      for (let step = 0, cell = 0; step < width; step++) {
        for (let other = 0; other <= step; other++, cell += groups) {
          const there = feature[step] * inputs + feature[other];
          const back = feature[other] * inputs + feature[step];
          for (let row = 0; row < rows; row++) {
            const value = table[cell + group[row]];
            found[row * inputs * inputs + there] += value;
            if (there !== back) found[row * inputs * inputs + back] += value;
          }
        }
      }
    },
  };
}
