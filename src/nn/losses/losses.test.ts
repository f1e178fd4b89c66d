// Losses against closed forms, their own minima, and central differences; PyTorch's values are in layers/goldens.test.ts.

import { describe, expect, it } from 'vitest';
import { evaluate } from '../../tensor/evaluate.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { constant, input } from '../../tensor/ops/leaf.ts';
import { matmul } from '../../tensor/ops/matrix.ts';
import { gradientDeviation } from '../gradient-check.ts';
import { binaryCrossEntropy, generalisedBce, generalisedBceExponent } from './binary.ts';
import { bpr, infoNce } from './ranking.ts';
import { absoluteError, huber, pinball, poisson, squaredError, tweedie } from './regression.ts';
import { crossEntropy, sampledSoftmax, tiedCrossEntropy, tiedCrossEntropyMean } from './softmax.ts';
import { weightedMean } from './weighted.ts';
import { zeroInflatedLogNormal, zeroInflatedLogNormalMean } from './zero-inflated-lognormal.ts';

const vector = (values: readonly number[]): Tensor => constant(values, [values.length]);
const numbers = (x: Tensor): number[] => [...(evaluate([x], {})[0] as Float64Array)];

const PREDICTIONS = [-1.3, 0.4, 2.1, -0.2, 0.9, 1.7];
const TARGETS = [0, 1, 0.3, 2.5, 0, 0.6];
const NO_KINK = [0.31, -0.72, 1.2, 0.55, -1.4, 0.8];
const SCORES = constant(NO_KINK, [2, 3]);

/** Each loss of something called `x`, with a value of it away from kinks. */
const LOSSES: Readonly<Record<string, readonly [shape: readonly number[], loss: (x: Tensor) => Tensor]>> = {
  binaryCrossEntropy: [[6], (x) => binaryCrossEntropy(x, vector([0, 1, 0.3, 1, 0, 0.6]))],
  generalisedBce: [
    [6],
    (x) => generalisedBce(x, constant(Array(12).fill(0.3), [6, 2]), { samplingRate: 0.1 }),
  ],
  'generalisedBce of negatives': [[2, 3], (x) => generalisedBce(vector([1, -1]), x, { samplingRate: 0.1 })],
  squaredError: [[6], (x) => squaredError(x, vector(TARGETS))],
  absoluteError: [[6], (x) => absoluteError(x, vector(TARGETS))],
  huber: [[6], (x) => huber(x, vector(TARGETS), 0.5)],
  tweedie: [[6], (x) => tweedie(x, vector(TARGETS), 1.3)],
  poisson: [[6], (x) => poisson(x, vector(TARGETS))],
  pinball: [[2, 3], (x) => pinball(x, vector([0.2, 0.7]), [0.1, 0.5, 0.9])],
  bpr: [[6], (x) => bpr(x, vector(TARGETS))],
  'infoNce of the left side': [[2, 3], (x) => infoNce(x, SCORES)],
  'infoNce of the right side, one way': [[2, 3], (x) => infoNce(SCORES, x, { symmetric: false })],
  zeroInflatedLogNormal: [[2, 3], (x) => zeroInflatedLogNormal(x, vector([0, 3.1]))],
  zeroInflatedLogNormalMean: [[2, 3], zeroInflatedLogNormalMean],
  'tiedCrossEntropy of the table': [
    [3, 2],
    (x) => tiedCrossEntropy({ states: reshaped(), table: x, targets: ids([2, 0]) }, { labelSmoothing: 0.2 }),
  ],
  'tiedCrossEntropyMean of the table': [
    [3, 2],
    (x) =>
      tiedCrossEntropyMean(
        { states: reshaped(), table: x, targets: ids([2, 0]) },
        { weights: vector([1, 0.25]) },
      ),
  ],
  'crossEntropy of logits': [[2, 3], (x) => crossEntropy(x, ids([2, 0]), { labelSmoothing: 0.1 })],
  'sampledSoftmax of the table': [
    [3, 2],
    (x) =>
      sampledSoftmax({ states: reshaped(), table: x, targets: ids([2, 0]), negatives: ids([1, 0, 0, 2]) }),
  ],
  'weightedMean of losses': [
    [6],
    (x) => weightedMean(squaredError(x, vector(TARGETS)), vector([1, 0, 2, 0.5, 0, 1])),
  ],
};

function ids(values: readonly number[]): Tensor {
  return constant(values, [values.length], 'int32');
}

function reshaped(): Tensor {
  return constant([0.3, -0.8, 1.1, 0.4], [2, 2]);
}

it.each(Object.entries(LOSSES))('%s has the gradient of its central difference', (_, [shape, loss]) => {
  const x = input('x', 'float', shape);
  expect(gradientDeviation(loss(x), [x], { x: NO_KINK })).toBeLessThan(1e-5);
});

describe('gBCE', () => {
  it('is BCE without calibration, and has the exponent α when fully calibrated', () => {
    expect(generalisedBceExponent({ samplingRate: 0.02, calibration: 0 })).toBeCloseTo(1, 12);
    expect(generalisedBceExponent({ samplingRate: 0.02, calibration: 1 })).toBeCloseTo(0.02, 12);
    // α = 256/12000, t = .75: β = α(t(1 − 1/α) + 1/α) = 1 − t + tα
    expect(generalisedBceExponent({ samplingRate: 256 / 12_000 })).toBeCloseTo(
      0.25 + (0.75 * 256) / 12_000,
      12,
    );
  });

  it('charges −ln of the raised chance and of each negative, over all of them', () => {
    const sigma = (x: number): number => 1 / (1 + Math.exp(-x));
    const options = { samplingRate: 0.1, calibration: 0.5 };
    const exponent = generalisedBceExponent(options);
    const [got] = numbers(generalisedBce(vector([0.7]), constant([-0.4, 1.2], [1, 2]), options));
    const want =
      -(Math.log(sigma(0.7) ** exponent) + Math.log(1 - sigma(-0.4)) + Math.log(1 - sigma(1.2))) / 3;
    expect(got).toBeCloseTo(want, 12);
  });

  it('refuses rates and calibrations outside their range', () => {
    expect(() => generalisedBceExponent({ samplingRate: 0 })).toThrow('sampling rate in (0, 1]');
    expect(() => generalisedBceExponent({ samplingRate: 0.5, calibration: 2 })).toThrow(
      'calibration in [0, 1]',
    );
  });
});

describe('losses of quantities', () => {
  /** Where on a fine grid the mean loss of one prediction for all targets is least. */
  function best(
    targets: readonly number[],
    loss: (x: Tensor, y: Tensor) => Tensor,
    grid: readonly number[],
  ): number {
    const totals = grid.map((x) =>
      numbers(loss(vector(targets.map(() => x)), vector(targets))).reduce((a, b) => a + b, 0),
    );
    return grid[totals.indexOf(Math.min(...totals))] as number;
  }
  const grid = Array.from({ length: 1201 }, (_, i) => -2 + i / 200);
  const amounts = [0, 0, 0.5, 1, 2, 3.5, 9];
  const meanAmount = 16 / 7;

  it('are least at what they estimate', () => {
    expect(best(amounts, squaredError, grid)).toBeCloseTo(meanAmount, 1);
    expect(best(amounts, absoluteError, grid)).toBe(1);
    expect(Math.exp(best(amounts, poisson, grid))).toBeCloseTo(meanAmount, 1);
    for (const power of [1.1, 1.5, 1.9])
      expect(Math.exp(best(amounts, (x, y) => tweedie(x, y, power), grid))).toBeCloseTo(meanAmount, 1);
  });

  it('of a quantile are least at the quantile', () => {
    const quantile = (q: number) => (x: Tensor, y: Tensor) => pinball(constantColumn(x), y, [q]);
    const many = Array.from({ length: 101 }, (_, i) => i / 50);
    expect(best(many, quantile(0.1), grid)).toBeCloseTo(0.2, 2);
    expect(best(many, quantile(0.9), grid)).toBeCloseTo(1.8, 2);
  });

  it('pinball is the textbook maximum for every quantile', () => {
    const quantiles = [0.1, 0.5, 0.8];
    const got = numbers(pinball(constant(NO_KINK, [2, 3]), vector([0.2, -0.5]), quantiles));
    const want = NO_KINK.map((prediction, i) => {
      const error = ([0.2, -0.5][Math.floor(i / 3)] as number) - prediction;
      const q = quantiles[i % 3] as number;
      return Math.max(q * error, (q - 1) * error);
    });
    for (const [i, value] of want.entries()) expect(got[i]).toBeCloseTo(value, 12);
  });

  it('tweedie is minus the logarithm of the compound Poisson chance of exactly zero', () => {
    // P(Y = 0) = exp(−μ^(2−ρ) / (2 − ρ)) at dispersion 1
    const [power, score] = [1.4, 0.6];
    expect(numbers(tweedie(vector([score]), vector([0]), power))[0]).toBeCloseTo(
      Math.exp(score) ** (2 - power) / (2 - power),
      12,
    );
  });

  it('refuse powers, deltas and quantiles outside their range', () => {
    expect(() => tweedie(SCORES, SCORES, 2)).toThrow('power between 1 and 2');
    expect(() => huber(SCORES, SCORES, 0)).toThrow('delta above 0');
    expect(() => pinball(SCORES, vector([1, 2]), [0.5, 1, 0.2])).toThrow('quantiles between 0 and 1');
    expect(() => pinball(SCORES, vector([1, 2]), [0.5])).toThrow('expected 3 quantiles');
  });
});

function constantColumn(x: Tensor): Tensor {
  return constant(numbers(x), [...x.shape, 1]);
}

describe('zero-inflated log-normal', () => {
  it('has the mean of the distribution its loss is the likelihood of', () => {
    const scores = [0.4, 0.8, -0.3];
    const scale = Math.log1p(Math.exp(-0.3));
    const mean = numbers(zeroInflatedLogNormalMean(constant(scores, [1, 3])))[0];
    // ∫ y·e^(−loss(y)) dy over y > 0, by substitution u = ln y
    const step = 0.001;
    let integral = 0;
    const grid = Array.from({ length: 14_000 }, (_, i) => -6 + i * step);
    const losses = numbers(
      zeroInflatedLogNormal(
        constant(
          grid.flatMap(() => scores),
          [grid.length, 3],
        ),
        vector(grid.map(Math.exp)),
      ),
    );
    for (const [i, u] of grid.entries()) integral += Math.exp(2 * u - (losses[i] as number)) * step;
    expect(mean).toBeCloseTo(integral, 6);
    expect(mean).toBeCloseTo((1 / (1 + Math.exp(-0.4))) * Math.exp(0.8 + scale ** 2 / 2), 10);
  });

  it('stays finite for amounts of 0 and scores far away', () => {
    const scores = constant([60, -40, -90, -60, 40, 90], [2, 3]);
    for (const loss of numbers(zeroInflatedLogNormal(scores, vector([0, 0])))) expect(loss).toBeLessThan(1e3);
  });
});

describe('the weighted mean', () => {
  it('counts padding as nothing', () => {
    const losses = vector([1, 2, 50]);
    expect(numbers(weightedMean(losses, vector([1, 3, 0])))[0]).toBeCloseTo(7 / 4, 12);
    expect(numbers(weightedMean(losses))[0]).toBeCloseTo(53 / 3, 12);
  });

  it('of padding alone is 0', () => {
    expect(numbers(weightedMean(vector([1, 2]), vector([0, 0])))).toEqual([0]);
  });

  it('refuses weights of another shape', () => {
    expect(() => weightedMean(vector([1, 2]), vector([1]))).toThrow(
      'expected a weight for each of [2], got [1]',
    );
  });
});

describe('contrast within a batch', () => {
  it('leaves padding out of the others', () => {
    const [left, right] = [constant(PREDICTIONS, [3, 2]), constant(NO_KINK, [3, 2])];
    const masked = numbers(infoNce(left, right, { mask: vector([1, 1, 0]) }));
    const alone = numbers(
      infoNce(constant(PREDICTIONS.slice(0, 4), [2, 2]), constant(NO_KINK.slice(0, 4), [2, 2])),
    );
    expect(masked[0]).toBeCloseTo(alone[0] as number, 9);
    expect(masked[1]).toBeCloseTo(alone[1] as number, 9);
  });
});

describe('cross-entropy', () => {
  it('of logits is that of the tied table that makes them, smoothed or not', () => {
    const states = constant([0.3, -0.8, 1.1, 0.2], [2, 2]);
    const table = constant([0.5, -1, 0.25, 2, -0.75, 0.1], [3, 2]);
    const logits = matmul(states, table, { transposeRight: true });
    for (const labelSmoothing of [0, 0.3]) {
      const tied = numbers(tiedCrossEntropy({ states, table, targets: ids([2, 0]) }, { labelSmoothing }));
      for (const [i, value] of numbers(crossEntropy(logits, ids([2, 0]), { labelSmoothing })).entries())
        expect(value).toBeCloseTo(tied[i] as number, 12);
    }
  });

  it('as a mean weighs each example, and is 0 where all weights are', () => {
    const input = {
      states: constant([0.3, -0.8, 1.1, 0.2], [2, 2]),
      table: constant([0.5, -1, 0.25, 2, -0.75, 0.1], [3, 2]),
      targets: ids([2, 0]),
    };
    const each = tiedCrossEntropy(input);
    for (const weights of [vector([1, 0.25]), undefined])
      expect(numbers(tiedCrossEntropyMean(input, { ...(weights && { weights }) }))[0]).toBeCloseTo(
        numbers(weightedMean(each, weights))[0] as number,
        12,
      );
    expect(numbers(tiedCrossEntropyMean(input, { weights: vector([0, 0]) }))).toEqual([0]);
  });
});

describe('a loss of a column and a row', () => {
  // [4, 1] and [4] stretch to [4, 4]: a number comes out, and training goes nowhere
  const column = constant([1, 2, 3, 4], [4, 1]);
  const row = vector([1, 2, 3, 4]);
  const table = constant([1, 2], [2, 1]);
  const states = constant([1, 2, 3, 4], [2, 2, 1]);
  it.each<readonly [string, () => Tensor]>([
    ['squaredError', () => squaredError(column, row)],
    ['absoluteError', () => absoluteError(column, row)],
    ['huber', () => huber(column, row)],
    ['tweedie', () => tweedie(column, row)],
    ['poisson', () => poisson(column, row)],
    ['pinball', () => pinball(constant([1, 2], [1, 2, 1]), vector([1, 2]), [0.5])],
    ['binaryCrossEntropy', () => binaryCrossEntropy(column, row)],
    ['generalisedBce', () => generalisedBce(row, constant([1], [1, 1]), { samplingRate: 0.1 })],
    ['bpr', () => bpr(column, row)],
    ['infoNce', () => infoNce(column, constant([1], [1, 1]))],
    ['zeroInflatedLogNormal', () => zeroInflatedLogNormal(constant([1, 2, 3], [1, 1, 3]), row)],
    ['tiedCrossEntropy', () => tiedCrossEntropy({ states, table, targets: ids([0, 1]) })],
    ['tiedCrossEntropyMean', () => tiedCrossEntropyMean({ states, table, targets: ids([0, 1]) })],
    ['sampledSoftmax', () => sampledSoftmax({ states, table, targets: ids([0, 1]), negatives: ids([0]) })],
  ])('is refused by %s', (name, loss) => {
    expect(loss).toThrow(`${name}: expected a target for each of`);
  });
});
