// Metrics of amounts against published examples, hand numbers and brute force.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { scoreAmount } from '../evaluate-predictions.ts';
import { AMOUNT_METRICS, type AmountMetricName, measure } from './metric.ts';
import { evenWeights } from './predictions.ts';

const rows = (actual: number[], predicted: number[]) => ({
  actual: Float64Array.from(actual),
  predicted: Float64Array.from(predicted),
});

/** Zero-inflated money with ties. */
const sample = fc
  .array(fc.tuple(fc.constantFrom(0, 0, 0, 1, 5, 5, 40, 900, -3), fc.integer({ min: 0, max: 9 })), {
    minLength: 2,
    maxLength: 40,
  })
  .map((pairs) =>
    rows(
      pairs.map(([y]) => y),
      pairs.map(([, p]) => p),
    ),
  );

describe('published examples', () => {
  // source: examples in the scikit-learn 1.5 and SciPy 1.14 references
  const four = rows([3, -0.5, 2, 7], [2.5, 0, 2, 8]);
  it('MAE is .5', () => expect(measure('mae', four)).toBeCloseTo(0.5, 12));
  it('RMSE is .6124', () => expect(measure('rmse', four)).toBeCloseTo(0.612372, 6));
  it('Spearman is .8208', () =>
    expect(measure('spearman', rows([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]))).toBeCloseTo(0.8207826816681233, 12));
});

describe('by hand', () => {
  it('bias is negative when the total is predicted too low', () =>
    expect(measure('bias', rows([100, 0, 100], [50, 10, 100]))).toBeCloseTo(-0.2, 12));
  it('WAPE is the absolute error over the absolute total', () =>
    expect(measure('wape', rows([100, 0, -100], [50, 10, -100]))).toBeCloseTo(0.3, 12));
  it('normalised Gini is 1 in the right order, −1 in the reverse, 0 for a constant', () => {
    expect(measure('norm_gini', rows([0, 0, 10, 90], [1, 1, 2, 3]))).toBeCloseTo(1, 12);
    expect(measure('norm_gini', rows([0, 0, 10, 90], [4, 4, 3, 2]))).toBeCloseTo(-1, 12);
    expect(measure('norm_gini', rows([0, 0, 10, 90], [7, 7, 7, 7]))).toBeCloseTo(0, 12);
  });
  it('normalised Gini does not change when all amounts are shifted, below zero or far above', () => {
    const own = measure('norm_gini', rows([0, 3, 10, 90], [1, 3, 2, 4]));
    for (const shift of [-50, -25.75, 1e9])
      expect(
        measure(
          'norm_gini',
          rows(
            [0, 3, 10, 90].map((y) => y + shift),
            [1, 3, 2, 4],
          ),
        ),
      ).toBeCloseTo(own, 9);
  });
  it('coverage counts both ends', () =>
    expect(
      measure('coverage', {
        ...rows([0, 5, 9, 20], [1, 1, 1, 1]),
        low: Float64Array.of(0, 1, 1, 1),
        high: Float64Array.of(4, 5, 8, Number.POSITIVE_INFINITY),
      }),
    ).toBeCloseTo(0.75, 12));
});

describe('brute force', () => {
  it('Spearman is the correlation of ranks counted pair by pair', () => {
    fc.assert(
      fc.property(sample, ({ actual, predicted }) => {
        fc.pre(new Set(actual).size > 1 && new Set(predicted).size > 1);
        const rank = (values: Float64Array) =>
          values.map((v) => values.reduce((r, o) => r + (o < v ? 1 : o === v ? 0.5 : 0), 0.5));
        const x = rank(actual);
        const y = rank(predicted);
        const mean = (x.length + 1) / 2;
        const dot = (a: Float64Array, b: Float64Array) =>
          a.reduce((sum, value, i) => sum + (value - mean) * (b[i] - mean), 0);
        expect(measure('spearman', { actual, predicted })).toBeCloseTo(
          dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y)),
          9,
        );
      }),
    );
  });

  it('normalised Gini is that of pairs: Σ sign(predicted gap) · actual gap over Σ |actual gap|', () => {
    fc.assert(
      fc.property(sample, ({ actual, predicted }) => {
        fc.pre(new Set(actual).size > 1);
        let top = 0;
        let bottom = 0;
        actual.forEach((y, i) => {
          actual.forEach((z, j) => {
            top += Math.sign(predicted[i] - predicted[j]) * (y - z);
            bottom += Math.abs(y - z);
          });
        });
        expect(measure('norm_gini', { actual, predicted })).toBeCloseTo(top / bottom, 9);
      }),
    );
  });

  it.each(Object.keys(AMOUNT_METRICS).filter((metric) => metric !== 'coverage') as AmountMetricName[])(
    '%s: a weight of two is the row twice',
    (metric) => {
      fc.assert(
        fc.property(sample, fc.infiniteStream(fc.integer({ min: 0, max: 3 })), (one, weights) => {
          const times = Float64Array.from(one.actual, () => weights.next().value as number);
          const copies = [...one.actual.keys()].flatMap((i) => Array<number>(times[i]).fill(i)).reverse();
          fc.pre(copies.length > 0);
          const repeated = {
            actual: Float64Array.from(copies, (i) => one.actual[i]),
            predicted: Float64Array.from(copies, (i) => one.predicted[i]),
          };
          const weighted = AMOUNT_METRICS[metric].prepare(one)(times);
          const twice = AMOUNT_METRICS[metric].prepare(repeated)(evenWeights(copies.length));
          if (Number.isNaN(twice)) expect(weighted).toBeNaN();
          else expect(weighted).toBeCloseTo(twice, 9);
        }),
      );
    },
  );
});

describe('what cannot be measured is said', () => {
  it('amounts that sum to nothing have no bias', () =>
    expect(() => measure('bias', rows([0, 0], [1, 2]))).toThrow(/sum to more than zero/));
  it('amounts that sum to less than nothing have none either', () =>
    expect(() => measure('bias', rows([-10, 2], [1, 2]))).toThrow(/sum to more than zero/));
  it('amounts that cancel out have none, and every other score', () => {
    const stream = random(4);
    const actual = Float64Array.from({ length: 400 }, () => stream.normal());
    const { scores, missing } = scoreAmount(
      {
        entities: Array.from(actual, String),
        actual,
        predicted: actual.map((y) => 0.5 * y + stream.normal()),
      },
      { seed: 1, draws: 100 },
    );
    expect(missing.map(({ metric }) => metric)).toEqual(['bias']);
    expect(Object.keys(scores).sort()).toEqual(['mae', 'norm_gini', 'rmse', 'spearman', 'wape']);
    for (const { value, low, high } of Object.values(scores))
      expect([value, low, high].every(Number.isFinite)).toBe(true);
  });
  it('equal amounts have no Gini', () =>
    expect(() => measure('norm_gini', rows([-3, -3, -3], [1, 2, 3]))).toThrow(/amounts that differ/));
  it('equal predictions have no Spearman', () =>
    expect(() => measure('spearman', rows([0, 1], [1, 1]))).toThrow(/spearman has no value here/));
  it('an infinite prediction is refused', () =>
    expect(() => measure('mae', rows([0, 1], [1, Number.POSITIVE_INFINITY]))).toThrow(/finite predictions/));
});
