// The level factor finds a known drift and doubts a little data.
import { describe, expect, it } from 'vitest';
import { random } from '../core/random.ts';
import { DAY_MS } from '../core/time.ts';
import { applyLevel, fitLevel } from './level.ts';
import { measure } from './metrics/metric.ts';

const horizonMs = 30 * DAY_MS;

function moment(asOf: number, rows: number, factor: number) {
  const stream = random(Math.floor(asOf / 1000) + rows);
  const predicted = Float64Array.from({ length: rows }, () => stream.gamma(0.8, 0.01));
  const actual = predicted.map((value) =>
    stream.uniform() < 0.5 ? 2 * value * factor * stream.exponential(1) : 0,
  );
  return {
    asOf,
    entities: Array.from(predicted, (_, i) => `c${i}`),
    actual,
    predicted,
  };
}

describe('the factor', () => {
  it('finds a third too little over three moments and takes the bias away', () => {
    const level = fitLevel([1, 2, 3].map((m) => moment(m * horizonMs, 3000, 1.5)));
    expect(level.measured).toBeGreaterThan(1.4);
    expect(level.measured).toBeLessThan(1.6);
    expect(level.factor).toBeLessThan(level.measured);
    const next = moment(4 * horizonMs, 6000, 1.5);
    const corrected = applyLevel(level, next.predicted);
    expect(Math.abs(measure('bias', { actual: next.actual, predicted: corrected }))).toBeLessThan(0.08);
    expect(measure('bias', next)).toBeLessThan(-0.28);
    expect(level.words.en).toMatch(/over 3 earlier moments actual over predicted was 1\.[45]/);
  });

  it('is drawn to 1 the more, the fewer customers it was seen on', () => {
    const shrinkage = [20, 200, 5000].map((rows) => {
      const { factor, measured } = fitLevel([moment(horizonMs, rows, 2)]);
      return Math.log(factor) / Math.log(measured);
    });
    expect(shrinkage[0]).toBeLessThan(shrinkage[1]);
    expect(shrinkage[1]).toBeLessThan(shrinkage[2]);
    expect(shrinkage[2]).toBeGreaterThan(0.85);
  });

  it('is 1 where there was no revenue, and says so', () => {
    const none = {
      asOf: 0,
      entities: ['a', 'b'],
      actual: Float64Array.of(0, 0),
      predicted: Float64Array.of(1, 2),
    };
    const level = fitLevel([none]);
    expect(level.factor).toBe(1);
    expect(level.words.en).toMatch(/no revenue/);
    expect(() => fitLevel([])).toThrow(/at least one earlier moment/);
  });
});
