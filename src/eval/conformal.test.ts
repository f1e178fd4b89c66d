// Intervals for zero-inflated money: they cover what they say, rise with the prediction, and admit too little data.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../core/random.ts';
import { type AmountInterval, applyAmountInterval, fitAmountInterval } from './conformal.ts';
import { measure } from './metrics/metric.ts';

/** Most spend nothing, a few spend very much; the prediction is the mean, seen through noise. */
function spenders(rows: number, seed: number, refunds = 0) {
  const stream = random(seed);
  const entities = Array.from({ length: rows }, (_, i) => `c${seed}-${i}`);
  const predicted = new Float64Array(rows);
  const actual = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const buys = stream.beta(0.8, 1.4);
    const basket = 50 * Math.exp(stream.normal(0, 1));
    actual[i] = stream.uniform() < buys ? basket * stream.poisson(2) * Math.exp(stream.normal(0, 0.6)) : 0;
    if (stream.uniform() < refunds) actual[i] = -basket * stream.uniform();
    predicted[i] = buys * basket * 2.3 * Math.exp(stream.normal(0, 0.3));
  }
  return { entities, actual, predicted };
}

const covered = (interval: AmountInterval, rows: { actual: Float64Array; predicted: Float64Array }) =>
  measure('coverage', { ...rows, ...applyAmountInterval(interval, rows.predicted) });

describe('coverage', () => {
  it.each([0.8, 0.9, 0.95])('is %f on new customers, within a few points, on average over shops', (level) => {
    const shares = Array.from({ length: 12 }, (_, seed) => {
      const interval = fitAmountInterval(spenders(2500, seed), { level, seed: 1 });
      return covered(interval as AmountInterval, spenders(5000, 1000 + seed));
    });
    const mean = shares.reduce((a, b) => a + b, 0) / shares.length;
    expect(mean).toBeGreaterThan(level - 0.01);
    // Above, because a group in which more than `level` spend nothing cannot be covered less than that.
    expect(mean).toBeLessThan(level + 0.045);
  });

  it('holds among high predictions as among all', () => {
    const interval = fitAmountInterval(spenders(4000, 3), { seed: 1 }) as AmountInterval;
    const later = spenders(20_000, 4);
    const edge = later.predicted.slice().sort()[16_000];
    const top = Array.from(later.predicted.keys()).filter((i) => later.predicted[i] >= edge);
    const share = covered(interval, {
      actual: Float64Array.from(top, (i) => later.actual[i]),
      predicted: Float64Array.from(top, (i) => later.predicted[i]),
    });
    expect(share).toBeGreaterThan(0.86);
    expect(share).toBeLessThan(0.95);
  });

  it('of forty rows is at least what it says on average, though wide', () => {
    const shares = Array.from({ length: 200 }, (_, seed) =>
      covered(
        fitAmountInterval(spenders(40, seed), { seed: 1 }) as AmountInterval,
        spenders(300, 5000 + seed),
      ),
    );
    expect(shares.reduce((a, b) => a + b, 0) / shares.length).toBeGreaterThan(0.89);
  });

  it('holds with refunds, which low does not pass over when they are many', () => {
    const interval = fitAmountInterval(spenders(3000, 5, 0.06), { seed: 1 }) as AmountInterval;
    expect(covered(interval, spenders(10_000, 6, 0.06))).toBeGreaterThan(0.88);
    expect(applyAmountInterval(interval, Float64Array.of(1)).low[0]).toBeLessThan(0);
    const few = fitAmountInterval(spenders(3000, 5, 0.005), { seed: 1 }) as AmountInterval;
    expect(applyAmountInterval(few, Float64Array.of(1)).low[0]).toBe(0);
  });

  it('of amounts of both signs adds residuals', () => {
    const stream = random(9);
    const predicted = Float64Array.from({ length: 3000 }, () => stream.normal());
    const actual = predicted.map((value) => value + stream.exponential(1) - 1);
    const interval = fitAmountInterval(
      { entities: Array.from(actual, String), actual, predicted },
      { seed: 1 },
    );
    expect(interval?.method).toBe('conformal-residual');
    expect(covered(interval as AmountInterval, { actual, predicted })).toBeGreaterThan(0.89);
    expect(covered(interval as AmountInterval, { actual, predicted })).toBeLessThan(0.92);
  });

  it('follows the weights: a later level counts when it is given the weight', () => {
    const old = spenders(1500, 10);
    const recent = { ...spenders(1500, 11) };
    recent.actual = recent.actual.map((value) => value * 3);
    const join = (a: Float64Array, b: Float64Array) => Float64Array.from([...a, ...b]);
    const both = {
      entities: [...old.entities, ...recent.entities],
      actual: join(old.actual, recent.actual),
      predicted: join(old.predicted, recent.predicted),
    };
    const weight = Float64Array.from({ length: 3000 }, (_, i) => (i < 1500 ? 0.01 : 1));
    const next = { ...spenders(5000, 12) };
    next.actual = next.actual.map((value) => value * 3);
    const even = covered(fitAmountInterval(both, { seed: 1 }) as AmountInterval, next);
    const weighted = covered(fitAmountInterval({ ...both, weight }, { seed: 1 }) as AmountInterval, next);
    expect(even).toBeLessThan(0.88);
    expect(weighted).toBeGreaterThan(0.88);
  });
});

describe('shape', () => {
  /** Everybody spends; how surely differs from one range of predictions to the next, so groups stretch differently. */
  function regulars(rows: number, seed: number) {
    const stream = random(seed);
    const predicted = Float64Array.from({ length: rows }, () => 100 * stream.uniform());
    const actual = predicted.map((value) => {
      const spread = stream.uniform() < 0.03 ? 2 : Math.floor(value / 20) % 2 ? 0.7 : 0.05;
      return value * Math.exp(stream.normal(0, spread));
    });
    return { entities: Array.from(predicted, (_, i) => `r${seed}-${i}`), actual, predicted };
  }

  it('both ends rise with the prediction and hold it, for any shop', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.integer({ min: 10, max: 1200 }),
        fc.boolean(),
        (seed, rows, regular) => {
          const shop = regular ? regulars(rows * 2, seed) : spenders(rows, seed, (seed % 3) / 30);
          const interval = fitAmountInterval(shop, { seed: 1 }) as AmountInterval;
          const grid = Float64Array.from({ length: 400 }, (_, i) => (i * i) / (regular ? 800 : 20));
          const { low, high } = applyAmountInterval(
            JSON.parse(JSON.stringify(interval)) as AmountInterval,
            grid,
          );
          for (let i = 0; i < grid.length; i++) {
            expect(low[i]).toBeLessThanOrEqual(grid[i]);
            expect(high[i]).toBeGreaterThanOrEqual(grid[i]);
            expect(Number.isFinite(low[i]) && Number.isFinite(high[i])).toBe(true);
            if (i === 0) continue;
            expect(low[i]).toBeGreaterThanOrEqual(low[i - 1] - 1e-9);
            expect(high[i]).toBeGreaterThanOrEqual(high[i - 1] - 1e-9);
          }
        },
      ),
      { numRuns: 40, seed: 1 },
    );
  });

  it('low leaves zero where customers surely spend', () => {
    const stream = random(2);
    const predicted = Float64Array.from({ length: 3000 }, () => 10 * Math.exp(stream.normal(0, 1.5)));
    const actual = predicted.map((value) => value * Math.exp(stream.normal(0, 0.3)));
    const rows = { entities: Array.from(actual, String), actual, predicted };
    const interval = fitAmountInterval(rows, { seed: 1 }) as AmountInterval;
    const { low, high } = applyAmountInterval(interval, Float64Array.of(100));
    expect(low[0]).toBeGreaterThan(30);
    expect(high[0]).toBeLessThan(300);
  });

  it('nobody spending gives a narrow interval, not a broken one', () => {
    const none = { entities: Array.from({ length: 500 }, (_, i) => `c${i}`), actual: new Float64Array(500) };
    const interval = fitAmountInterval(
      { ...none, predicted: new Float64Array(500) },
      { seed: 1 },
    ) as AmountInterval;
    const { low, high } = applyAmountInterval(interval, Float64Array.of(0, 5));
    expect(Array.from(low)).toEqual([0, 0]);
    expect(high[1]).toBeGreaterThanOrEqual(5);
  });

  it('nine rows are too few for 90 %, ten are not', () => {
    expect(fitAmountInterval(spenders(9, 1), { seed: 1 })).toBeUndefined();
    expect(fitAmountInterval(spenders(10, 1), { seed: 1 })).toBeDefined();
  });
});
