// Margins in plain TypeScript, for machines without the kernels: the same sums in the same order.
import { pause } from '../../core/pause.ts';
import { childOf, leafOf, type Tree } from '../tree/structure.ts';
import { type Forest, treeAt, treeCount } from './forest.ts';
import { readInputs } from './read-inputs.ts';
import type { ForestScorer } from './scorer.ts';

/** Always one thread. */
export function plainScorer(forest: Forest): ForestScorer {
  const { inputs, outputs, base } = forest;
  const trees = Array.from({ length: treeCount(forest) }, (_, t) => treeAt(forest, t));
  return {
    kind: 'plain',
    async score(frame, { signal } = {}) {
      const values = readInputs(inputs, frame);
      const margins = new Float64Array(frame.rows * outputs);
      for (let i = 0; i < margins.length; i++) margins[i] = base[i % outputs];
      for (const [t, tree] of trees.entries()) {
        for (let row = 0, at = t % outputs; row < frame.rows; row++, at += outputs)
          margins[at] += tree.value[leafOf(tree, values, row)];
        await pause(signal);
      }
      return margins;
    },
    scoreRow(values, into) {
      into.set(base);
      for (let t = 0; t < trees.length; t++) into[t % outputs] += leafValue(trees[t], values);
    },
  };
}

function leafValue(tree: Tree, values: ArrayLike<number>): number {
  let node = 0;
  while (tree.feature[node] >= 0) node = childOf(tree, node, values[tree.feature[node]]);
  return tree.value[node];
}
