// One pass over a tree for a whole block of rows: leaves are told once a group, rows only where the tree ends.
import type { Tree } from '../../tree/structure.ts';
import { type Block, inheritSteps, type Level, makeLevel, splitGroups } from './groups.ts';
import { type KnownShare, makePath, type Path, setZero, shareOf, stepOf, type TreeSize } from './path.ts';

/** What is added up on the way: cells by group, first of leaves, then of rows. */
export interface Tally {
  /** How many cells a path of so many steps has; those of a shorter path come first. */
  cells(width: number): number;
  /** Adds what a leaf of that value gives each group to the level's table. */
  addLeaf(level: Level, path: Path, value: number): void;
  /** Gives the level's table to its rows. */
  settle(level: Level, path: Path): void;
}

export interface Walk {
  readonly tree: Tree;
  readonly size: TreeSize;
  readonly rule: KnownShare;
  readonly block: Block;
  readonly tally: Tally;
  readonly levels: readonly Level[];
}

/** Room for walks of trees up to that size. */
export function makeLevels(size: TreeSize, rows: number, order: number, cells: number): readonly Level[] {
  const each = { rows, width: size.width, order, cells };
  return Array.from({ length: size.depth + 1 }, (_, depth) => makeLevel(each, depth));
}

/**
 * Tells every leaf to the tally. Below each cut the rows are split into groups that follow the same cuts, so a leaf costs
 * a group and not a row. Tables go down with a child and are merged there with its own: rows are met only at the last cut.
 */
export function walkTree(walk: Walk): void {
  const { tree, size, rule, block, tally, levels } = walk;
  const { order } = rule;
  const path = makePath(size.width, order);
  /** By what the product changes when a step is followed, left just now, or was left before: [3, order]. */
  const factor = new Float64Array(3 * order);
  levels[0].groups = 1;
  levels[0].group.fill(0, 0, block.rows);
  levels[0].product.fill(1, 0, order);
  if (tree.feature[0] >= 0) visit(0, 0, false);

  /** @param handed the table of the level above comes down with this node */
  function visit(node: number, depth: number, handed: boolean): void {
    const above = levels[depth];
    const below = levels[depth + 1];
    const feature = tree.feature[node];
    const step = stepOf(path, feature);
    const again = step < path.width;
    const zero = again ? path.zero[step] : 1;
    const width = path.width;
    splitGroups(above, below, block, { tree, node, step, again });
    inheritSteps(above, below, width);
    if (!again) {
      path.feature[step] = feature;
      path.width++;
    }
    let pending = handed;
    takeTable(above, below, handed ? tally.cells(width) : 0, tally.cells(path.width));
    const children = [tree.left[node], tree.right[node]];
    for (let side = 0; side < 2; side++) {
      if (tree.feature[children[side]] >= 0) continue;
      enter(node, children[side], zero);
      tally.addLeaf(below, path, tree.value[children[side]]);
      pending = true;
    }
    let inner = 0;
    for (let side = 0; side < 2; side++) {
      if (tree.feature[children[side]] < 0) continue;
      enter(node, children[side], zero);
      visit(children[side], depth + 1, pending);
      pending = false;
      inner++;
    }
    if (inner === 0) tally.settle(below, path);
    path.width = width;
    if (again) setZero(path, step, zero, rule);

    function enter(from: number, child: number, zeroBefore: number): void {
      const share = shareOf(tree, from, child);
      const left = child === tree.left[from] ? 1 : 0;
      for (let i = 0; i < order; i++) {
        const t = rule.at[i];
        const before = again ? zeroBefore + (1 - zeroBefore) * t : 1;
        const after = zeroBefore * share;
        factor[i] = (after + (1 - after) * t) / before;
        factor[order + i] = (after * (1 - t)) / before;
        factor[2 * order + i] = share;
      }
      setZero(path, step, zeroBefore * share, rule);
      followStep(above, below, again, left, step);
      multiply(above, below, factor, { order, step, again });
    }
  }
}

/** The table of `above`, its cells spread over the groups that came from each, the new cells empty. */
function takeTable(above: Level, below: Level, taken: number, cells: number): void {
  const { groups, parent, table } = below;
  for (let cell = 0; cell < taken; cell++) {
    const from = cell * above.groups;
    const to = cell * groups;
    for (let g = 0; g < groups; g++) table[to + g] = above.table[from + parent[g]];
  }
  table.fill(0, taken * groups, cells * groups);
}

function followStep(above: Level, below: Level, again: boolean, left: number, step: number): void {
  const { groups, parent, goesLeft, follows } = below;
  for (let g = 0; g < groups; g++) {
    const before = again ? above.follows[step * above.groups + parent[g]] : 1;
    follows[step * groups + g] = goesLeft[g] === left ? before : 0;
  }
}

function multiply(
  above: Level,
  below: Level,
  factor: Float64Array,
  { order, step, again }: { order: number; step: number; again: boolean },
): void {
  const { groups, parent, follows, product } = below;
  for (let g = 0; g < groups; g++) {
    const own = parent[g];
    const left = again && above.follows[step * above.groups + own] === 0;
    const kind = follows[step * groups + g] === 1 ? 0 : left ? 2 * order : order;
    for (let i = 0; i < order; i++)
      product[g * order + i] = above.product[own * order + i] * factor[kind + i];
  }
}
