// Exact Shapley values of a forest against a background: a feature left out takes its value from a background row.
import { AppError } from '../../../core/errors.ts';
import { leafOf } from '../../tree/structure.ts';
import { type Forest, treesOf } from '../forest.ts';
import type { Level } from './groups.ts';
import type { Path } from './path.ts';
import type { Tally } from './walk.ts';
import { type Asked, type Rows, walkForest } from './walk-forest.ts';

const BLOCK_ROWS = 1024;
const WORD = 32;

/** `base + Σ values[row, input]` is the row's margin. */
export interface InterventionalValues {
  /** The mean margin of the background. */
  readonly base: number;
  /** [rows, inputs] */
  readonly values: Float64Array;
}

export interface InterventionalAsked extends Asked {
  readonly background: Rows;
}

/**
 * Contributions to one output when absent features are replaced by those of background rows, all equally likely.
 *
 * A leaf is reached by some mixture of a row and a background row when every step of its path is followed by one of both.
 * With a steps that only the row follows and b that only the background row does, each of the former earns
 * (a − 1)! b! / (a + b)! of the leaf's value, each of the latter loses a! (b − 1)! / (a + b)!. Both come in groups that
 * follow the same cuts, so a leaf costs pairs of groups.
 *
 * @throws AppError NOT_ENOUGH_DATA for an empty background; INTERRUPTED
 * @see Lundberg et al. 2020, algorithm 3; Laberge and Pequignot 2022, Understanding interventional TreeSHAP, arXiv:2209.15123
 */
export async function interventionalShapley(
  forest: Forest,
  table: Rows,
  { background, ...asked }: InterventionalAsked,
): Promise<InterventionalValues> {
  if (background.rows === 0)
    throw new AppError('NOT_ENOUGH_DATA', 'expected background rows to explain against, got none');
  const inputs = forest.inputs.length;
  const values = new Float64Array(table.rows * inputs);
  for (let from = 0; from < table.rows; from += BLOCK_ROWS) {
    const rows = Math.min(BLOCK_ROWS, table.rows - from);
    const own = values.subarray(from * inputs, (from + rows) * inputs);
    const stacked = {
      values: table.values.map((column, i) => {
        const both = new Float64Array(rows + background.rows);
        both.set(column.subarray(from, from + rows));
        both.set(background.values[i].subarray(0, background.rows), rows);
        return both;
      }),
      rows: rows + background.rows,
    };
    await walkForest(forest, stacked, {
      ...asked,
      blockRows: stacked.rows,
      cells: (width) => width,
      degree: () => -1,
      tally: () => exchanges({ into: own, inputs, rows, stacked: stacked.rows }),
      done: () => {},
    });
  }
  return { base: meanMargin(forest, background, asked.output), values };
}

function meanMargin(forest: Forest, { values, rows }: Rows, output: number): number {
  let sum = 0;
  for (const tree of treesOf(forest, output)) {
    for (let row = 0; row < rows; row++) sum += tree.value[leafOf(tree, values, row)];
  }
  return forest.base[output] + sum / rows;
}

interface Explained {
  /** [rows, inputs], added to */
  readonly into: Float64Array;
  readonly inputs: number;
  readonly rows: number;
  /** The background's rows stand from `rows` to here. */
  readonly stacked: number;
}

function exchanges({ into, inputs, rows, stacked }: Explained): Tally {
  const count = new Float64Array(stacked);
  const bits = new Int32Array(stacked * Math.ceil(Math.max(1, inputs) / WORD));
  const missed = new Int32Array(stacked);
  const others = new Int32Array(stacked - rows);
  return {
    cells: (width) => width,
    addLeaf({ group, groups, follows, table }: Level, { width }: Path, value: number): void {
      const words = Math.ceil(width / WORD);
      bits.fill(0, 0, groups * words);
      missed.fill(0, 0, groups);
      for (let step = 0; step < width; step++) {
        const word = Math.floor(step / WORD);
        for (let g = 0; g < groups; g++) {
          // Set where a group does not follow: a leaf is out of reach where two groups share such a bit.
          const miss = 1 - follows[step * groups + g];
          bits[g * words + word] |= miss << (step % WORD);
          missed[g] += miss;
        }
      }
      count.fill(0, 0, groups);
      let listed = 0;
      for (let row = rows; row < stacked; row++) {
        if (count[group[row]] === 0) others[listed++] = group[row];
        count[group[row]]++;
      }
      const unit = value / (stacked - rows);
      for (let g = 0; g < groups; g++) {
        const lost = missed[g];
        let losses = 0;
        for (let k = 0; k < listed; k++) {
          const other = others[k];
          const gained = missed[other];
          if (gained + lost === 0 || !reaches(bits, g * words, other * words, words)) continue;
          const mass = unit * count[other];
          if (lost > 0) losses += mass * beta(gained, lost - 1);
          if (gained === 0) continue;
          const share = mass * beta(gained - 1, lost);
          addAt(table, bits, { from: other * words, words, groups, g }, share);
        }
        if (losses !== 0) addAt(table, bits, { from: g * words, words, groups, g }, -losses);
      }
    },
    settle({ group, groups, table }: Level, { width, feature }: Path): void {
      for (let step = 0; step < width; step++) {
        const cells = step * groups;
        for (let row = 0; row < rows; row++) {
          into[row * inputs + feature[step]] += table[cells + group[row]];
        }
      }
    },
  };
}

function reaches(bits: Int32Array, one: number, other: number, words: number): boolean {
  for (let word = 0; word < words; word++) {
    if ((bits[one + word] & bits[other + word]) !== 0) return false;
  }
  return true;
}

/** Adds to the cells of group `g` at every step whose bit is set. */
function addAt(
  table: Float64Array,
  bits: Int32Array,
  { from, words, groups, g }: { from: number; words: number; groups: number; g: number },
  amount: number,
): void {
  for (let word = 0; word < words; word++) {
    for (let left = bits[from + word]; left !== 0; left &= left - 1) {
      const step = word * WORD + 31 - Math.clz32(left & -left);
      table[step * groups + g] += amount;
    }
  }
}

const betas: Float64Array[] = [];

/** a! b! / (a + b + 1)!: the share of orders in which a given a come first, then one, then a given b. */
function beta(a: number, b: number): number {
  const total = a + b;
  while (betas.length <= total) {
    const n = betas.length;
    const row = new Float64Array(n + 1);
    // 1 / ((n + 1) · C(n, k))
    for (let k = 0, choose = 1; k <= n; k++) {
      row[k] = 1 / ((n + 1) * choose);
      choose = (choose * (n - k)) / (k + 1);
    }
    betas.push(row);
  }
  return betas[total][a];
}
