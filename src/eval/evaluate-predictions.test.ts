// Scores with intervals: close to formulas, drawn by customer, the same every time.
import { describe, expect, it } from 'vitest';
import { random } from '../core/random.ts';
import { defaultDraws, intervalWords } from './bootstrap.ts';
import { scoreAmount, scoreBinary } from './evaluate-predictions.ts';

function coinShop(rows: number, seed: number, perCustomer = 1) {
  const stream = random(seed);
  const predicted = Float64Array.from({ length: rows }, () => stream.uniform());
  const actual = predicted.map((p) => (stream.uniform() < p ? 1 : 0));
  const entities = Array.from({ length: rows }, (_, i) => `c${Math.floor(i / perCustomer)}`);
  return { entities, actual, predicted };
}

describe('intervals', () => {
  it('of a share is the normal one, within a tenth of its width', () => {
    const shop = coinShop(2000, 1);
    const { scores } = scoreBinary({ ...shop, threshold: 0.5 }, { seed: 3 });
    const { value, low, high } = scores.accuracy ?? { value: 0, low: 0, high: 0 };
    const half = 1.96 * Math.sqrt((value * (1 - value)) / 2000);
    expect(low).toBeGreaterThan(value - 1.1 * half);
    expect(low).toBeLessThan(value - 0.9 * half);
    expect(high - low).toBeGreaterThan(1.8 * half);
    expect(high - low).toBeLessThan(2.2 * half);
  });

  it('of AUC is close to that of Hanley and McNeil', () => {
    const shop = coinShop(1500, 2);
    const auc = scoreBinary(shop, { seed: 3 }).scores.roc_auc ?? { value: 0, low: 0, high: 0 };
    const positives = shop.actual.reduce((a, b) => a + b, 0);
    const negatives = 1500 - positives;
    const q1 = auc.value / (2 - auc.value);
    const q2 = (2 * auc.value ** 2) / (1 + auc.value);
    const variance =
      (auc.value * (1 - auc.value) +
        (positives - 1) * (q1 - auc.value ** 2) +
        (negatives - 1) * (q2 - auc.value ** 2)) /
      (positives * negatives);
    // Hanley–McNeil assumes exponential scores, so only the size is compared.
    expect((auc.high - auc.low) / (2 * 1.96 * Math.sqrt(variance))).toBeGreaterThan(0.8);
    expect((auc.high - auc.low) / (2 * 1.96 * Math.sqrt(variance))).toBeLessThan(1.2);
  });

  it('grow by √10 when each customer stands ten times', () => {
    const one = coinShop(500, 4);
    const times = <T>(values: ArrayLike<T>) =>
      Array.from(values).flatMap((value) => Array<T>(10).fill(value));
    const ten = {
      entities: times(one.entities),
      actual: Float64Array.from(times(one.actual)),
      predicted: Float64Array.from(times(one.predicted)),
    };
    const width = (s?: { low: number; high: number }) => (s ? s.high - s.low : Number.NaN);
    const byCustomer = width(scoreBinary(ten, { seed: 1 }).scores.brier);
    const byRow = width(
      scoreBinary({ ...ten, entities: ten.entities.map((e, i) => e + i) }, { seed: 1 }).scores.brier,
    );
    expect(byCustomer).toBeCloseTo(width(scoreBinary(one, { seed: 1 }).scores.brier), 10);
    expect(byCustomer / byRow).toBeGreaterThan(2.8);
    expect(byCustomer / byRow).toBeLessThan(3.6);
  });

  it('hold the value, for every metric', () => {
    const shop = coinShop(800, 5);
    const amounts = { ...shop, actual: shop.actual.map((y, i) => y * (i % 37)) };
    const all = [scoreBinary(shop, { seed: 1 }), scoreAmount(amounts, { seed: 1 })];
    for (const score of all.flatMap((evaluation) => Object.values(evaluation.scores))) {
      expect(score.low).toBeLessThanOrEqual(score.value);
      expect(score.high).toBeGreaterThanOrEqual(score.value);
    }
    expect(all.map((evaluation) => Object.keys(evaluation.scores).length)).toEqual([7, 6]);
  });

  it('are the same for the same seed and for another row order', () => {
    const shop = coinShop(300, 6, 3);
    const back = {
      entities: shop.entities.toReversed(),
      actual: shop.actual.toReversed(),
      predicted: shop.predicted.toReversed(),
    };
    const first = scoreBinary(shop, { seed: 9 });
    expect(scoreBinary(shop, { seed: 9 })).toEqual(first);
    const turned = scoreBinary(back, { seed: 9 });
    expect(turned.scores.roc_auc?.low).toBeCloseTo(first.scores.roc_auc?.low ?? 0, 12);
    expect(scoreBinary(shop, { seed: 10 }).scores.roc_auc?.low).not.toBe(first.scores.roc_auc?.low);
  });
});

describe('what cannot be measured', () => {
  it('is missing with its reason, the rest is there', () => {
    const { scores, missing } = scoreBinary(
      { entities: ['a', 'b'], actual: Float64Array.of(0, 0), predicted: Float64Array.of(0.1, 0.2) },
      { seed: 1 },
    );
    expect(Object.keys(scores)).toEqual(['log_loss', 'brier', 'ece', 'accuracy']);
    expect(missing.map(({ metric }) => metric)).toEqual(['roc_auc', 'average_precision', 'f1']);
    expect(missing[0].needs.en).toMatch(/both outcomes/);
  });

  it('is an interval from one customer', () =>
    expect(() =>
      scoreBinary(
        { entities: ['a', 'a'], actual: Float64Array.of(0, 1), predicted: Float64Array.of(0, 1) },
        { seed: 1 },
      ),
    ).toThrow(/at least 2 customers.*got 1/));
});

it('the number of draws falls with the rows, and the stamp says it', () => {
  expect([100, 50_000, 100_000, 5_000_000].map(defaultDraws)).toEqual([1000, 1000, 500, 100]);
  expect(intervalWords(2800)).toBe('bootstrap by user, 95 %, 1000 draws');
  expect(intervalWords(100_000, { level: 0.9 })).toBe('bootstrap by user, 90 %, 500 draws');
  expect(scoreBinary(coinShop(50, 1), { seed: 1, draws: 20 }).interval).toBe(
    'bootstrap by user, 95 %, 20 draws',
  );
});
