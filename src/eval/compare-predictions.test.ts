// Paired differences: sharper than two intervals, honest about nothing, by customer over several moments.
import { describe, expect, it } from 'vitest';
import { random } from '../core/random.ts';
import { comparePredictions } from './compare-predictions.ts';

/** Spend of customers over moments; `good` sees more of the truth than `poor`. */
function shop(customers: number, moments: number, seed: number) {
  const stream = random(seed);
  const rows = customers * moments;
  const entities = Array.from({ length: rows }, (_, i) => `c${i % customers}`);
  const asOf = Float64Array.from({ length: rows }, (_, i) => Math.floor(i / customers));
  const taste = Float64Array.from({ length: customers }, () => stream.gamma(0.7, 0.01));
  const actual = Float64Array.from({ length: rows }, (_, i) => taste[i % customers] * stream.uniform() * 2);
  const good = actual.map((_, i) => taste[i % customers] * (0.8 + 0.4 * stream.uniform()));
  const poor = good.map((value) => value * (0.6 + 0.9 * stream.uniform()));
  return { entities, asOf, actual, good, poor };
}

describe('the paired difference', () => {
  const { entities, asOf, actual, good, poor } = shop(400, 4, 1);

  it('finds the better predictor, either way round', () => {
    const forth = comparePredictions({ entities, actual, first: good, second: poor }, 'mae', { seed: 1 });
    const back = comparePredictions({ entities, actual, first: poor, second: good }, 'mae', { seed: 1 });
    expect(forth.better).toBe('first');
    expect(back.better).toBe('second');
    expect(back.difference.value).toBeCloseTo(-forth.difference.value, 9);
    expect(forth.difference.value).toBeCloseTo(forth.first - forth.second, 9);
    expect(
      comparePredictions({ entities, actual, first: good, second: poor }, 'norm_gini', { seed: 1 }).better,
    ).toBe('first');
  });

  it('finds nothing between a predictor and itself with noise of the same size', () => {
    const stream = random(5);
    const noisy = () => good.map((value) => value * (0.9 + 0.2 * stream.uniform()));
    const even = comparePredictions({ entities, actual, first: noisy(), second: noisy() }, 'mae', {
      seed: 1,
    });
    expect(even.better).toBe('neither');
  });

  it('is the plain mean of row differences for MAE, with its normal interval', () => {
    const one = shop(1500, 1, 3);
    const gap = one.actual.map((y, i) => Math.abs(one.good[i] - y) - Math.abs(one.poor[i] - y));
    const mean = gap.reduce((a, b) => a + b, 0) / gap.length;
    const stdDev = Math.sqrt(gap.reduce((a, b) => a + (b - mean) ** 2, 0) / (gap.length - 1));
    const { difference } = comparePredictions(
      { ...one, asOf: undefined, first: one.good, second: one.poor },
      'mae',
      {
        seed: 2,
      },
    );
    expect(difference.value).toBeCloseTo(mean, 9);
    const half = (1.96 * stdDev) / Math.sqrt(gap.length);
    expect((difference.high - difference.low) / (2 * half)).toBeGreaterThan(0.9);
    expect((difference.high - difference.low) / (2 * half)).toBeLessThan(1.1);
  });

  it('within moments does not reward knowing which moment was rich', () => {
    const richer = actual.map((value, i) => value * (asOf[i] === 3 ? 20 : 1));
    const knowing = good.map((value, i) => value * (asOf[i] === 3 ? 20 : 1));
    const pooled = comparePredictions(
      { entities, actual: richer, first: knowing, second: good },
      'norm_gini',
      {
        seed: 1,
      },
    );
    const within = comparePredictions(
      { entities, actual: richer, first: knowing, second: good, asOf },
      'norm_gini',
      {
        seed: 1,
      },
    );
    expect(pooled.better).toBe('first');
    expect(within.difference.value).toBeCloseTo(0, 9);
    expect(within.better).toBe('neither');
  });

  it('compares biases by their distance from zero', () => {
    const low = good.map((value) => value * 0.7);
    const high = good.map((value) => value * 1.9);
    const { better, first, second } = comparePredictions(
      { entities, actual, first: low, second: high },
      'bias',
      {
        seed: 1,
      },
    );
    expect(first).toBeGreaterThan(0);
    expect(second).toBeGreaterThan(first);
    expect(better).toBe('first');
  });

  it('compares probabilities of classes, each row by the class that came', () => {
    const rows = 300;
    const draw = random(5);
    const classes = 3;
    const came = Float64Array.from({ length: rows }, () => draw.integer(classes));
    const said = (share: number) =>
      Float64Array.from({ length: rows * classes }, (_, i) =>
        came[Math.floor(i / classes)] === i % classes ? share : (1 - share) / 2,
      );
    const examples = {
      entities: Array.from({ length: rows }, (_, i) => String(i)),
      actual: came,
      first: said(0.6),
      second: said(0.4),
      classes,
    };
    const { difference, better } = comparePredictions(examples, 'log_loss', { seed: 1 });
    expect(difference.value).toBeCloseTo(Math.log(0.4 / 0.6), 12);
    expect(better).toBe('first');
    expect(comparePredictions(examples, 'accuracy', { seed: 1 }).better).toBe('neither');
    expect(() => comparePredictions(examples, 'mae', { seed: 1 })).toThrow(/a metric of classes/);
  });
});
