import { describe, expect, it } from 'vitest';
import { leafOf } from '../../tree/structure.ts';
import { type Forest, treesOf } from '../forest.ts';
import { interventionalShapley } from './interventional.ts';
import { bruteForceShapley, randomForest, randomRows } from './made-up-forest.ts';
import type { Rows } from './walk-forest.ts';

function marginOf(forest: Forest, values: readonly Float64Array[], output: number): number {
  return treesOf(forest, output).reduce(
    (sum, tree) => sum + tree.value[leafOf(tree, values, 0)],
    forest.base[output],
  );
}

/** The mean margin when the features in `known` are the row's and the others a background row's. */
function meanMixed(
  forest: Forest,
  table: Rows,
  row: number,
  known: number,
  background: Rows,
  output: number,
): number {
  let sum = 0;
  for (let b = 0; b < background.rows; b++) {
    const mixed = table.values.map((column, i) =>
      Float64Array.of(known & (1 << i) ? column[row] : background.values[i][b]),
    );
    sum += marginOf(forest, mixed, output);
  }
  return sum / background.rows;
}

describe('interventional contributions', () => {
  it.each([
    { features: 3, trees: 4, cuts: 5 },
    { features: 8, trees: 2, cuts: 30 },
    { features: 5, trees: 4, cuts: 15, outputs: 2 },
  ])('equal Shapley’s formula against the same background: %o', async (shape) => {
    const n = shape.features;
    const output = (shape.outputs ?? 1) - 1;
    const forest = randomForest(21, shape);
    const table = randomRows(2, n, 4);
    const background = randomRows(9, n, 7);
    const { base, values } = await interventionalShapley(forest, table, { output, background });
    expect(base).toBeCloseTo(meanMixed(forest, table, 0, 0, background, output), 10);
    for (let row = 0; row < table.rows; row++) {
      const worth = Float64Array.from({ length: 1 << n }, (_, known) =>
        meanMixed(forest, table, row, known, background, output),
      );
      const wanted = bruteForceShapley(worth);
      for (let i = 0; i < n; i++) expect(values[row * n + i]).toBeCloseTo(wanted[i], 10);
    }
  });

  it('add up to the margin over several blocks, with paths of more than 32 features', async () => {
    const n = 70;
    const forest = randomForest(8, { features: n, trees: 2, cuts: 60 });
    chain(forest, n);
    const table = randomRows(5, n, 1100);
    const background = randomRows(6, n, 20);
    const { base, values } = await interventionalShapley(forest, table, { output: 0, background });
    let furthest = 0;
    for (let row = 0; row < table.rows; row++) {
      const sum = values.subarray(row * n, (row + 1) * n).reduce((total, part) => total + part, base);
      const own = marginOf(
        forest,
        table.values.map((column) => column.slice(row, row + 1)),
        0,
      );
      furthest = Math.max(furthest, Math.abs(sum - own));
    }
    expect(furthest).toBeLessThan(1e-9);
  });

  it('are nothing where a row is all the background there is', async () => {
    const forest = randomForest(2, { features: 4, trees: 3, cuts: 9 });
    const table = randomRows(1, 4, 1);
    const { values } = await interventionalShapley(forest, table, { output: 0, background: table });
    expect([...values]).toEqual([0, 0, 0, 0]);
  });

  it('need a background', async () => {
    const forest = randomForest(2, { features: 4, trees: 3, cuts: 9 });
    const none = randomRows(1, 4, 0);
    await expect(interventionalShapley(forest, none, { output: 0, background: none })).rejects.toMatchObject({
      code: 'NOT_ENOUGH_DATA',
    });
  });
});

/** Makes the first tree one long path that cuts a new feature each time, most rows going on. */
function chain(
  { treeStart, feature, left, right, setStart, threshold, value }: Forest,
  features: number,
): void {
  for (let at = treeStart[0], cut = 0; at < treeStart[1]; at++) {
    const last = at >= treeStart[1] - 2;
    const leaf = at > 0 && at % 2 === 1;
    if (leaf || last) {
      feature[at] = -1;
      value[at] = at;
      continue;
    }
    feature[at] = cut++ % features;
    setStart[at] = -1;
    threshold[at] = -1.5;
    left[at] = at + 1;
    right[at] = at + 2;
    value[at] = 0;
  }
}
