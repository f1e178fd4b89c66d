import { describe, expect, it } from 'vitest';
import { type Column, makeFrame, numberColumn } from '../core/frame.ts';
import { name } from '../core/name.ts';
import { random } from '../core/random.ts';
import type { Predictor } from './contribution.ts';
import { centredCurves, jointDependence, partialDependence } from './partial-dependence.ts';

const number = (id: string, values: Float64Array): Column => ({
  kind: 'number',
  name: id,
  label: name(id, id),
  unit: 'count',
  group: 'g',
  values,
});

const draw = random(3);
const ROWS = 200;
const frame = makeFrame([
  number(
    'a',
    Float64Array.from({ length: ROWS }, () => draw.normal()),
  ),
  number(
    'b',
    Float64Array.from({ length: ROWS }, () => draw.integer(5)),
  ),
  {
    kind: 'category',
    name: 'c',
    label: name('c', 'c'),
    unit: 'none',
    group: 'g',
    levels: ['never', 'rare', 'often'],
    codes: Int32Array.from({ length: ROWS }, (_, i) => (i % 5 === 0 ? 1 : i % 7 === 0 ? -1 : 2)),
  },
]);

/** margin = a² + 2 b + a b, and 3 more for `often`. */
const predictor: Predictor = {
  link: 'identity',
  inputs: ['a', 'b', 'c'],
  margin: async (rows) => {
    const a = numberColumn(rows, 'a').values;
    const b = numberColumn(rows, 'b').values;
    const c = rows.columns.find((column) => column.name === 'c');
    return a.map((x, i) => {
      const often = c?.kind === 'category' && c.levels[c.codes[i]] === 'often' ? 3 : 0;
      return x * x + 2 * b[i] + x * b[i] + often;
    });
  },
};

const mean = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
};

describe('partial dependence', () => {
  it('of a column of few values is the mean with each of them in turn', async () => {
    const found = await partialDependence(predictor, frame, 'b');
    expect(found.grid).toEqual({ kind: 'numbers', at: Float64Array.of(0, 1, 2, 3, 4) });
    // Linear in b with the slope 2 + a: the mean over rows has the slope 2 + mean(a).
    const slope = 2 + mean(numberColumn(frame, 'a').values);
    for (let k = 1; k < 5; k++) expect(found.mean[k] - found.mean[k - 1]).toBeCloseTo(slope, 10);
  });

  it('keeps every row’s own curve, which starts at nothing once centred', async () => {
    const found = await partialDependence(predictor, frame, 'b');
    const a = numberColumn(frame, 'a').values;
    const centred = centredCurves(found);
    for (let row = 0; row < ROWS; row++) {
      for (let k = 0; k < 5; k++) expect(centred[row * 5 + k]).toBeCloseTo((2 + a[row]) * k, 9);
    }
  });

  it('runs over quantiles of a number, ends included, over several batches', async () => {
    const found = await partialDependence(predictor, frame, 'a', { points: 300 });
    const seen = numberColumn(frame, 'a').values.slice().sort();
    expect(found.grid.at).toEqual(seen);
    const few = await partialDependence(predictor, frame, 'a', { points: 5 });
    expect([few.grid.at[0], few.grid.at[4]]).toEqual([seen[0], seen[ROWS - 1]]);
    const b = mean(numberColumn(frame, 'b').values);
    const rest = few.mean[0] - (seen[0] ** 2 + seen[0] * b);
    for (const [k, x] of [...(few.grid.at as Float64Array)].entries())
      expect(few.mean[k]).toBeCloseTo(x * x + x * b + rest, 9);
  });

  it('runs over the levels that occur, commonest first', async () => {
    const found = await partialDependence(predictor, frame, 'c');
    expect(found.grid).toEqual({ kind: 'levels', at: ['often', 'rare'] });
    expect(found.mean[0] - found.mean[1]).toBeCloseTo(3, 10);
  });

  it('has an interval where rows disagree about the shape, and none where all agree', async () => {
    const alike = await partialDependence(predictor, frame, 'c');
    expect(alike.high[0] - alike.low[0]).toBeCloseTo(0, 10);
    const apart = await partialDependence(predictor, frame, 'b');
    // Curves are (2 + a) (k − 2) around their middle: at k = 4 they spread with 2 · sd(a).
    const a = numberColumn(frame, 'a').values;
    const centre = mean(a);
    const stdDev = Math.sqrt((mean(a.map((x) => (x - centre) ** 2)) * ROWS) / (ROWS - 1));
    expect(apart.high[4] - apart.mean[4]).toBeCloseTo((1.96 * 2 * stdDev) / Math.sqrt(ROWS), 10);
  });

  it('of two columns holds what each alone does not', async () => {
    const { mean: cells, grids } = await jointDependence(predictor, frame, ['a', 'b'], { points: 5 });
    const [as, bs] = grids.map((grid) => grid.at as Float64Array);
    const at = (i: number, j: number) => cells[i * bs.length + j];
    const cross = at(4, 4) - at(4, 0) - at(0, 4) + at(0, 0);
    expect(cross).toBeCloseTo((as[4] - as[0]) * (bs[4] - bs[0]), 9);
  });

  it('refuses columns that are missing or empty, and no rows', async () => {
    await expect(partialDependence(predictor, frame, 'd')).rejects.toMatchObject({ code: 'SHAPE' });
    const empty = makeFrame([number('a', Float64Array.of(Number.NaN))]);
    await expect(partialDependence(predictor, empty, 'a')).rejects.toMatchObject({ code: 'BAD_DATA' });
    const none = makeFrame([number('a', new Float64Array())]);
    await expect(partialDependence(predictor, none, 'a')).rejects.toMatchObject({
      code: 'NOT_ENOUGH_DATA',
    });
    await expect(jointDependence(predictor, frame, ['a', 'a'])).rejects.toMatchObject({ code: 'USAGE' });
  });
});
