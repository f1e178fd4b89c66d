// The kernels of the normal equations: WebAssembly and plain TypeScript give the same bits.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Random, random } from '../../../../core/random.ts';
import { webAssembly } from '../../../../tensor/web-assembly.ts';
import type { DesignMatrix, Indicator } from '../../design.ts';
import { solvePositive } from '../cholesky.ts';
import { descendCoordinates } from '../descent.ts';
import { gramMatrix } from '../gram.ts';
import { openWorkbench } from './workbench.ts';

const bitsOf = (values: Float64Array) => Buffer.from(values.slice().buffer).toString('base64');
const PLAIN = { simd: false };

/** Numbers of wide range, flags of one and two coefficients and categories, in mixed order. */
function randomMatrix(draw: Random, rows: number, shape: { numbers: number; widths: readonly number[] }) {
  const dense: { at: number; values: Float64Array }[] = [];
  const indicators: Indicator[] = [];
  let width = 0;
  for (let k = 0; k < Math.max(shape.numbers, shape.widths.length); k++) {
    if (k < shape.numbers) {
      const values = Float64Array.from({ length: rows }, () => draw.normal() * 2 ** (draw.integer(40) - 20));
      for (let i = 0; i < rows; i += 7) values[i] = i % 2 === 0 ? 0 : -0;
      dense.push({ at: width++, values });
    }
    if (k < shape.widths.length) {
      const from = width;
      width += shape.widths[k];
      const lit = draw.uniform();
      const codes = Int32Array.from({ length: rows }, () =>
        draw.uniform() < lit ? from + draw.integer(shape.widths[k]) : -1,
      );
      indicators.push({ from, width: shape.widths[k], codes });
    }
  }
  return { rows, width, dense, indicators } satisfies DesignMatrix;
}

/** Some rows in no order, some of them twice, with weights of which some are zero. */
function randomRows(draw: Random, count: number, of: number) {
  const rows = Int32Array.from({ length: count }, () => draw.integer(of));
  const h = Float64Array.from(rows, (row) => (row % 11 === 0 ? 0 : draw.uniform() * 2 ** -draw.integer(30)));
  return { rows, h };
}

describe('the normal matrix', () => {
  it.each([
    { numbers: 0, widths: [] },
    { numbers: 1, widths: [] },
    { numbers: 4, widths: [1, 2] },
    { numbers: 7, widths: [5, 1, 3] },
    { numbers: 0, widths: [2, 2, 1, 4] },
    { numbers: 11, widths: [1] },
    { numbers: 23, widths: [2, 1, 2, 2, 9, 1, 1, 3, 2, 2, 1, 1, 2, 48] },
    { numbers: 33, widths: Array.from({ length: 40 }, (_, k) => 1 + (k % 3)) },
  ])('is the same with $numbers numbers and indicators of $widths', (shape) => {
    const draw = random(19);
    const matrix = randomMatrix(draw, 900, shape);
    for (const count of [0, 1, 2, 255, 256, 257, 700]) {
      const { rows, h } = randomRows(draw, count, matrix.rows);
      const fast = gramMatrix(matrix, rows, h);
      expect(bitsOf(fast)).toEqual(bitsOf(gramMatrix(matrix, rows, h, PLAIN)));
      const constant = (matrix.width + 1) ** 2 - 1;
      expect(fast[constant]).toBeCloseTo(h.reduce((sum, each) => sum + each, 0));
    }
  });
});

/** The factor as textbooks have it, row by row from the lower triangle: another way to the same order of subtractions. */
function textbookSolution(a: Float64Array, b: Float64Array): Float64Array {
  const size = b.length;
  const at = (j: number, k: number) => a[j * size + k];
  const floor = Math.max(Math.max(...b.map((_, j) => at(j, j))) * 1e-12, 1e-300);
  const l = Array.from(b, () => new Float64Array(size));
  for (let j = 0; j < size; j++) {
    for (let k = 0; k <= j; k++) {
      let rest = at(j, k);
      for (let m = 0; m < k; m++) rest -= l[j][m] * l[k][m];
      l[j][k] = j === k ? Math.sqrt(Math.max(rest, floor)) : rest / l[k][k];
    }
  }
  const x = b.slice();
  for (let j = 0; j < size; j++) {
    for (let m = 0; m < j; m++) x[j] -= l[j][m] * x[m];
    x[j] /= l[j][j];
  }
  for (let j = size - 1; j >= 0; j--) {
    for (let m = j + 1; m < size; m++) x[j] -= l[m][j] * x[m];
    x[j] /= l[j][j];
  }
  return x;
}

describe('the solution', () => {
  it.each([1, 2, 15, 16, 17, 18, 19, 20, 33, 64, 101])('of %d equations is the same', (size) => {
    const draw = random(size);
    // More rows than unknowns, and fewer: then rounding decides the last diagonals, and some are lifted.
    for (const count of [2 * size, Math.ceil(size / 2)]) {
      const matrix = randomMatrix(draw, count, { numbers: size - 1, widths: [] });
      const { rows, h } = randomRows(draw, count, count);
      const gram = gramMatrix(matrix, rows, h);
      const right = Float64Array.from({ length: size }, () => draw.normal());
      const fast = solvePositive(gram.slice(), right);
      expect(bitsOf(fast)).toEqual(bitsOf(solvePositive(gram.slice(), right, PLAIN)));
      expect(bitsOf(fast)).toEqual(bitsOf(textbookSolution(gram, right)));
    }
  });
});

describe('coordinate descent', () => {
  it.each([1, 2, 5, 24, 61])('on %d coordinates is the same', (size) => {
    const draw = random(100 + size);
    const matrix = randomMatrix(draw, 3 * size, { numbers: size - 1, widths: [] });
    const { rows, h } = randomRows(draw, 3 * size, 3 * size);
    const curvature = gramMatrix(matrix, rows, h);
    // One coordinate without curvature stays where it is.
    if (size > 2) for (let k = 0; k < size; k++) curvature[k * size + 1] = curvature[size + k] = 0;
    const gradient = Float64Array.from({ length: size }, () => draw.normal());
    const beta = Float64Array.from({ length: size }, () => draw.normal());
    for (const penalty of [
      { ridge: 0, lasso: 0.3 },
      { ridge: 0.2, lasso: 0.01 },
      { ridge: 3, lasso: 20 },
    ]) {
      const fast = descendCoordinates({ curvature, gradient, beta }, penalty);
      expect(bitsOf(fast)).toEqual(bitsOf(descendCoordinates({ curvature, gradient, beta }, penalty, PLAIN)));
      if (size > 2) expect(fast[1]).toBe(beta[1]);
      expect(fast).not.toEqual(beta);
    }
  });
});

describe('the workbench', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.resetModules();
  });

  it('is there on a machine with SIMD, and kept while it suffices', () => {
    const bench = openWorkbench(100);
    expect(bench).toBeDefined();
    expect(openWorkbench(50)).toBe(bench);
  });

  it('is not lent for more than is held between two fits', () => {
    expect(openWorkbench(2 ** 40)).toBeUndefined();
  });

  it('is missing without WebAssembly SIMD, and plain TypeScript steps in', async () => {
    vi.resetModules();
    const api = await import('../../../../tensor/web-assembly.ts');
    vi.spyOn(api.webAssembly, 'validate').mockReturnValue(false);
    const fresh = await import('./workbench.ts');
    expect(fresh.openWorkbench(100)).toBeUndefined();
    const { gramMatrix: gramWithout } = await import('../gram.ts');
    const draw = random(5);
    const matrix = randomMatrix(draw, 300, { numbers: 3, widths: [2, 4] });
    const { rows, h } = randomRows(draw, 290, 300);
    expect(bitsOf(gramWithout(matrix, rows, h))).toEqual(bitsOf(gramMatrix(matrix, rows, h)));
    expect(webAssembly.validate).toHaveBeenCalled();
  });
});
