// What customers typically spend lies half way through those predicted alike, whatever the few large ones bring.
import { describe, expect, test } from 'vitest';
import { random } from '../core/random.ts';
import { fitTypicalAmount, typicalAmounts } from './typical-amount.ts';

const mae = (actual: Float64Array, predicted: Float64Array) =>
  actual.reduce((all, y, i) => all + Math.abs(y - predicted[i]), 0) / actual.length;

/** Chance of buying rises with the prediction; what is bought is exponential: median and mean are known. */
function shoppers(rows: number, seed: number) {
  const draw = random(seed);
  const chance = Float64Array.from({ length: rows }, () => draw.uniform());
  const mean = 1_000;
  return {
    chance,
    predicted: chance.map((p) => p * mean),
    actual: chance.map((p) => (draw.uniform() < p ? -mean * Math.log(1 - draw.uniform()) : 0)),
    // P(amount > m) = p·exp(−m / mean) = ½
    median: chance.map((p) => (p > 0.5 ? mean * Math.log(2 * p) : 0)),
  };
}

describe('on customers whose true median is known', () => {
  const known = shoppers(6_000, 1);
  const curve = fitTypicalAmount(known.actual, known.predicted);
  if (!curve) throw new Error('expected a curve');
  const fresh = shoppers(6_000, 2);
  const typical = typicalAmounts(curve, fresh.predicted);

  test('it is near the true one, and nothing for those more likely not to buy', () => {
    expect(mae(fresh.median, typical)).toBeLessThan(25);
    for (let i = 0; i < typical.length; i++) if (fresh.chance[i] < 0.4) expect(typical[i]).toBe(0);
  });

  test('absolute error of customers not seen is nearly what the true median leaves, and less than the mean leaves', () => {
    expect(mae(fresh.actual, typical)).toBeLessThan(1.01 * mae(fresh.actual, fresh.median));
    expect(mae(fresh.actual, typical)).toBeLessThan(mae(fresh.actual, fresh.predicted));
  });
});

test('where outcomes fall as predictions rise, everybody has the median of all', () => {
  const rows = 400;
  const predicted = Float64Array.from({ length: rows }, (_, i) => i + 1);
  const actual = Float64Array.from({ length: rows }, (_, i) => rows - i);
  const curve = fitTypicalAmount(actual, predicted);
  expect(new Set(curve?.values)).toEqual(new Set([(rows + 1) / 2]));
});

test('fewer than two hundred customers are too few, and a refund is no typical amount', () => {
  expect(fitTypicalAmount(new Float64Array(199), new Float64Array(199))).toBeUndefined();
  const refunds = fitTypicalAmount(new Float64Array(300).fill(-5), new Float64Array(300).fill(10));
  expect(refunds && typicalAmounts(refunds, Float64Array.of(0, 10))).toEqual(Float64Array.of(0, 0));
});
