// Leading rows that were not learned from to the leaves they belong to.
import { binPosition, type GrowContext } from './node-work.ts';
import type { FreshTree } from './tree-record.ts';

/** Writes the leaf of every row that is not among the `learned` ones (rising). */
export function leadRows(
  { layout, u8, i32 }: GrowContext,
  { tree, sides }: FreshTree,
  learned: Int32Array,
): void {
  const nodes = tree.feature.length;
  const address = new Float64Array(nodes);
  const stride = new Int32Array(nodes);
  const flags = new Uint8Array(nodes * 256);
  for (let node = 0; node < nodes; node++) {
    const side = sides[node];
    if (side === undefined) continue;
    const position = binPosition(layout, tree.feature[node]);
    address[node] = position.address;
    stride[node] = position.stride;
    flags.set(side, node * 256);
  }
  const leafOfRow = layout.leafOfRow / 4;
  let next = 0;
  for (let row = 0; row < layout.rows; row++) {
    if (learned[next] === row) {
      next++;
      continue;
    }
    let node = 0;
    while (tree.feature[node] >= 0) {
      const bin = u8[address[node] + row * stride[node]];
      node = flags[node * 256 + bin] === 1 ? tree.left[node] : tree.right[node];
    }
    i32[leafOfRow + row] = node;
  }
}
