import { describe, expect, it } from 'vitest';
import { random } from '../core/random.ts';
import type { Question } from './estimator.ts';
import { lossFor, meanByCustomer, rowLosses } from './held-out-loss.ts';

const question = (kind: Question['kind']): Question => ({
  kind,
  outcome: 'other',
  horizonDays: 30,
  discountPerYear: 0,
  ...(kind === 'classes' && { classes: 3 }),
});
const numbers = (...values: number[]) => Float64Array.from(values);

describe('held-out loss', () => {
  it('is minus the logarithm of what was said of the outcome that came', () => {
    const binary = rowLosses('log_loss', {
      question: question('binary'),
      target: numbers(1, 0, 1),
      predicted: numbers(0.8, 0.25, 0),
    });
    expect(binary[0]).toBeCloseTo(-Math.log(0.8), 12);
    expect(binary[1]).toBeCloseTo(-Math.log(0.75), 12);
    expect(binary[2]).toBeLessThan(20);
    const classes = rowLosses('log_loss', {
      question: question('classes'),
      target: numbers(2, 0),
      predicted: numbers(0.1, 0.2, 0.7, 0.5, 0.3, 0.2),
    });
    expect([...classes]).toEqual([-Math.log(0.7), -Math.log(0.5)]);
  });

  it.each([
    ['squared', 'mean'],
    ['tweedie', 'mean'],
    ['absolute', 'median'],
  ] as const)('%s is least at the %s', (loss, middle) => {
    const draw = random(1);
    const target = Float64Array.from({ length: 2001 }, () =>
      draw.uniform() < 0.3 ? 0 : draw.gamma(1, 0.01),
    );
    const mean = target.reduce((sum, y) => sum + y, 0) / target.length;
    const best = middle === 'mean' ? mean : target.slice().sort()[1000];
    const total = (value: number) =>
      rowLosses(loss, {
        question: question('amount'),
        target,
        predicted: new Float64Array(target.length).fill(value),
      }).reduce((sum, own) => sum + own, 0);
    for (const factor of [0.8, 0.95, 1.05, 1.25]) expect(total(best)).toBeLessThan(total(best * factor));
  });

  it('is chosen by the question: a deviance where amounts are spend, squares where they have both signs', () => {
    expect(lossFor({ question: question('binary'), target: numbers(0, 1) })).toBe('log_loss');
    expect(lossFor({ question: question('amount'), target: numbers(0, 120, 80, -1) })).toBe('tweedie');
    expect(lossFor({ question: question('amount'), target: numbers(-1, 2, -3) })).toBe('squared');
  });
});

describe('the mean by customer', () => {
  it('has the standard error that drawing customers gives', () => {
    const draw = random(2);
    const errors: number[] = [];
    const means: number[] = [];
    for (let shop = 0; shop < 400; shop++) {
      const values: number[] = [];
      const entities: string[] = [];
      for (let customer = 0; customer < 60; customer++) {
        const own = draw.normal();
        for (let row = 0; row < 4; row++) {
          values.push(own + draw.normal(0, 0.3));
          entities.push(`${customer}`);
        }
      }
      const weight = new Float64Array(values.length).fill(1);
      const { mean, standardError } = meanByCustomer(Float64Array.from(values), { entities, weight });
      means.push(mean);
      errors.push(standardError);
    }
    const spread = Math.sqrt(means.reduce((sum, mean) => sum + mean * mean, 0) / means.length);
    const claimed = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    // 400 shops know a standard deviation to about 4 %; rows taken as independent would claim half of it.
    expect(Math.abs(claimed / spread - 1)).toBeLessThan(0.12);
  });
});
