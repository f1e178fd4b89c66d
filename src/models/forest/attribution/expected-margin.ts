// The margin a forest expects of a training row: where path-dependent contributions start from.
import type { Tree } from '../../tree/structure.ts';
import { type Forest, treeAt, treeCount } from '../forest.ts';
import { shareOf } from './path.ts';

/** Base plus, tree by tree, the mean of leaves weighted by the training rows in them; [outputs]. */
export function expectedMargins(forest: Forest): Float64Array {
  const expected = Float64Array.from(forest.base);
  for (let t = 0; t < treeCount(forest); t++)
    expected[t % forest.outputs] += expectedValue(treeAt(forest, t));
  return expected;
}

function expectedValue(tree: Tree, node = 0): number {
  if (tree.feature[node] < 0) return tree.value[node];
  const [left, right] = [tree.left[node], tree.right[node]];
  const share = shareOf(tree, node, left);
  return share * expectedValue(tree, left) + (1 - share) * expectedValue(tree, right);
}
