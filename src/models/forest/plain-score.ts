// Margins in plain TypeScript, for machines without the kernels: the same sums in the same order.
import { leafOf } from '../tree/structure.ts';
import { type Forest, treeAt, treeCount } from './forest.ts';

/** Adds up the leaves rows end in, [rows, outputs]. @param values one array [rows] an input, as `readInputs` gives */
export function plainMargins(forest: Forest, values: readonly Float64Array[], rows: number): Float64Array {
  const { outputs, base } = forest;
  const margins = new Float64Array(rows * outputs);
  for (let i = 0; i < margins.length; i++) margins[i] = base[i % outputs];
  for (let t = 0; t < treeCount(forest); t++) {
    const tree = treeAt(forest, t);
    for (let row = 0, at = t % outputs; row < rows; row++, at += outputs)
      margins[at] += tree.value[leafOf(tree, values, row)];
  }
  return margins;
}
