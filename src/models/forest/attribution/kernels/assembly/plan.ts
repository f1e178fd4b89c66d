// Where things stand in the shared memory: words of the plan all threads read, of a thread's own desk, and of its levels.

// The plan: addresses, strides in bytes, counts. Arrays [nodes] are those of the forest, children counted from its start.
export const FEATURE: usize = 0;
export const THRESHOLD: usize = 4;
export const SET_START: usize = 8;
export const MISSING_LEFT: usize = 12;
export const LEFT: usize = 16;
export const RIGHT: usize = 20;
export const COVER: usize = 24;
export const VALUE: usize = 28;
export const SETS: usize = 32;
/** Columns of the block, one a stride. */
export const COLUMNS: usize = 36;
export const STRIDE: usize = 40;
export const ROWS: usize = 44;
/** One a tree: root, order, address of its rule. */
export const TREES: usize = 48;
export const TREE_COUNT: usize = 52;
export const STRIPES: usize = 56;
/** Sums of the first stripe of trees, [inputs, stride]; others follow. */
export const SUMS: usize = 60;
export const SUMS_BYTES: usize = 64;

export const TREE_BYTES: usize = 12;

// A desk: the path, what a product is multiplied by, and the levels.
export const PATH_FEATURE: usize = 0;
export const PATH_ZERO: usize = 4;
export const PATH_RISE: usize = 8;
/** Three times as many as nodes of the rule. */
export const FACTOR: usize = 12;
/** A leaf's product times weights times its value. */
export const SCALED: usize = 16;
export const LEVELS: usize = 20;

// A level: see Level in groups.ts.
export const GROUP: usize = 0;
export const PARENT: usize = 4;
export const GOES_LEFT: usize = 8;
export const FOLLOWS: usize = 12;
export const PRODUCT: usize = 16;
export const TABLE: usize = 20;
export const SLOT: usize = 24;
export const GROUPS: usize = 28;
export const LEVEL_BYTES: usize = 32;

@inline
export function word(base: usize, at: usize): usize {
  return load<u32>(base + at);
}
