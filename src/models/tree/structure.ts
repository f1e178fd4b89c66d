// A tree at rest: flat arrays, one entry a node; node 0 is the root and children come after their parents.

/** Cuts and leaves, of one tree or of several after one another. All arrays [nodes], but `sets`. */
export interface Nodes {
  /** Input cut here; −1 for a leaf. */
  readonly feature: Int32Array;
  /** Numbers ≤ threshold go left. */
  readonly threshold: Float64Array;
  /** For a category cut: where its flags start in `sets`; −1 otherwise. */
  readonly setStart: Int32Array;
  /** 1 = missing numbers and unknown categories go left. */
  readonly missingLeft: Uint8Array;
  /** Counted from the root of the node's own tree. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** Training weight that reached the node. */
  readonly cover: Float64Array;
  /** The margin of a row that stops here, or what it adds to one. */
  readonly value: Float64Array;
  /** Flags by bin of the cut category, 1 = left. */
  readonly sets: Uint8Array;
}

export type Tree = Nodes;

/** The child a value goes to. */
export function childOf(tree: Tree, node: number, value: number): number {
  const setStart = tree.setStart[node];
  let left: boolean;
  if (setStart >= 0) left = value < 0 ? tree.missingLeft[node] === 1 : tree.sets[setStart + value] === 1;
  else left = Number.isNaN(value) ? tree.missingLeft[node] === 1 : value <= tree.threshold[node];
  return left ? tree.left[node] : tree.right[node];
}

/** The leaf a row ends in. @param values one array [rows] an input */
export function leafOf(tree: Tree, values: readonly Float64Array[], row: number): number {
  let node = 0;
  while (tree.feature[node] >= 0) node = childOf(tree, node, values[tree.feature[node]][row]);
  return node;
}

/** Inputs the tree really cuts. */
export function usedInputs<Input>(tree: Tree, inputs: readonly Input[]): Input[] {
  const used = new Set(tree.feature);
  return inputs.filter((_, feature) => used.has(feature));
}
