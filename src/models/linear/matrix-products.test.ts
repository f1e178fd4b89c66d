// Products with a design matrix: the bits of adding column by column, however many are taken at a time.
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import type { DesignMatrix } from './design.ts';
import { columnSums, marginsOf } from './matrix-products.ts';

const ROWS = 131;

/** Numbers, some of them zero, and flags and categories that are often unlit. */
function randomMatrix(numbers: number, widths: readonly number[]): DesignMatrix {
  const draw = random(numbers);
  const dense = Array.from({ length: numbers }, (_, at) => ({
    at,
    values: Float64Array.from({ length: ROWS }, (_, i) => (i % 6 === 0 ? 0 : draw.normal())),
  }));
  let width = numbers;
  const indicators = widths.map((own) => {
    const from = width;
    width += own;
    const codes = Int32Array.from({ length: ROWS }, () =>
      draw.uniform() < 0.4 ? -1 : from + draw.integer(own),
    );
    return { from, width: own, codes };
  });
  return { rows: ROWS, width, dense, indicators };
}

const CASES = [0, 1, 3, 4, 5, 8, 11].flatMap((numbers) => [
  { numbers, widths: [] },
  { numbers, widths: [1, 7, 2] },
]);

describe('a design matrix', () => {
  it.each(CASES)('times coefficients: $numbers numbers, indicators of $widths', ({ numbers, widths }) => {
    const matrix = randomMatrix(numbers, widths);
    const draw = random(1);
    const beta = Float64Array.from({ length: matrix.width + 1 }, (_, j) => (j % 3 === 1 ? 0 : draw.normal()));
    const expected = new Float64Array(ROWS).fill(beta[matrix.width]);
    for (let i = 0; i < ROWS; i++) {
      for (const { at, values } of matrix.dense) expected[i] += beta[at] * values[i];
      for (const { codes } of matrix.indicators) if (codes[i] >= 0) expected[i] += beta[codes[i]];
    }
    expect(marginsOf(matrix, beta)).toEqual(expected);
  });

  it.each(CASES)('transposed, times rows: $numbers numbers, indicators of $widths', ({ numbers, widths }) => {
    const matrix = randomMatrix(numbers, widths);
    const draw = random(2);
    const pull = Float64Array.from({ length: ROWS }, () => draw.normal());
    const expected = new Float64Array(matrix.width);
    for (let i = 0; i < ROWS; i++) {
      for (const { at, values } of matrix.dense) expected[at] += pull[i] * values[i];
      for (const { codes } of matrix.indicators) if (codes[i] >= 0) expected[codes[i]] += pull[i];
    }
    expect(columnSums(matrix, pull)).toEqual(expected);
  });
});
