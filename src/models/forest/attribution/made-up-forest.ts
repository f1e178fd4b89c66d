// Random forests and rows for tests: features cut again and again, a third of them categories, values missing.
import { random } from '../../../core/random.ts';
import { childOf, type Tree } from '../../tree/structure.ts';
import type { Forest } from '../forest.ts';
import type { Rows } from './walk-forest.ts';

const BINS = 6;
const isCategory = (feature: number): boolean => feature % 3 === 2;

export interface ForestShape {
  readonly features: number;
  readonly trees: number;
  /** Cuts a tree. */
  readonly cuts: number;
  readonly outputs?: number;
}

export function randomForest(seed: number, { features, trees, cuts, outputs = 1 }: ForestShape): Forest {
  const draw = random(seed);
  const own = 2 * cuts + 1;
  const nodes = trees * own;
  const forest = {
    inputs: Array.from({ length: features }, (_, i) =>
      isCategory(i)
        ? {
            kind: 'category' as const,
            name: `f${i}`,
            levels: Array.from({ length: BINS - 2 }, (_, level) => `l${level}`),
            other: true,
          }
        : { kind: 'number' as const, name: `f${i}` },
    ),
    outputs,
    base: Float64Array.from({ length: outputs }, () => draw.normal()),
    treeStart: Int32Array.from({ length: trees + 1 }, (_, t) => t * own),
    feature: new Int32Array(nodes).fill(-1),
    threshold: new Float64Array(nodes),
    setStart: new Int32Array(nodes).fill(-1),
    missingLeft: new Uint8Array(nodes),
    left: new Int32Array(nodes).fill(-1),
    right: new Int32Array(nodes).fill(-1),
    cover: new Float64Array(nodes),
    gain: new Float64Array(nodes),
    value: new Float64Array(nodes),
    sets: Uint8Array.from({ length: BINS * nodes }, () => draw.integer(2)),
  };
  for (let t = 0; t < trees; t++) {
    const root = t * own;
    forest.cover[root] = 1000;
    const open = [0];
    for (let next = 1; next < own; next += 2) {
      const [node] = open.splice(draw.integer(open.length), 1);
      const at = root + node;
      forest.feature[at] = draw.integer(features);
      if (isCategory(forest.feature[at])) forest.setStart[at] = BINS * at;
      else forest.threshold[at] = draw.normal();
      forest.missingLeft[at] = draw.integer(2);
      forest.left[at] = next;
      forest.right[at] = next + 1;
      const share = 0.05 + 0.9 * draw.uniform();
      forest.cover[root + next] = forest.cover[at] * share;
      forest.cover[root + next + 1] = forest.cover[at] * (1 - share);
      open.push(next, next + 1);
    }
    for (const leaf of open) forest.value[root + leaf] = draw.normal(0, 3);
  }
  return forest;
}

export function randomRows(seed: number, features: number, rows: number): Rows {
  const draw = random(seed);
  const values = Array.from({ length: features }, (_, feature) =>
    Float64Array.from({ length: rows }, () => {
      if (draw.uniform() < 0.15) return isCategory(feature) ? -1 : Number.NaN;
      return isCategory(feature) ? draw.integer(BINS) : draw.normal();
    }),
  );
  return { values, rows };
}

/** Shapley's own formula over all 2^n coalitions. @param worth of each coalition, by bits: [2^n] */
export function bruteForceShapley(worth: Float64Array): Float64Array {
  const n = Math.log2(worth.length);
  return Float64Array.from({ length: n }, (_, feature) => {
    let sum = 0;
    for (let known = 0; known < worth.length; known++) {
      if (known & (1 << feature)) continue;
      const size = bits(known);
      const share = (factorial(size) * factorial(n - size - 1)) / factorial(n);
      sum += share * (worth[known | (1 << feature)] - worth[known]);
    }
    return sum;
  });
}

/** Half of the Shapley interaction index of every two, the rest of a contribution on the diagonal: [n, n]. */
export function bruteForceInteractions(worth: Float64Array): Float64Array {
  const n = Math.log2(worth.length);
  const alone = bruteForceShapley(worth);
  const found = new Float64Array(n * n);
  for (let a = 0; a < n; a++) {
    let off = 0;
    for (let b = 0; b < n; b++) {
      if (a === b) continue;
      const [one, other] = [1 << a, 1 << b];
      for (let known = 0; known < worth.length; known++) {
        if (known & (one | other)) continue;
        const size = bits(known);
        const share = (factorial(size) * factorial(n - size - 2)) / (2 * factorial(n - 1));
        const together =
          worth[known | one | other] - worth[known | one] - worth[known | other] + worth[known];
        found[a * n + b] += share * together;
      }
      off += found[a * n + b];
    }
    found[a * n + a] = alone[a] - off;
  }
  return found;
}

const bits = (known: number): number => known.toString(2).replaceAll('0', '').length;

const factorial = (k: number): number => (k <= 1 ? 1 : k * factorial(k - 1));

/** What a tree expects when only the features in `known` are told: unknown cuts follow the training rows. */
export function valueKnowing(tree: Tree, { values }: Rows, row: number, known: number): number {
  const visit = (node: number): number => {
    const feature = tree.feature[node];
    if (feature < 0) return tree.value[node];
    if (known & (1 << feature)) return visit(childOf(tree, node, values[feature][row]));
    const [left, right] = [tree.left[node], tree.right[node]];
    return (tree.cover[left] * visit(left) + tree.cover[right] * visit(right)) / tree.cover[node];
  };
  return visit(0);
}
