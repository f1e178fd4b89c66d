// Cholesky's solution of the normal equations.
import { openWorkbench } from './kernels/workbench.ts';

/** From this many unknowns on, carrying the matrix to the kernel and back is worth it. */
const MIN_SIMD_SIZE = 16;

/**
 * Solves A x = b for symmetric positive definite A by Cholesky, lifting the diagonal when rounding makes it indefinite.
 * The same bits with SIMD and without.
 *
 * @param a    [size, size], both halves filled; destroyed
 * @param simd false for plain TypeScript; otherwise WebAssembly, unless this machine has no WebAssembly SIMD
 * @returns    x, [size]
 */
export function solvePositive(
  a: Float64Array,
  b: Float64Array,
  { simd = true }: { simd?: boolean } = {},
): Float64Array {
  const size = b.length;
  let largest = 0;
  for (let j = 0; j < size; j++) largest = Math.max(largest, a[j * size + j]);
  const floor = Math.max(largest * 1e-12, 1e-300);
  if (!(simd && size >= MIN_SIMD_SIZE && factoriseFast(a, size, floor))) factorisePlain(a, size, floor);
  // U x = y, Uᵀ y = b
  const x = b.slice();
  for (let m = 0; m < size; m++) {
    x[m] /= a[m * size + m];
    for (let j = m + 1; j < size; j++) x[j] -= a[m * size + j] * x[m];
  }
  for (let j = size - 1; j >= 0; j--) {
    for (let m = j + 1; m < size; m++) x[j] -= a[j * size + m] * x[m];
    x[j] /= a[j * size + j];
  }
  return x;
}

/** U with Uᵀ U = a, in the upper triangle. Every cell loses its products in the order of the rows above it. */
function factorisePlain(a: Float64Array, size: number, floor: number): void {
  for (let m = 0; m < size; m++) {
    const row = m * size;
    const diagonal = Math.sqrt(Math.max(a[row + m], floor));
    a[row + m] = diagonal;
    for (let j = m + 1; j < size; j++) a[row + j] /= diagonal;
    for (let k = m + 1; k < size; k++) {
      const factor = a[row + k];
      for (let j = k; j < size; j++) a[k * size + j] -= factor * a[row + j];
    }
  }
}

/** @returns whether it was done: false where this machine cannot */
function factoriseFast(a: Float64Array, size: number, floor: number): boolean {
  const width = size + (size % 2);
  const bench = openWorkbench(size * width * 8);
  if (!bench) return false;
  const rows = new Float64Array(bench.memory.buffer, 0, size * width);
  for (let j = 0; j < size; j++) rows.set(a.subarray(j * size, (j + 1) * size), j * width);
  bench.kernels.factorise(0, size, width * 8, floor);
  for (let j = 0; j < size; j++) a.set(rows.subarray(j * width, j * width + size), j * size);
  return true;
}
