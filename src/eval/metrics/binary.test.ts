// Metrics of probabilities against published examples, hand numbers and brute force.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { equalWidthEce } from './binary.ts';
import { BINARY_METRICS, type BinaryMetricName, measure } from './metric.ts';
import { evenWeights } from './predictions.ts';

const rows = (actual: number[], predicted: number[], threshold?: number) => ({
  actual: Float64Array.from(actual),
  predicted: Float64Array.from(predicted),
  threshold,
});

/** Coarse probabilities, so that ties are common. */
const sample = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 8 })), {
    minLength: 2,
    maxLength: 40,
  })
  .map((pairs) =>
    rows(
      pairs.map(([y]) => y),
      pairs.map(([, p]) => p / 8),
    ),
  );

describe('published examples', () => {
  // source: examples in the scikit-learn 1.5 reference of each metric
  const small = rows([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
  it('ROC AUC is .75', () => expect(measure('roc_auc', small)).toBeCloseTo(0.75, 12));
  it('average precision is .8333', () => expect(measure('average_precision', small)).toBeCloseTo(5 / 6, 12));
  it('log loss is .21616', () =>
    expect(measure('log_loss', rows([1, 0, 0, 1], [0.9, 0.1, 0.2, 0.65]))).toBeCloseTo(0.21616, 5));
  it('Brier is .0375', () =>
    expect(measure('brier', rows([0, 1, 1, 0], [0.1, 0.9, 0.8, 0.3]))).toBeCloseTo(0.0375, 12));
});

describe('by hand', () => {
  it('F1 and accuracy count a probability at the threshold as a yes', () => {
    const four = rows([1, 1, 0, 0], [0.7, 0.3, 0.7, 0.1], 0.7);
    expect(measure('f1', four)).toBeCloseTo(0.5, 12);
    expect(measure('accuracy', four)).toBeCloseTo(0.5, 12);
  });

  it('ECE of ten twenties is the mean gap', () => {
    const predicted = Array.from({ length: 200 }, (_, i) => (Math.floor(i / 20) + 0.5) / 10);
    const actual = predicted.map((p, i) => ((i % 20) / 20 < p - 0.1 ? 1 : 0));
    const gap = predicted.map((p, i) => p - actual[i]);
    let expected = 0;
    for (let b = 0; b < 10; b++)
      expected += Math.abs(gap.slice(b * 20, b * 20 + 20).reduce((a, c) => a + c, 0)) / 200;
    expect(measure('ece', rows(actual, predicted))).toBeCloseTo(expected, 12);
    expect(equalWidthEce(rows(actual, predicted))(evenWeights(200))).toBeCloseTo(expected, 12);
  });

  it('a sure probability that proves wrong costs a finite log loss', () =>
    expect(measure('log_loss', rows([1, 0], [0, 0]))).toBeCloseTo(-Math.log(1e-15) / 2, 6));

  it('one probability for everybody makes one bin, whatever the row order', () =>
    expect(measure('ece', rows([1, 0, 0, 1, 1], [0.5, 0.5, 0.5, 0.5, 0.5]))).toBeCloseTo(0.1, 12));
});

describe('brute force', () => {
  it('ROC AUC is the share of pairs in order, ties half', () => {
    fc.assert(
      fc.property(sample, ({ actual, predicted }) => {
        let pairs = 0;
        let won = 0;
        actual.forEach((y, i) => {
          actual.forEach((z, j) => {
            if (y !== 1 || z !== 0) return;
            pairs++;
            won += predicted[i] > predicted[j] ? 1 : predicted[i] === predicted[j] ? 0.5 : 0;
          });
        });
        fc.pre(pairs > 0);
        expect(measure('roc_auc', { actual, predicted })).toBeCloseTo(won / pairs, 10);
      }),
    );
  });

  it('average precision is the sum over distinct thresholds', () => {
    fc.assert(
      fc.property(sample, ({ actual, predicted }) => {
        const positives = actual.reduce((a, b) => a + b, 0);
        fc.pre(positives > 0);
        let last = 0;
        let sum = 0;
        for (const t of [...new Set(predicted)].sort((a, b) => b - a)) {
          const called = [...actual.keys()].filter((i) => predicted[i] >= t);
          const hits = called.filter((i) => actual[i] === 1).length;
          sum += ((hits - last) / positives) * (hits / called.length);
          last = hits;
        }
        expect(measure('average_precision', { actual, predicted })).toBeCloseTo(sum, 10);
      }),
    );
  });

  it.each(Object.keys(BINARY_METRICS) as BinaryMetricName[])(
    '%s does not depend on row order, and a weight of two is the row twice',
    (metric) => {
      const stream = random(7);
      fc.assert(
        fc.property(sample, fc.infiniteStream(fc.integer({ min: 0, max: 3 })), (one, weights) => {
          const times = Float64Array.from(one.actual, () => weights.next().value as number);
          const copies = [...one.actual.keys()].flatMap((i) => Array<number>(times[i]).fill(i));
          fc.pre(copies.length > 0 && (metric !== 'ece' || times.every((t) => t === times[0])));
          stream.shuffle(copies);
          const repeated = {
            actual: Float64Array.from(copies, (i) => one.actual[i]),
            predicted: Float64Array.from(copies, (i) => one.predicted[i]),
          };
          const weighted = BINARY_METRICS[metric].prepare(one)(times);
          const twice = BINARY_METRICS[metric].prepare(repeated)(evenWeights(copies.length));
          if (Number.isNaN(twice)) expect(weighted).toBeNaN();
          else expect(weighted).toBeCloseTo(twice, 10);
        }),
      );
    },
  );
});

describe('what cannot be measured is said', () => {
  it('one class has no AUC', () =>
    expect(() => measure('roc_auc', rows([1, 1], [0.2, 0.3]))).toThrow(
      /roc_auc has no value here.*both outcomes/,
    ));
  it('a probability outside [0, 1] is refused', () =>
    expect(() => measure('brier', rows([1, 0], [0.2, 1.3]))).toThrow(/1 of 2 outside/));
  it('NaN is refused', () =>
    expect(() => measure('brier', rows([1, 0], [0.2, Number.NaN]))).toThrow(
      /finite predictions, got 1 of 2/,
    ));
  it('a target of 2 is refused', () =>
    expect(() => measure('brier', rows([2, 0], [0.2, 0.3]))).toThrow(/targets of 0 or 1, got 1 of 2/));
  it('no rows are refused', () => expect(() => measure('brier', rows([], []))).toThrow(/got none/));
});
