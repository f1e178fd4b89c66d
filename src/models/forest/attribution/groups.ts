// Rows a path cannot tell apart, as groups: what a leaf contributes depends only on which cuts a row follows.
import type { Tree } from '../../tree/structure.ts';

/**
 * The groups below one cut. Both children share them: a group goes left or right as one.
 *
 * Where there are G groups, planes are [steps, G] and [cells, G].
 */
export interface Level {
  /** The group of each row: [rows]. */
  readonly group: Int32Array;
  groups: number;
  /** The group one level up that each came from: [G]. */
  readonly parent: Int32Array;
  /** 1 = follows the cut to the left: [G]. */
  readonly goesLeft: Uint8Array;
  /** 1 = the group follows every cut of a step: [steps, G]. */
  readonly follows: Uint8Array;
  /** Π over steps of zero + (one − zero) t, [G, order]. */
  readonly product: Float64Array;
  /** Contributions not yet given to rows: [cells, G]. */
  readonly table: Float64Array;
  /** Group by parent and side while groups are split: [2 · G above]. */
  readonly slot: Int32Array;
}

export interface LevelSize {
  readonly rows: number;
  readonly width: number;
  readonly order: number;
  readonly cells: number;
}

/** @param depth how many cuts lie above; there are at most 2^depth groups */
export function makeLevel({ rows, width, order, cells }: LevelSize, depth: number): Level {
  const most = depth < 30 ? Math.min(rows, 2 ** depth) : rows;
  return {
    group: new Int32Array(rows),
    groups: 1,
    parent: new Int32Array(most),
    goesLeft: new Uint8Array(most),
    follows: new Uint8Array(most * width),
    product: new Float64Array(most * order).fill(1),
    table: new Float64Array(most * cells),
    slot: new Int32Array(2 * most),
  };
}

/** Rows `from` … `from + rows` of the values, one array [rows of the frame] an input. */
export interface Block {
  readonly values: readonly Float64Array[];
  readonly from: number;
  readonly rows: number;
}

interface Cut {
  readonly tree: Tree;
  readonly node: number;
  /** The step of the cut's feature. */
  readonly step: number;
  /** The feature was cut above: groups that already left it are not split again. */
  readonly again: boolean;
}

/** Splits the groups of `above` by a cut into those of `below`. */
export function splitGroups(above: Level, below: Level, block: Block, cut: Cut): void {
  const { tree, node, step, again } = cut;
  const { group, slot, parent, goesLeft } = below;
  const before = above.group;
  slot.fill(-1, 0, 2 * above.groups);
  const values = block.values[tree.feature[node]];
  const missing = tree.missingLeft[node];
  const threshold = tree.threshold[node];
  const setStart = tree.setStart[node];
  const { sets } = tree;
  const plane = step * above.groups;
  let groups = 0;
  for (let row = 0; row < block.rows; row++) {
    const value = values[block.from + row];
    let side: number;
    if (setStart >= 0) side = value < 0 ? missing : sets[setStart + value];
    else if (value <= threshold) side = 1;
    else side = Number.isNaN(value) ? missing : 0;
    const own = before[row];
    if (again) side &= above.follows[plane + own];
    let id = slot[2 * own + side];
    if (id < 0) {
      id = groups++;
      slot[2 * own + side] = id;
      parent[id] = own;
      goesLeft[id] = side;
    }
    group[row] = id;
  }
  below.groups = groups;
}

/** Copies what the groups of `above` follow to the groups that came from them. */
export function inheritSteps(above: Level, below: Level, width: number): void {
  const { parent, groups, follows } = below;
  for (let step = 0; step < width; step++) {
    const from = step * above.groups;
    const to = step * groups;
    for (let g = 0; g < groups; g++) follows[to + g] = above.follows[from + parent[g]];
  }
}
