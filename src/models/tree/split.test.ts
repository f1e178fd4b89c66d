import { describe, expect, it } from 'vitest';
import { makeFrame } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import { random } from '../../core/random.ts';
import { readInputs } from '../forest/read-inputs.ts';
import { growTree, shrunkenValues, truncateTree } from './grow.ts';
import { binInputs, fitInputs } from './inputs.ts';
import { findSplit } from './split.ts';
import { leafOf } from './structure.ts';

const about = (id: string) => ({ name: id, label: name(id, id), unit: 'none', group: 'test' }) as const;

/** Two numbers (one with gaps), a category of five levels and a target that depends on both in steps. */
function exampleRows(rows: number, seed: number) {
  const draw = random(seed);
  const x = Float64Array.from({ length: rows }, () => Math.round(draw.normal() * 4) / 4);
  const gaps = Float64Array.from({ length: rows }, () =>
    draw.uniform() < 0.3 ? Number.NaN : draw.integer(6),
  );
  const codes = Int32Array.from({ length: rows }, () => draw.integer(6) - 1);
  const y = x.map((value, i) => {
    const missing = Number.isNaN(gaps[i]) ? 2 : 0.3 * gaps[i];
    return (value > 0.5 ? 1 : 0) + missing + [0, 2, 0.5, 1.5, -1, 0][codes[i] + 1] + 0.3 * draw.normal();
  });
  const frame = makeFrame([
    { ...about('x'), kind: 'number', values: x },
    { ...about('gaps'), kind: 'number', values: gaps },
    { ...about('where'), kind: 'category', codes, levels: ['a', 'b', 'c', 'd', 'e'] },
  ]);
  const inputs = fitInputs(frame);
  const values = readInputs(inputs, frame);
  return { inputs, values, bins: binInputs(inputs, values), y, frame };
}

/** How much squared error falls when `left` parts the rows. */
function gainOfParting(y: Float64Array, left: (row: number) => boolean, minRows: number): number {
  const sums = [0, 0];
  const counts = [0, 0];
  y.forEach((value, row) => {
    sums[Number(left(row))] += value;
    counts[Number(left(row))]++;
  });
  if (Math.min(...counts) < minRows) return 0;
  return (
    sums[0] ** 2 / counts[0] + sums[1] ** 2 / counts[1] - (sums[0] + sums[1]) ** 2 / (counts[0] + counts[1])
  );
}

describe('a split', () => {
  it.each([1, 2, 3, 4, 5, 6])(
    'is the best of all there are, by trying them all (rows of seed %i)',
    (seed) => {
      const { inputs, values, bins, y } = exampleRows(60, seed);
      const objective = { pull: y, hold: new Float64Array(60).fill(1), ridge: 0, minRows: 5 };
      const rows = Int32Array.from(y, (_, row) => row);
      const split = findSplit(inputs, bins, objective, { rows, start: 0, end: 60 });
      let best = 0;
      for (const feature of [0, 1]) {
        for (const cut of values[feature]) {
          for (const missingLeft of [false, true]) {
            const left = (row: number) =>
              Number.isNaN(values[feature][row]) ? missingLeft : values[feature][row] <= cut;
            best = Math.max(best, gainOfParting(y, left, 5));
          }
        }
      }
      // Every subset of the category's bins: kept levels, the pooled one and the missing one.
      for (let subset = 0; subset < 1 << 7; subset++) {
        best = Math.max(
          best,
          gainOfParting(y, (row) => (subset & (1 << values[2][row])) > 0, 5),
        );
      }
      expect(split?.gain).toBeCloseTo(best, 9);
      const found = gainOfParting(y, (row) => split!.left[bins[split!.feature][row]] === 1, 5);
      expect(found).toBeCloseTo(best, 9);
    },
  );

  it('is not made of rounding: a constant target has none', () => {
    const { inputs, bins, y } = exampleRows(60, 1);
    const objective = { pull: y.map(() => 0.1), hold: y.map(() => 1), ridge: 0, minRows: 2 };
    const rows = Int32Array.from(y, (_, row) => row);
    expect(findSplit(inputs, bins, objective, { rows, start: 0, end: 60 })).toBeUndefined();
  });
});

describe('a grown tree', () => {
  const rows = 500;
  const { inputs, values, bins, y } = exampleRows(rows, 9);
  const weight = new Float64Array(rows).fill(1);
  const data = {
    inputs,
    bins,
    outcome: y,
    weight,
    rows: Int32Array.from(y, (_, row) => row),
    objective: { pull: y, hold: weight, ridge: 0, minRows: 8 },
  };

  it('sends training rows where it counted them, and holds the mean of each leaf', async () => {
    const grown = await growTree(data, { maxLeaves: 12, maxDepth: 6 });
    const tree = truncateTree(grown, 12, shrunkenValues(grown, 0));
    const sums = new Float64Array(tree.feature.length);
    const counts = new Float64Array(tree.feature.length);
    for (let row = 0; row < rows; row++) {
      const leaf = leafOf(tree, values, row);
      sums[leaf] += y[row];
      counts[leaf]++;
    }
    expect(counts.filter((count) => count > 0).length).toBe(12);
    tree.feature.forEach((feature, node) => {
      if (feature >= 0) return;
      expect(counts[node]).toBe(tree.cover[node]);
      expect(counts[node]).toBeGreaterThanOrEqual(8);
      expect(tree.value[node]).toBeCloseTo(sums[node] / counts[node], 9);
    });
  });

  it('cut short is the tree that was to be small from the start', async () => {
    const large = await growTree(data, { maxLeaves: 16, maxDepth: 6 });
    const small = await growTree(data, { maxLeaves: 5, maxDepth: 6 });
    const cut = truncateTree(large, 5, shrunkenValues(large, 10));
    const own = truncateTree(small, 5, shrunkenValues(small, 10));
    for (const key of ['feature', 'left', 'right', 'cover', 'value', 'threshold'] as const) {
      expect([...cut[key]]).toEqual([...own[key]]);
    }
  });

  it('leans a leaf on its parent by the stated number of examples', async () => {
    const grown = await growTree(data, { maxLeaves: 2, maxDepth: 1 });
    const [root, left] = shrunkenValues(grown, 25);
    const cover = grown.shape.cover[1];
    expect(left).toBeCloseTo((grown.sums[1] + 25 * root) / (cover + 25), 12);
  });
});

describe('bins', () => {
  it('part numbers exactly where the edges do', () => {
    const draw = random(12);
    const column = Float64Array.from({ length: 5000 }, () => Math.exp(draw.normal(0, 3)));
    const frame = makeFrame([{ ...about('x'), kind: 'number', values: column }]);
    const [input] = fitInputs(frame);
    const [bins] = binInputs([input], [column]);
    const edges = input.kind === 'number' ? input.edges : [];
    expect(edges.length).toBeGreaterThan(55);
    column.forEach((value, row) => {
      const bin = bins[row];
      if (bin > 0) expect(value).toBeGreaterThan(edges[bin - 1]);
      if (bin < edges.length) expect(value).toBeLessThanOrEqual(edges[bin]);
    });
  });
});
