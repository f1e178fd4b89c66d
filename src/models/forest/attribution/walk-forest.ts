// The trees of one output, walked block of rows by block of rows, with room made once for all of them.
import { pause } from '../../../core/pause.ts';
import { type Forest, treesOf } from '../forest.ts';
import type { Block } from './groups.ts';
import { type KnownShare, knownShare, sizeOf } from './path.ts';
import { makeLevels, type Tally, walkTree } from './walk.ts';

/** The values trees read, one array [rows] an input, as `readInputs` gives them. */
export interface Rows {
  readonly values: readonly Float64Array[];
  readonly rows: number;
}

/** What is asked of a forest. */
export interface Asked {
  readonly output: number;
  readonly signal?: AbortSignal;
}

export interface ForestWalk extends Asked {
  /** Rows walked together: the more, the fewer groups a row pays for, as long as tables stay in the cache. */
  readonly blockRows: number;
  /** Cells of a path of so many steps. */
  cells(width: number): number;
  /** Factors a leaf's integral multiplies at most; −1 when it needs none. */
  degree(width: number): number;
  /** What the block's trees are added up in. */
  tally(rule: KnownShare, block: Block): Tally;
  /** All trees of the block are told. */
  done(block: Block): void;
}

const NO_NODES: KnownShare = {
  order: 0,
  at: new Float64Array(),
  weight: new Float64Array(),
  away: new Float64Array(),
};

/** @throws AppError INTERRUPTED */
export async function walkForest(forest: Forest, { values, rows }: Rows, walk: ForestWalk): Promise<void> {
  const trees = treesOf(forest, walk.output);
  const sizes = trees.map(sizeOf);
  const depth = Math.max(0, ...sizes.map((size) => size.depth));
  const width = Math.max(0, ...sizes.map((size) => size.width));
  const ruleFor = (steps: number): KnownShare => {
    const degree = walk.degree(steps);
    return degree < 0 ? NO_NODES : knownShare(degree);
  };
  const most = Math.min(rows, walk.blockRows);
  const levels = makeLevels({ depth, width }, most, ruleFor(width).order, walk.cells(width));
  for (let from = 0; from < rows; from += most) {
    const block = { values, from, rows: Math.min(most, rows - from) };
    for (const [t, tree] of trees.entries()) {
      const rule = ruleFor(sizes[t].width);
      walkTree({ tree, size: sizes[t], rule, block, tally: walk.tally(rule, block), levels });
      if (t % 64 === 63) await pause(walk.signal);
    }
    walk.done(block);
  }
}
