import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import type { DesignMatrix } from './design.ts';
import { gammaLoss, type Loss, logistic, squared, tweedieLoss } from './loss.ts';
import { fitRegression, matrixMargin, type Penalty, type Regression } from './newton.ts';
import { solvePositive } from './normal/cholesky.ts';
import { gramMatrix } from './normal/gram.ts';

/** Motor Trend 1974 road tests (`mtcars` in R): weight in 1000 lb, miles per gallon, manual gearbox. */
const WEIGHT = [
  2.62, 2.875, 2.32, 3.215, 3.44, 3.46, 3.57, 3.19, 3.15, 3.44, 3.44, 4.07, 3.73, 3.78, 5.25, 5.424, 5.345,
  2.2, 1.615, 1.835, 2.465, 3.52, 3.435, 3.84, 3.845, 1.935, 2.14, 1.513, 3.17, 2.77, 3.57, 2.78,
];
const MPG = [
  21, 21, 22.8, 21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4, 10.4, 14.7, 32.4,
  30.4, 33.9, 21.5, 15.5, 15.2, 13.3, 19.2, 27.3, 26, 30.4, 15.8, 19.7, 15, 21.4,
];
const MANUAL = [
  1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1,
];

const oneColumn = (x: readonly number[]): DesignMatrix => ({
  rows: x.length,
  width: 1,
  dense: [{ at: 0, values: Float64Array.from(x) }],
  indicators: [],
});

const ones = (length: number) => new Float64Array(length).fill(1);
const zero = (width: number) => ({ coefficients: new Float64Array(width), intercept: 0 });
const FREE: Penalty = { ridge: 0, lasso: 0 };

/** Two numbers, a flag and a category of five: 9 coefficients. */
function randomProblem(loss: Loss, rows: number, seed: number): Regression {
  const draw = random(seed);
  const numbers = () => Float64Array.from({ length: rows }, () => draw.normal());
  const codes = (from: number, width: number) =>
    Int32Array.from({ length: rows }, () => (draw.uniform() < 0.3 ? -1 : from + draw.integer(width)));
  const matrix: DesignMatrix = {
    rows,
    width: 9,
    dense: [
      { at: 0, values: numbers() },
      { at: 1, values: numbers() },
    ],
    indicators: [
      { from: 2, width: 1, codes: codes(2, 1) },
      { from: 3, width: 5, codes: codes(3, 5) },
      { from: 8, width: 1, codes: codes(8, 1) },
    ],
  };
  const truth = { coefficients: Float64Array.of(0.6, -0.4, 0.5, 0, 0.3, 0, -0.6, 0, 0), intercept: -0.2 };
  const y = matrixMargin(matrix, truth).map((margin) => {
    if (loss.link === 'logit') return Number(draw.uniform() < 1 / (1 + Math.exp(-margin)));
    if (loss.link === 'log') return Math.exp(margin) * draw.gamma(1.5, 1.5);
    return margin + draw.normal();
  });
  return { matrix, y, weight: y.map(() => 0.5 + draw.uniform()), loss };
}

/** ∂ Σ weight·loss / ∂ coefficient, then / ∂ intercept, straight from the definition. */
function slopes(problem: Regression, margin: Float64Array): Float64Array {
  const { matrix, y, weight, loss } = problem;
  const sums = new Float64Array(matrix.width + 1);
  for (let i = 0; i < y.length; i++) {
    const pull = weight[i] * loss.slope(y[i], margin[i]);
    for (const { at, values } of matrix.dense) sums[at] += pull * values[i];
    for (const { codes } of matrix.indicators) if (codes[i] >= 0) sums[codes[i]] += pull;
    sums[matrix.width] += pull;
  }
  return sums;
}

const LOSSES = [logistic, squared, tweedieLoss(1.5), tweedieLoss(1.2), gammaLoss];

describe('losses', () => {
  it.each(LOSSES)('$name: slope and curvature are its derivatives', (loss) => {
    const step = 1e-4;
    for (const y of loss.link === 'logit' ? [0, 1] : [0.3, 2]) {
      for (const margin of [-2.5, -0.3, 0, 1.7]) {
        const rise = loss.value(y, margin + step) - loss.value(y, margin - step);
        const bend = loss.slope(y, margin + step) - loss.slope(y, margin - step);
        expect(loss.slope(y, margin)).toBeCloseTo(rise / (2 * step), 6);
        expect(loss.curvature(y, margin)).toBeCloseTo(bend / (2 * step), 6);
      }
    }
  });
});

describe('regression', () => {
  it('gives the coefficients R prints for lm(mpg ~ wt, mtcars)', async () => {
    const problem = { matrix: oneColumn(WEIGHT), y: Float64Array.from(MPG), weight: ones(32), loss: squared };
    const { coefficients, intercept } = await fitRegression(problem, { penalty: FREE, start: zero(1) });
    expect(intercept).toBeCloseTo(37.2851, 4);
    expect(coefficients[0]).toBeCloseTo(-5.3445, 4);
  });

  it('gives the coefficients R prints for glm(am ~ wt, binomial, mtcars)', async () => {
    const problem = {
      matrix: oneColumn(WEIGHT),
      y: Float64Array.from(MANUAL),
      weight: ones(32),
      loss: logistic,
    };
    const { coefficients, intercept } = await fitRegression(problem, { penalty: FREE, start: zero(1) });
    expect(intercept).toBeCloseTo(12.04, 2);
    expect(coefficients[0]).toBeCloseTo(-4.024, 3);
  });

  it.each(LOSSES)('$name with ridge stops where all slopes vanish', async (loss) => {
    const problem = randomProblem(loss, 400, 3);
    const fit = await fitRegression(problem, {
      penalty: { ridge: 7, lasso: 0 },
      start: zero(9),
      tolerance: 1e-15,
    });
    const slope = slopes(problem, matrixMargin(problem.matrix, fit));
    fit.coefficients.forEach((value, j) => {
      expect(Math.abs(slope[j] + 7 * value)).toBeLessThan(1e-4);
    });
    expect(Math.abs(slope[9])).toBeLessThan(1e-4);
  });

  it.each(LOSSES)(
    '$name with L1 meets the conditions of its optimum, some coefficients exactly zero',
    async (loss) => {
      const problem = randomProblem(loss, 400, 4);
      const penalty = { ridge: 3, lasso: 20 };
      const fit = await fitRegression(problem, { penalty, start: zero(9), tolerance: 1e-15 });
      const slope = slopes(problem, matrixMargin(problem.matrix, fit));
      let silent = 0;
      fit.coefficients.forEach((value, j) => {
        if (value === 0) {
          silent++;
          expect(Math.abs(slope[j])).toBeLessThanOrEqual(penalty.lasso + 1e-3);
        } else {
          expect(Math.abs(slope[j] + penalty.ridge * value + penalty.lasso * Math.sign(value))).toBeLessThan(
            1e-3,
          );
        }
      });
      expect(silent).toBeGreaterThan(0);
      expect(silent).toBeLessThan(9);
    },
  );

  it('counts a row of weight two as two rows', async () => {
    const problem = randomProblem(logistic, 60, 5);
    const twice = { ...problem, weight: problem.y.map((_, i) => (i % 2 === 0 ? 2 : 1)) };
    const rows = [...twice.weight.keys()].flatMap((i) => (i % 2 === 0 ? [i, i] : [i]));
    const repeated: Regression = {
      ...problem,
      y: Float64Array.from(rows, (i) => problem.y[i]),
      weight: ones(rows.length),
      matrix: {
        ...problem.matrix,
        rows: rows.length,
        dense: problem.matrix.dense.map(({ at, values }) => ({
          at,
          values: Float64Array.from(rows, (i) => values[i]),
        })),
        indicators: problem.matrix.indicators.map((each) => ({
          ...each,
          codes: Int32Array.from(rows, (i) => each.codes[i]),
        })),
      },
    };
    const options = { penalty: { ridge: 1, lasso: 0 }, start: zero(9), tolerance: 1e-14 };
    const [a, b] = [await fitRegression(twice, options), await fitRegression(repeated, options)];
    a.coefficients.forEach((value, j) => {
      expect(value).toBeCloseTo(b.coefficients[j], 6);
    });
  });

  it('reaches the same optimum when curvature comes from a tenth of the rows', async () => {
    const problem = randomProblem(logistic, 5000, 6);
    const options = { penalty: { ridge: 1, lasso: 0 }, start: zero(9), tolerance: 1e-14 };
    const all = await fitRegression(problem, options);
    const some = await fitRegression(problem, { ...options, curvatureRows: 500 });
    all.coefficients.forEach((value, j) => {
      expect(some.coefficients[j]).toBeCloseTo(value, 5);
    });
  });
});

describe('the normal matrix', () => {
  it('equals X′HX written out', () => {
    const { matrix } = randomProblem(squared, 700, 8);
    const rows = Int32Array.from({ length: 300 }, (_, i) => 2 * i + 1);
    const h = Float64Array.from(rows, (row) => 0.1 + (row % 7));
    const gram = gramMatrix(matrix, rows, h);
    const expected = new Float64Array(100);
    rows.forEach((row, i) => {
      const x = new Float64Array(10);
      for (const { at, values } of matrix.dense) x[at] = values[row];
      for (const { codes } of matrix.indicators) if (codes[row] >= 0) x[codes[row]] = 1;
      x[9] = 1;
      for (let j = 0; j < 10; j++) for (let k = 0; k < 10; k++) expected[j * 10 + k] += h[i] * x[j] * x[k];
    });
    gram.forEach((value, at) => {
      expect(value).toBeCloseTo(expected[at], 8);
    });
  });

  it('is solved by Cholesky, even when singular', () => {
    const x = solvePositive(Float64Array.of(4, 2, 2, 3), Float64Array.of(2, 5));
    expect(x[0]).toBeCloseTo(-0.5, 12);
    expect(x[1]).toBeCloseTo(2, 12);
    expect(solvePositive(Float64Array.of(1, 1, 1, 1), Float64Array.of(1, 1)).every(Number.isFinite)).toBe(
      true,
    );
  });
});
