import { describe, expect, test } from 'vitest';
import { random } from '../core/random.ts';
import { applyAmountShape, fitAmountShape } from './amount-shape.ts';

const sum = (values: Float64Array) => values.reduce((all, value) => all + value, 0);
const mae = (actual: Float64Array, predicted: Float64Array) =>
  actual.reduce((all, y, i) => all + Math.abs(y - predicted[i]), 0) / actual.length;

/** Customers who mostly spend nothing, and predictions that are their true means times `level`. */
function skewed(rows: number, seed: number, level = 1) {
  const draw = random(seed);
  const predicted = new Float64Array(rows);
  const actual = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const chance = draw.beta(0.5, 2);
    const mean = draw.gamma(2, 0.002);
    predicted[i] = chance * mean * level;
    actual[i] = draw.uniform() < chance ? draw.gamma(2, 2 / mean) : 0;
  }
  return { actual, predicted };
}

describe('on amounts that most customers do not spend', () => {
  test.each([
    [1, 1],
    [2, 1],
    [3, 0.8],
    [4, 1.2],
  ])(
    'seed %i at level %f: the total is kept, absolute error falls, here and on customers not seen',
    (seed, level) => {
      const { actual, predicted } = skewed(3000, seed, level);
      const shape = fitAmountShape(actual, predicted);
      if (!shape) throw new Error('expected a shape');
      const curved = applyAmountShape(shape, predicted);
      expect(sum(curved) / sum(predicted)).toBeCloseTo(1, 9);
      expect(mae(actual, curved)).toBeLessThan(mae(actual, predicted));
      const fresh = skewed(3000, seed + 100, level);
      const freshCurved = applyAmountShape(shape, fresh.predicted);
      expect(mae(fresh.actual, freshCurved)).toBeLessThan(mae(fresh.actual, fresh.predicted));
      // A new month of the same shop: the total moves by what sampling moves it.
      expect(Math.abs(sum(freshCurved) / sum(fresh.predicted) - 1)).toBeLessThan(0.1);
    },
  );

  test('the curve rises strictly and leaves nothing at nothing', () => {
    const { actual, predicted } = skewed(2000, 5);
    const shape = fitAmountShape(actual, predicted);
    if (!shape) throw new Error('expected a shape');
    const top = Math.max(...predicted);
    const grid = Float64Array.from({ length: 4001 }, (_, i) => (i * 2 * top) / 4000);
    const curved = applyAmountShape(shape, grid);
    expect(curved[0]).toBe(0);
    for (let i = 1; i < grid.length; i++) expect(curved[i]).toBeGreaterThan(curved[i - 1]);
    expect(applyAmountShape(shape, Float64Array.of(-3))[0]).toBe(0);
    expect(shape.values).toEqual(shape.values.toSorted((a, b) => a - b));
  });
});

test('with two kinds of customers it comes near the best pair of amounts of the same total, found by trying them all', () => {
  const rows = 2400;
  const draw = random(9);
  const predicted = Float64Array.from({ length: rows }, (_, i) => (i % 2 ? 60 : 10));
  const actual = predicted.map((mean) => {
    const chance = mean === 60 ? 0.8 : 0.1;
    return draw.uniform() < chance ? draw.gamma(4, (4 * chance) / mean) : 0;
  });
  const pair = (low: number, high: number) => predicted.map((mean) => (mean === 60 ? high : low));
  let best = Number.POSITIVE_INFINITY;
  for (let low = 0; low <= 70; low += 0.25) best = Math.min(best, mae(actual, pair(low, 70 - low)));
  const shape = fitAmountShape(actual, predicted);
  if (!shape) throw new Error('expected a shape');
  const curved = applyAmountShape(shape, predicted);
  const uncurved = mae(actual, predicted);
  expect(best).toBeLessThan(0.95 * uncurved);
  // A little is given up for keeping every pair of predictions apart.
  expect(mae(actual, curved)).toBeLessThan(best + 0.25 * (uncurved - best));
});

test('where predictions are exact there is nothing to gain and little is lost', () => {
  const predicted = Float64Array.from({ length: 600 }, (_, i) => i + 1);
  const shape = fitAmountShape(predicted, predicted);
  if (!shape) throw new Error('expected a shape');
  expect(mae(predicted, applyAmountShape(shape, predicted)) / (sum(predicted) / 600)).toBeLessThan(0.03);
});

test('ties, one single amount and amounts of wildly different size keep the total', () => {
  const draw = random(3);
  for (const predicted of [
    new Float64Array(400).fill(5),
    Float64Array.from({ length: 400 }, () => 10 ** (draw.uniform() * 9)),
    Float64Array.from({ length: 400 }, (_, i) => (i < 350 ? 0 : 100)),
  ]) {
    const actual = predicted.map((mean) => (draw.uniform() < 0.3 ? mean / 0.3 : 0));
    const shape = fitAmountShape(actual, predicted);
    if (!shape) throw new Error('expected a shape');
    const curved = applyAmountShape(shape, predicted);
    expect(curved.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
    expect(sum(curved) / sum(predicted)).toBeCloseTo(1, 9);
  }
});

test('too few customers, or nothing spent, give no curve', () => {
  const { actual, predicted } = skewed(199, 1);
  expect(fitAmountShape(actual, predicted)).toBeUndefined();
  const more = skewed(400, 1);
  expect(fitAmountShape(new Float64Array(400), more.predicted)).toBeUndefined();
  expect(fitAmountShape(more.actual, new Float64Array(400))).toBeUndefined();
});
