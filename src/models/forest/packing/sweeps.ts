// Trees as sweeps read them: cuts from the left, values of inputs as bytes.
import type { Tree } from '../../tree/structure.ts';
import { type Forest, treeAt, treeCount } from '../forest.ts';
import { categoryBins } from '../read-inputs.ts';
import type { Image } from './image.ts';

/** Ranks and leaves are bytes, and 0 stands for missing. */
const MAX_CUTS = 254;
const MAX_LEAVES = 256;

/**
 * The distinct thresholds of each used input, rising; none for a category.
 *
 * @returns undefined when the forest cannot be swept: too many thresholds, categories, or leaves
 */
export function sweepTables(forest: Forest, used: Int32Array): readonly Float64Array[] | undefined {
  for (let t = 0; t < treeCount(forest); t++) {
    // a tree has one node more than twice its cuts
    if (forest.treeStart[t + 1] - forest.treeStart[t] > 2 * MAX_LEAVES - 1) return undefined;
  }
  const thresholds = new Map(Array.from(used, (feature) => [feature, new Set<number>()]));
  for (let node = 0; node < forest.feature.length; node++) {
    if (forest.feature[node] >= 0 && forest.setStart[node] < 0)
      thresholds.get(forest.feature[node])?.add(forest.threshold[node]);
  }
  const tables: Float64Array[] = [];
  for (const [feature, found] of thresholds) {
    const input = forest.inputs[feature];
    const bins = input.kind === 'category' ? categoryBins(input) : found.size;
    if (bins > MAX_CUTS) return undefined;
    tables.push(Float64Array.from(found).sort());
  }
  return tables;
}

/** Writes the cuts `kernels/assembly/sweep.ts` goes through, and the values of the leaves they lead to. */
export function writeSweeps(image: Image, tables: readonly Float64Array[]): void {
  const { forest, sweeps, f64, u32 } = image;
  const rankOf = tables.map((table) => new Map(Array.from(table, (threshold, i) => [threshold, i + 1])));
  let at = sweeps.nodes;
  let leaf = image.leafValues;
  for (let t = 0; t < treeCount(forest); t++) {
    const tree = treeAt(forest, t);
    const leaves = leafCounts(tree);
    const [first, firstLeaf] = [at, leaf];
    const stack = [{ node: 0, leftTurns: 0 }];
    for (let top = stack.pop(); top; top = stack.pop()) {
      const { node, leftTurns } = top;
      if (tree.feature[node] < 0) {
        f64[leaf / 8] = tree.value[node];
        leaf += 8;
        continue;
      }
      writeCut(image, forest.treeStart[t] + node, {
        at,
        leftTurns,
        leftLeaves: leaves[tree.left[node]],
        rankOf,
      });
      at += 16;
      stack.push({ node: tree.right[node], leftTurns }, { node: tree.left[node], leftTurns: leftTurns + 1 });
    }
    u32.set([first, (at - first) / 16, firstLeaf, t % forest.outputs], sweeps.heads / 4 + 4 * t);
  }
}

interface Cut {
  readonly at: number;
  readonly leftTurns: number;
  readonly leftLeaves: number;
  readonly rankOf: readonly ReadonlyMap<number, number>[];
}

/** Column, place of who comes by, leaves on the left, then chunks of a set or a bias and the last rank that goes left. */
function writeCut(image: Image, node: number, { at, leftTurns, leftLeaves, rankOf }: Cut): void {
  const { forest, u32, u8 } = image;
  const column = image.columnOf[forest.feature[node]];
  const input = forest.inputs[forest.feature[node]];
  u32.set([column * 64, leftTurns * 64], at / 4);
  u8[at + 8] = leftLeaves;
  if (input.kind === 'category') {
    u8[at + 9] = Math.ceil((categoryBins(input) + 1) / 16);
    u32[at / 4 + 3] = image.setOf[node];
    return;
  }
  // ranks from 1 to the limit go left; a bias of 1 moves missing, 0, behind them all
  const bias = 1 - forest.missingLeft[node];
  u8[at + 10] = bias;
  u8[at + 11] = (rankOf[column].get(forest.threshold[node]) ?? 0) - bias;
}

/** Leaves under each node; children come after their parents. */
function leafCounts(tree: Tree): Int32Array {
  const leaves = new Int32Array(tree.feature.length);
  for (let node = leaves.length - 1; node >= 0; node--)
    leaves[node] = tree.feature[node] < 0 ? 1 : leaves[tree.left[node]] + leaves[tree.right[node]];
  return leaves;
}
