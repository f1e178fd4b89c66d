// Exact Shapley values of a tree in polynomial time, a feature left out following the training rows down both sides.
import { childOf, type Tree } from './structure.ts';

/** The margin expected of a training row: Σ over leaves of its share × its value. */
export function expectedValue(tree: Tree, node = 0): number {
  if (tree.feature[node] < 0) return tree.value[node];
  const share = tree.cover[tree.left[node]] / tree.cover[node];
  return share * expectedValue(tree, tree.left[node]) + (1 - share) * expectedValue(tree, tree.right[node]);
}

/**
 * Adds one row's contributions to `into`: they sum to its margin less `expectedValue`.
 *
 * Walks every leaf once, carrying for each feature on the path the share of rows that would follow without it (`zero`),
 * whether the row itself follows (`one`), and the weights of all subset sizes (`weight`): O(leaves · depth²).
 *
 * @param values one array [rows] an input
 * @param into   [inputs], added to
 * @see Lundberg et al. 2020, From local explanations to global understanding with explainable AI for trees, algorithm 2
 */
export function addTreeShapley(
  tree: Tree,
  values: readonly Float64Array[],
  row: number,
  into: Float64Array,
): void {
  walk(tree, 0, emptyPath(), { zero: 1, one: 1, feature: -1 });

  function walk(own: Tree, node: number, before: Path, step: PathStep): void {
    let path = extended(before, step);
    const feature = own.feature[node];
    if (feature < 0) {
      for (let i = 1; i < path.length; i++) {
        into[path.feature[i]] += unwoundSum(path, i) * (path.one[i] - path.zero[i]) * own.value[node];
      }
      return;
    }
    const hot = childOf(own, node, values[feature][row]);
    let zero = 1;
    let one = 1;
    const seen = path.feature.indexOf(feature);
    if (seen >= 0) {
      zero = path.zero[seen];
      one = path.one[seen];
      path = unwound(path, seen);
    }
    for (const child of [own.left[node], own.right[node]]) {
      const share = own.cover[child] / own.cover[node];
      walk(own, child, path, { zero: zero * share, one: child === hot ? one : 0, feature });
    }
  }
}

interface PathStep {
  readonly zero: number;
  readonly one: number;
  readonly feature: number;
}

/** The unique features from the root down, the first entry a placeholder; `weight[k]` belongs to subsets of size k. */
interface Path {
  readonly length: number;
  readonly feature: readonly number[];
  readonly zero: readonly number[];
  readonly one: readonly number[];
  readonly weight: readonly number[];
}

const emptyPath = (): Path => ({ length: 0, feature: [], zero: [], one: [], weight: [] });

function extended(path: Path, { zero, one, feature }: PathStep): Path {
  const depth = path.length;
  const weight = [...path.weight, depth === 0 ? 1 : 0];
  for (let i = depth - 1; i >= 0; i--) {
    weight[i + 1] += (one * weight[i] * (i + 1)) / (depth + 1);
    weight[i] = (zero * weight[i] * (depth - i)) / (depth + 1);
  }
  return {
    length: depth + 1,
    feature: [...path.feature, feature],
    zero: [...path.zero, zero],
    one: [...path.one, one],
    weight,
  };
}

/** The path as if step `at` had never been taken. */
function unwound(path: Path, at: number): Path {
  const depth = path.length - 1;
  const without = (list: readonly number[]) => list.filter((_, i) => i !== at);
  const one = path.one[at];
  const zero = path.zero[at];
  const weight = path.weight.slice(0, depth);
  let next = path.weight[depth];
  for (let i = depth - 1; i >= 0; i--) {
    if (one !== 0) {
      const kept = path.weight[i];
      weight[i] = (next * (depth + 1)) / ((i + 1) * one);
      next = kept - (weight[i] * zero * (depth - i)) / (depth + 1);
    } else weight[i] = (path.weight[i] * (depth + 1)) / (zero * (depth - i));
  }
  return {
    length: depth,
    feature: without(path.feature),
    zero: without(path.zero),
    one: without(path.one),
    weight,
  };
}

/** Σ of the unwound path's weights, without building it. */
function unwoundSum(path: Path, at: number): number {
  const depth = path.length - 1;
  const one = path.one[at];
  const zero = path.zero[at];
  let next = path.weight[depth];
  let sum = 0;
  for (let i = depth - 1; i >= 0; i--) {
    if (one !== 0) {
      const own = (next * (depth + 1)) / ((i + 1) * one);
      sum += own;
      next = path.weight[i] - (own * zero * (depth - i)) / (depth + 1);
    } else sum += (path.weight[i] * (depth + 1)) / (zero * (depth - i));
  }
  return sum;
}
