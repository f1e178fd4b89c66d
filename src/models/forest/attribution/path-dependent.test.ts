import { describe, expect, it } from 'vitest';
import { leafOf } from '../../tree/structure.ts';
import { type Forest, treesOf } from '../forest.ts';
import { expectedMargins } from './expected-margin.ts';
import { bruteForceShapley, randomForest, randomRows, valueKnowing } from './made-up-forest.ts';
import { pathDependentShapley } from './path-dependent.ts';
import type { Rows } from './walk-forest.ts';

function bruteForce(forest: Forest, table: Rows, output: number): Float64Array {
  const n = forest.inputs.length;
  const found = new Float64Array(table.rows * n);
  const trees = treesOf(forest, output);
  for (let row = 0; row < table.rows; row++) {
    const worth = Float64Array.from({ length: 1 << n }, (_, known) =>
      trees.reduce((sum, tree) => sum + valueKnowing(tree, table, row, known), 0),
    );
    found.set(bruteForceShapley(worth), row * n);
  }
  return found;
}

const furthest = (found: Float64Array, wanted: Float64Array): number =>
  found.reduce((worst, value, at) => Math.max(worst, Math.abs(value - wanted[at])), 0);

describe.each([
  { simd: true, by: 'the kernel' },
  { simd: false, by: 'plain TypeScript' },
])('path-dependent contributions by $by', ({ simd }) => {
  it.each([
    { features: 3, trees: 4, cuts: 4 },
    { features: 6, trees: 3, cuts: 12 },
    { features: 10, trees: 2, cuts: 40 },
    { features: 2, trees: 2, cuts: 30 },
  ])('equal Shapley’s formula over all coalitions: %o', async (shape) => {
    const forest = randomForest(shape.cuts, shape);
    const table = randomRows(shape.features, shape.features, 5);
    const found = await pathDependentShapley(forest, table, { output: 0, simd });
    expect(furthest(found, bruteForce(forest, table, 0))).toBeLessThan(1e-11);
  });

  it('belong to their own output', async () => {
    const forest = randomForest(5, { features: 5, trees: 9, cuts: 9, outputs: 3 });
    const table = randomRows(1, 5, 3);
    for (let output = 0; output < 3; output++) {
      const found = await pathDependentShapley(forest, table, { output, simd });
      expect(furthest(found, bruteForce(forest, table, output))).toBeLessThan(1e-11);
    }
  });

  it('add up to the margin, over several blocks and paths of forty features', async () => {
    const forest = randomForest(77, { features: 40, trees: 2, cuts: 300 });
    const table = randomRows(6, 40, 1300);
    const found = await pathDependentShapley(forest, table, { output: 0, simd });
    const [base] = expectedMargins(forest);
    const margin = (row: number): number =>
      treesOf(forest, 0).reduce(
        (sum, tree) => sum + tree.value[leafOf(tree, table.values, row)],
        forest.base[0],
      );
    let worst = 0;
    for (let row = 0; row < table.rows; row++) {
      const parts = found.subarray(row * 40, (row + 1) * 40);
      const sum = parts.reduce((total, part) => total + part, base);
      worst = Math.max(worst, Math.abs(sum - margin(row)));
    }
    expect(worst).toBeLessThan(1e-9);
  });

  it('do not depend on the rows explained beside', async () => {
    const forest = randomForest(9, { features: 7, trees: 5, cuts: 20 });
    const { values } = randomRows(3, 7, 40);
    const all = await pathDependentShapley(forest, { values, rows: 40 }, { output: 0, simd });
    const last = values.map((column) => column.slice(39));
    const alone = await pathDependentShapley(forest, { values: last, rows: 1 }, { output: 0, simd });
    expect([...alone]).toEqual([...all.subarray(39 * 7)]);
  });

  it('are the same bits on any number of threads', async () => {
    const forest = randomForest(12, { features: 6, trees: 90, cuts: 15 });
    const table = randomRows(5, 6, 2500);
    const one = await pathDependentShapley(forest, table, { output: 0, simd });
    const [two, three] = await Promise.all(
      [2, 3].map((threads) => pathDependentShapley(forest, table, { output: 0, simd, threads })),
    );
    expect(Buffer.from(two.buffer).equals(Buffer.from(one.buffer))).toBe(true);
    expect(Buffer.from(three.buffer).equals(Buffer.from(one.buffer))).toBe(true);
  });

  it('stop when told to', async () => {
    const forest = randomForest(12, { features: 6, trees: 90, cuts: 15 });
    const asked = { output: 0, simd, threads: 2, signal: AbortSignal.abort() };
    await expect(pathDependentShapley(forest, randomRows(5, 6, 2500), asked)).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
    const after = await pathDependentShapley(forest, randomRows(5, 6, 20), { output: 0, simd });
    expect(after.some((value) => value !== 0)).toBe(true);
  });

  it('are zero for trees of one leaf and nothing for no rows', async () => {
    const forest = randomForest(1, { features: 3, trees: 2, cuts: 0 });
    const found = await pathDependentShapley(forest, randomRows(1, 3, 1), { output: 0, simd });
    expect([...found]).toEqual([0, 0, 0]);
    expect(await pathDependentShapley(forest, randomRows(1, 3, 0), { output: 0, simd })).toHaveLength(0);
    const leaves = forest.value[0] + forest.value[1];
    expect(expectedMargins(forest)[0]).toBeCloseTo(forest.base[0] + leaves, 12);
  });

  it('stay finite where a cut saw no training row', async () => {
    const forest = randomForest(4, { features: 4, trees: 1, cuts: 8 });
    const { cover } = forest;
    cover[0] = cover[forest.right[0]];
    const stack = [forest.left[0]];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      cover[node] = 0;
      if (forest.feature[node] >= 0) stack.push(forest.left[node], forest.right[node]);
    }
    const table = randomRows(2, 4, 30);
    const found = await pathDependentShapley(forest, table, { output: 0, simd });
    const [base] = expectedMargins(forest);
    const [tree] = treesOf(forest, 0);
    for (let row = 0; row < 30; row++) {
      const sum = found.subarray(row * 4, (row + 1) * 4).reduce((total, part) => total + part, base);
      expect(sum).toBeCloseTo(forest.base[0] + tree.value[leafOf(tree, table.values, row)], 9);
    }
  });
});
