import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { fitSparseLinear, type SparseLinear, type SparseProblem } from './sparse-linear.ts';
import { chooseRidge } from './sparse-penalty.ts';
import { type SparseRows, sparseProduct, takeSparseRows } from './sparse-rows.ts';

function sparse(dense: readonly (readonly number[])[]): SparseRows {
  const cells = dense.map((row) => row.flatMap((value, code) => (value === 0 ? [] : [{ code, value }])));
  const offsets = new Uint32Array(dense.length + 1);
  cells.forEach((row, i) => {
    offsets[i + 1] = offsets[i] + row.length;
  });
  return {
    rows: dense.length,
    width: dense[0].length,
    offsets,
    codes: Int32Array.from(cells.flat(), ({ code }) => code),
    values: Float32Array.from(cells.flat(), ({ value }) => value),
  };
}

const rows = Array.from({ length: 40 }, (_, i) => i);
const matrix = sparse(
  rows.map((i) =>
    Array.from({ length: 6 }, (_, j) => ((i * 7 + j * 13) % 11 < 4 ? (((i + j) % 5) + 1) / 4 : 0)),
  ),
);
const weight = Float64Array.from(rows, (i) => 1 + (i % 3));
const logistic: SparseProblem = {
  matrix,
  y: Float64Array.from(rows, (i) => Number((i * 5) % 7 < 3)),
  weight,
  loss: 'logistic',
};
const squared: SparseProblem = {
  ...logistic,
  y: Float64Array.from(rows, (i) => ((i * i) % 9) - 2),
  loss: 'squared',
};
const exact = { tolerance: 1e-11, maxSweeps: 5000, seed: 1 };

const objective = ({ y, loss, ...problem }: SparseProblem, ridge: number, at: Float64Array): number => {
  const margins = sparseProduct(problem.matrix, at.subarray(0, at.length - 1));
  let value = 0;
  for (let j = 0; j < at.length - 1; j++) value += 0.5 * ridge * at[j] ** 2;
  margins.forEach((part, i) => {
    const m = part + at[at.length - 1];
    value +=
      problem.weight[i] * (loss === 'squared' ? 0.5 * (m - y[i]) ** 2 : Math.log1p(Math.exp(m)) - y[i] * m);
  });
  return value;
};

const pointOf = ({ weights, intercept }: SparseLinear) => Float64Array.of(...weights, intercept);

describe('a sparse linear fit', () => {
  it('equals LogisticRegression of scikit-learn', async () => {
    const golden = {
      source: 'scikit-learn LogisticRegression on the 40 × 6 matrix above, row i weighing 1 + i % 3',
      command:
        "LogisticRegression(C=2, tol=1e-14, max_iter=10000, solver='newton-cholesky').fit(x, y, sample_weight=w)",
      version: 'scikit-learn 1.9.1',
      intercept: -0.7761156901113053,
      weights: [
        -0.14382571577439765, -0.23711272725559093, 1.8584192780904554, -0.9042962817451011,
        0.7950049366810281, 0.3687195002752884,
      ],
    };
    const { intercept, weights } = await fitSparseLinear(logistic, { ridge: 0.5, ...exact });
    expect(intercept).toBeCloseTo(golden.intercept, 7);
    golden.weights.forEach((expected, j) => {
      expect(weights[j]).toBeCloseTo(expected, 7);
    });
  });

  it('equals Ridge of scikit-learn', async () => {
    const golden = {
      source: 'scikit-learn Ridge on the same matrix, y = i² mod 9 − 2',
      command: "Ridge(alpha=.5, tol=1e-14, solver='cholesky').fit(x, y, sample_weight=w)",
      version: 'scikit-learn 1.9.1',
      intercept: 3.0304015729846405,
      weights: [
        0.009914478119008616, -2.5191227900480686, -1.0819140161227927, -0.7148249550667298,
        -1.6769113452302762, -0.8264584571187394,
      ],
    };
    const { intercept, weights } = await fitSparseLinear(squared, { ridge: 0.5, ...exact });
    expect(intercept).toBeCloseTo(golden.intercept, 7);
    golden.weights.forEach((expected, j) => {
      expect(weights[j]).toBeCloseTo(expected, 7);
    });
  });

  it.each([logistic, squared])(
    'of $loss ends where finite differences of the objective vanish',
    async (problem) => {
      const at = pointOf(await fitSparseLinear(problem, { ridge: 2, ...exact }));
      const step = 1e-5;
      for (let j = 0; j < at.length; j++) {
        const [above, below] = [at.slice(), at.slice()];
        above[j] += step;
        below[j] -= step;
        const slope = (objective(problem, 2, above) - objective(problem, 2, below)) / (2 * step);
        expect(Math.abs(slope)).toBeLessThan(1e-6);
      }
    },
  );

  it('ends at the same place from a neighbour, in fewer sweeps than from nothing', async () => {
    const from = await fitSparseLinear(logistic, { ridge: 1, ...exact });
    const cold = await fitSparseLinear(logistic, { ridge: 0.9, ...exact });
    const warm = await fitSparseLinear(logistic, { ridge: 0.9, ...exact, start: from });
    pointOf(warm).forEach((value, j) => {
      expect(value).toBeCloseTo(pointOf(cold)[j], 7);
    });
    const few = { ridge: 0.9, seed: 1, tolerance: 0, maxSweeps: 1 };
    const reached = async (start?: SparseLinear) =>
      objective(logistic, 0.9, pointOf(await fitSparseLinear(logistic, { ...few, ...(start && { start }) })));
    expect(await reached(from)).toBeLessThan(await reached());
  });

  it('counts a row of weight 2 as two rows', async () => {
    const twice = rows.flatMap((i) => Array.from({ length: weight[i] }, () => i));
    const repeated: SparseProblem = {
      matrix: takeSparseRows(matrix, twice),
      y: Float64Array.from(twice, (i) => logistic.y[i]),
      weight: new Float64Array(twice.length).fill(1),
      loss: 'logistic',
    };
    const a = pointOf(await fitSparseLinear(repeated, { ridge: 0.5, ...exact }));
    const b = pointOf(await fitSparseLinear(logistic, { ridge: 0.5, ...exact }));
    a.forEach((value, j) => {
      expect(value).toBeCloseTo(b[j], 7);
    });
  });

  it('has no weights where every outcome is the same, and survives rows of nothing', async () => {
    const constant = await fitSparseLinear({ ...logistic, y: new Float64Array(40) }, { ridge: 1, seed: 1 });
    expect(constant.weights.every((value) => value === 0)).toBe(true);
    expect(constant.intercept).toBeLessThan(-4);
    const bare = { ...matrix, offsets: new Uint32Array(41) };
    const nothing = await fitSparseLinear({ ...logistic, matrix: bare }, { ridge: 1, ...exact });
    const rate = rows.reduce((sum, i) => sum + weight[i] * logistic.y[i], 0) / weight.reduce((a, b) => a + b);
    expect(1 / (1 + Math.exp(-nothing.intercept))).toBeCloseTo(rate, 8);
  });

  it('stops when told to', async () => {
    const stop = AbortSignal.abort();
    await expect(fitSparseLinear(logistic, { ridge: 1, seed: 1, signal: stop })).rejects.toThrow(
      /interrupted/,
    );
  });
});

describe('the penalty', () => {
  const draw = random(4);
  const many = Array.from({ length: 1200 }, () =>
    Array.from({ length: 30 }, () => Number(draw.uniform() < 0.2)),
  );
  const problemOf = (signal: number): SparseProblem => ({
    matrix: sparse(many),
    y: Float64Array.from(many, (row) => {
      const margin = signal * (row[0] + row[1] - row[2] - row[3]);
      return Number(draw.uniform() < 1 / (1 + Math.exp(-margin)));
    }),
    weight: new Float64Array(1200).fill(1),
    loss: 'logistic',
  });
  const entities = many.map((_, i) => `row ${i}`);

  it('is weak where words decide and strong where they say nothing', async () => {
    const decided = await chooseRidge(problemOf(3), { entities, seed: 1 });
    const noise = await chooseRidge(problemOf(0), { entities, seed: 1 });
    expect(decided).toBeLessThanOrEqual(2);
    expect(noise).toBeGreaterThanOrEqual(30);
  });
});
