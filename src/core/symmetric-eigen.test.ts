// Eigenvalues: the matrix comes back from them, of every shape that has been trouble.
import { describe, expect, it } from 'vitest';
import { random } from './random.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

type Matrix = readonly (readonly number[])[];

const symmetric = (size: number, draw: (i: number, j: number) => number): Matrix => {
  const half = Array.from({ length: size }, (_, i) => Array.from({ length: i + 1 }, (_, j) => draw(i, j)));
  return half.map((_, i) => half.map((_, j) => half[Math.max(i, j)][Math.min(i, j)]));
};
const draws = random(1);
const outer = symmetric(1, () => 1);

const SHAPES: Readonly<Record<string, Matrix>> = {
  'a number': outer,
  'two by two': [
    [2, 1],
    [1, 2],
  ],
  'nothing but zeros': symmetric(5, () => 0),
  'one value many times': symmetric(6, (i, j) => (i === j ? 3 : 0)),
  'rank one': symmetric(9, (i, j) => (i + 1) * (j + 1)),
  'apart in blocks': symmetric(8, (i, j) => (i < 4 === j < 4 ? draws.normal() : 0)),
  'values from tiny to huge': symmetric(7, (i, j) => (i === j ? 10 ** (2 * i - 8) : 0)),
  'negative values': symmetric(6, (i, j) => (i === j ? -i : 0.1)),
  'drawn, of forty': symmetric(40, () => draws.normal()),
};

describe('eigenvalues and vectors', () => {
  for (const [shape, matrix] of Object.entries(SHAPES))
    it(`make the matrix again: ${shape}`, () => {
      const size = matrix.length;
      const { values, vectors } = symmetricEigen(Float64Array.from(matrix.flat()), size);
      const largest = Math.max(1e-300, ...values.map(Math.abs));
      const column = (k: number) => Array.from({ length: size }, (_, i) => vectors[i * size + k]);
      const dot = (a: readonly number[], b: readonly number[]) =>
        a.reduce((sum, one, i) => sum + one * b[i], 0);
      for (let k = 0; k < size; k++) {
        if (k > 0) expect(values[k]).toBeLessThanOrEqual(values[k - 1]);
        for (let l = 0; l <= k; l++) expect(dot(column(k), column(l))).toBeCloseTo(Number(k === l), 12);
        const image = matrix.map((row) => dot(row, column(k)));
        image.forEach(
          (one, i) =>
            void expect(Math.abs(one - values[k] * column(k)[i])).toBeLessThan(1e-13 * size * largest),
        );
      }
    });

  it('are those known: 3 and 1; and 2 − 2 cos(kπ / (n + 1)) of a chain', () => {
    expect([...symmetricEigen(Float64Array.of(2, 1, 1, 2), 2).values]).toEqual([
      expect.closeTo(3, 14),
      expect.closeTo(1, 14),
    ]);
    const n = 50;
    const chain = symmetric(n, (i, j) => (i === j ? 2 : i - j === 1 ? -1 : 0));
    const { values } = symmetricEigen(Float64Array.from(chain.flat()), n);
    values.forEach(
      (value, k) => void expect(value).toBeCloseTo(2 - 2 * Math.cos(((n - k) * Math.PI) / (n + 1)), 12),
    );
  });
});
