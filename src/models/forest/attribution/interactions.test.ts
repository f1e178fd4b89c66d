import { describe, expect, it } from 'vitest';
import { treesOf } from '../forest.ts';
import { interactionValues } from './interactions.ts';
import { bruteForceInteractions, randomForest, randomRows, valueKnowing } from './made-up-forest.ts';
import { pathDependentShapley } from './path-dependent.ts';

describe('interaction values', () => {
  it.each([
    { features: 3, trees: 3, cuts: 6 },
    { features: 6, trees: 2, cuts: 20 },
    { features: 1, trees: 1, cuts: 3 },
  ])('equal the interaction index over all coalitions: %o', async (shape) => {
    const n = shape.features;
    const forest = randomForest(11, shape);
    const table = randomRows(4, n, 4);
    const found = await interactionValues(forest, table, { output: 0 });
    for (let row = 0; row < table.rows; row++) {
      const worth = Float64Array.from({ length: 1 << n }, (_, known) =>
        treesOf(forest, 0).reduce((sum, tree) => sum + valueKnowing(tree, table, row, known), 0),
      );
      const wanted = bruteForceInteractions(worth);
      for (let at = 0; at < n * n; at++) expect(found[row * n * n + at]).toBeCloseTo(wanted[at], 10);
    }
  });

  it('are symmetric, and their rows sum to the contributions, over several blocks', async () => {
    const n = 9;
    const forest = randomForest(3, { features: n, trees: 8, cuts: 30, outputs: 2 });
    const table = randomRows(8, n, 300);
    const found = await interactionValues(forest, table, { output: 1 });
    const alone = await pathDependentShapley(forest, table, { output: 1 });
    let furthest = 0;
    let unlike = 0;
    for (let row = 0; row < table.rows; row++) {
      const matrix = found.subarray(row * n * n, (row + 1) * n * n);
      for (let a = 0; a < n; a++) {
        let sum = 0;
        for (let b = 0; b < n; b++) {
          sum += matrix[a * n + b];
          if (matrix[a * n + b] !== matrix[b * n + a]) unlike++;
        }
        furthest = Math.max(furthest, Math.abs(sum - alone[row * n + a]));
      }
    }
    expect(unlike).toBe(0);
    expect(furthest).toBeLessThan(1e-10);
  });
});
