import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { addTreeShapley, expectedValue } from './attribution.ts';
import { childOf, leafOf, type Tree } from './structure.ts';

/** A random tree that cuts features again and again, some of them categories of six bins. */
function randomTree(seed: number, features: number, cuts: number): Tree {
  const draw = random(seed);
  const nodes = 2 * cuts + 1;
  const tree: Tree = {
    feature: new Int32Array(nodes).fill(-1),
    threshold: new Float64Array(nodes),
    setStart: new Int32Array(nodes).fill(-1),
    missingLeft: new Uint8Array(nodes),
    left: new Int32Array(nodes).fill(-1),
    right: new Int32Array(nodes).fill(-1),
    cover: new Float64Array(nodes),
    value: Float64Array.from({ length: nodes }, () => draw.normal(0, 3)),
    sets: Uint8Array.from({ length: 6 * nodes }, () => draw.integer(2)),
  };
  tree.cover[0] = 1000;
  const open = [0];
  for (let next = 1; next < nodes; next += 2) {
    const [node] = open.splice(draw.integer(open.length), 1);
    tree.feature[node] = draw.integer(features);
    if (tree.feature[node] % 3 === 2) tree.setStart[node] = 6 * node;
    else tree.threshold[node] = draw.normal();
    tree.missingLeft[node] = draw.integer(2);
    tree.left[node] = next;
    tree.right[node] = next + 1;
    const share = 0.05 + 0.9 * draw.uniform();
    tree.cover[next] = tree.cover[node] * share;
    tree.cover[next + 1] = tree.cover[node] * (1 - share);
    open.push(next, next + 1);
  }
  return tree;
}

function randomRows(seed: number, features: number, rows: number): Float64Array[] {
  const draw = random(seed);
  return Array.from({ length: features }, (_, feature) =>
    Float64Array.from({ length: rows }, () => {
      if (draw.uniform() < 0.15) return feature % 3 === 2 ? -1 : Number.NaN;
      return feature % 3 === 2 ? draw.integer(6) : draw.normal();
    }),
  );
}

/** What the tree expects when only the features in `known` are told: unknown cuts follow the training rows. */
function valueKnowing(tree: Tree, values: readonly Float64Array[], row: number, known: number): number {
  const visit = (node: number): number => {
    const feature = tree.feature[node];
    if (feature < 0) return tree.value[node];
    if (known & (1 << feature)) return visit(childOf(tree, node, values[feature][row]));
    const [left, right] = [tree.left[node], tree.right[node]];
    return (tree.cover[left] * visit(left) + tree.cover[right] * visit(right)) / tree.cover[node];
  };
  return visit(0);
}

/** Shapley's own formula over all 2^n coalitions. */
function bruteForceShapley(tree: Tree, values: readonly Float64Array[], row: number): Float64Array {
  const n = values.length;
  const factorial = (k: number): number => (k <= 1 ? 1 : k * factorial(k - 1));
  const worth = Float64Array.from({ length: 1 << n }, (_, known) => valueKnowing(tree, values, row, known));
  return Float64Array.from({ length: n }, (_, feature) => {
    let sum = 0;
    for (let known = 0; known < 1 << n; known++) {
      if (known & (1 << feature)) continue;
      const size = known.toString(2).replaceAll('0', '').length;
      const share = (factorial(size) * factorial(n - size - 1)) / factorial(n);
      sum += share * (worth[known | (1 << feature)] - worth[known]);
    }
    return sum;
  });
}

describe('contributions in a tree', () => {
  it.each([
    [3, 4],
    [6, 12],
    [9, 25],
    [10, 40],
  ])('equal Shapley values by brute force: %i features, %i cuts', (features, cuts) => {
    const tree = randomTree(features * 31 + cuts, features, cuts);
    const values = randomRows(5, features, 6);
    for (let row = 0; row < 6; row++) {
      const found = new Float64Array(features);
      addTreeShapley(tree, values, row, found);
      const expected = bruteForceShapley(tree, values, row);
      for (let j = 0; j < features; j++) expect(found[j]).toBeCloseTo(expected[j], 9);
    }
  });

  it('add up to the margin', () => {
    const tree = randomTree(77, 8, 47);
    const values = randomRows(6, 8, 200);
    for (let row = 0; row < 200; row++) {
      const found = new Float64Array(8);
      addTreeShapley(tree, values, row, found);
      const sum = found.reduce((total, part) => total + part, expectedValue(tree));
      expect(Math.abs(sum - tree.value[leafOf(tree, values, row)])).toBeLessThan(1e-9);
    }
  });

  it('are zero for a tree of one leaf', () => {
    const tree = randomTree(1, 3, 0);
    const found = new Float64Array(3);
    addTreeShapley(tree, randomRows(1, 3, 1), 0, found);
    expect([...found]).toEqual([0, 0, 0]);
    expect(expectedValue(tree)).toBe(tree.value[0]);
  });
});
