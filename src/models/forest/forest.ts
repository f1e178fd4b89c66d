// A forest at rest: the trees of a boosted model in flat arrays, one entry a node, tree after tree.
import type { Nodes, Tree } from '../tree/structure.ts';

/** A column the trees cut; `levels` and `other` as for a single tree's category. */
export type ForestInput =
  | { readonly kind: 'number'; readonly name: string }
  | {
      readonly kind: 'category';
      readonly name: string;
      readonly levels: readonly string[];
      readonly other: boolean;
    };

/**
 * Trees whose values add up, their nodes one tree after another, each with its root first. Tree t speaks for output t mod
 * outputs; the margin of an output is its base plus the values of the leaves a row ends in. The value of a cut is 0.
 */
export interface Forest extends Nodes {
  readonly inputs: readonly ForestInput[];
  /** 1, or the number of classes. */
  readonly outputs: number;
  /** [outputs] */
  readonly base: Float64Array;
  /** First node of each tree, and the number of nodes at the end: [trees + 1]. */
  readonly treeStart: Int32Array;
  /** How much the cut lowered the training loss; 0 for a leaf. [nodes] */
  readonly gain: Float64Array;
}

export const treeCount = (forest: Forest): number => forest.treeStart.length - 1;

/** One tree of the forest, as views into its arrays. */
export function treeAt(forest: Forest, tree: number): Tree {
  const [from, to] = [forest.treeStart[tree], forest.treeStart[tree + 1]];
  return {
    feature: forest.feature.subarray(from, to),
    threshold: forest.threshold.subarray(from, to),
    setStart: forest.setStart.subarray(from, to),
    missingLeft: forest.missingLeft.subarray(from, to),
    left: forest.left.subarray(from, to),
    right: forest.right.subarray(from, to),
    cover: forest.cover.subarray(from, to),
    value: forest.value.subarray(from, to),
    sets: forest.sets,
  };
}

/** The trees that speak for one output, in order. */
export function treesOf(forest: Forest, output: number): Tree[] {
  const trees: Tree[] = [];
  for (let t = output; t < treeCount(forest); t += forest.outputs) trees.push(treeAt(forest, t));
  return trees;
}
