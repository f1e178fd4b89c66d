// Trees as walks read them: level by level, so that the upper levels of a tree share few cache lines.
import { treeAt, treeCount } from '../forest.ts';
import type { Image } from './image.ts';

/** The high word of a NaN; its low word is the address of a category's flags. */
const SET_MARK = 0x7ff80000;

/** Writes the nodes `kernels/assembly/walk.ts` steps along. */
export function writeWalks({ forest, columnOf, setOf, walks, f64, u32 }: Image): void {
  for (let t = 0, at = walks.nodes; t < treeCount(forest); t++) {
    const tree = treeAt(forest, t);
    const first = forest.treeStart[t];
    const root = at;
    let next = root + 16;
    let depth = 0;
    const queue = [{ node: 0, level: 0 }];
    for (let i = 0; i < queue.length; i++, at += 16) {
      const { node, level } = queue[i];
      const feature = tree.feature[node];
      if (feature < 0) {
        f64[at / 8] = tree.value[node];
        u32[at / 4 + 2] = at;
        u32[at / 4 + 3] = 0;
        depth = Math.max(depth, level);
        continue;
      }
      if (tree.setStart[node] >= 0) u32.set([setOf[first + node], SET_MARK], at / 4);
      else f64[at / 8] = tree.threshold[node];
      u32[at / 4 + 2] = next;
      u32[at / 4 + 3] = columnOf[feature] * 4 + 2 + tree.missingLeft[node];
      next += 32;
      queue.push({ node: tree.right[node], level: level + 1 }, { node: tree.left[node], level: level + 1 });
    }
    u32.set([root, depth, 0, t % forest.outputs], walks.heads / 4 + 4 * t);
  }
}
