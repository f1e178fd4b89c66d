// The normal matrix of a design, X'HX with an intercept, from dense columns and lit indicators without forming X.
import type { DesignMatrix } from './design.ts';

/** Rows of a dense block that stay in the processor's cache while every pair of columns is multiplied. */
const BLOCK_ROWS = 512;

/**
 * Σ over the given rows of h · x xᵀ, where x is the encoded row followed by a 1 for the intercept.
 *
 * @param rows which rows count, and h their weights, [rows.length]
 * @returns    [width + 1, width + 1], symmetric, both halves filled
 */
export function gramMatrix(matrix: DesignMatrix, rows: Int32Array, h: Float64Array): Float64Array {
  const size = matrix.width + 1;
  const gram = new Float64Array(size * size);
  // The constant column joins the dense ones: its products are the intercept's row.
  const dense = [...matrix.dense.map(({ at }) => at), matrix.width];
  const plain = dense.map(() => new Float64Array(BLOCK_ROWS));
  const weighted = dense.map(() => new Float64Array(BLOCK_ROWS));
  plain[dense.length - 1].fill(1);

  for (let start = 0; start < rows.length; start += BLOCK_ROWS) {
    const count = Math.min(BLOCK_ROWS, rows.length - start);
    for (let j = 0; j < dense.length; j++) {
      const block = plain[j];
      const scaled = weighted[j];
      if (j < dense.length - 1) {
        const { values } = matrix.dense[j];
        for (let i = 0; i < count; i++) block[i] = values[rows[start + i]];
      }
      for (let i = 0; i < count; i++) scaled[i] = block[i] * h[start + i];
    }
    addDenseProducts(gram, size, { dense, plain, weighted, count });
    for (const [k, codes] of matrix.indicators.entries()) {
      for (let j = 0; j < dense.length; j++) {
        const scaled = weighted[j];
        const column = dense[j];
        for (let i = 0; i < count; i++) {
          const code = codes[rows[start + i]];
          if (code >= 0) gram[code * size + column] += scaled[i];
        }
      }
      for (let l = 0; l <= k; l++) {
        const others = matrix.indicators[l];
        for (let i = 0; i < count; i++) {
          const code = codes[rows[start + i]];
          const other = others[rows[start + i]];
          if (code >= 0 && other >= 0) gram[code * size + other] += h[start + i];
        }
      }
    }
  }
  return mirror(gram, size);
}

interface DenseBlock {
  readonly dense: readonly number[];
  readonly plain: readonly Float64Array[];
  readonly weighted: readonly Float64Array[];
  readonly count: number;
}

/** Two columns at a time, so that each load of a value serves two products. */
function addDenseProducts(gram: Float64Array, size: number, block: DenseBlock): void {
  const { dense, plain, weighted, count } = block;
  for (let j = 0; j < dense.length; j++) {
    const a = weighted[j];
    let k = 0;
    for (; k + 1 <= j; k += 2) {
      const b = plain[k];
      const c = plain[k + 1];
      let first = 0;
      let second = 0;
      for (let i = 0; i < count; i++) {
        first += a[i] * b[i];
        second += a[i] * c[i];
      }
      gram[dense[j] * size + dense[k]] += first;
      gram[dense[j] * size + dense[k + 1]] += second;
    }
    if (k > j) continue;
    const b = plain[k];
    let sum = 0;
    for (let i = 0; i < count; i++) sum += a[i] * b[i];
    gram[dense[j] * size + dense[k]] += sum;
  }
}

/** Each unordered pair was added on one side only, whichever; both sides get what the two hold together. */
function mirror(gram: Float64Array, size: number): Float64Array {
  for (let j = 0; j < size; j++) {
    for (let k = 0; k < j; k++) {
      const sum = gram[j * size + k] + gram[k * size + j];
      gram[j * size + k] = sum;
      gram[k * size + j] = sum;
    }
  }
  return gram;
}

/**
 * Solves A x = b for symmetric positive definite A by Cholesky, lifting the diagonal when rounding makes it indefinite.
 *
 * @param a [size, size], destroyed
 * @returns x, [size]
 */
export function solvePositive(a: Float64Array, b: Float64Array): Float64Array {
  const size = b.length;
  let largest = 0;
  for (let j = 0; j < size; j++) largest = Math.max(largest, a[j * size + j]);
  const floor = Math.max(largest * 1e-12, 1e-300);
  for (let j = 0; j < size; j++) {
    for (let k = 0; k <= j; k++) {
      let sum = a[j * size + k];
      for (let m = 0; m < k; m++) sum -= a[j * size + m] * a[k * size + m];
      a[j * size + k] = j === k ? Math.sqrt(Math.max(sum, floor)) : sum / a[k * size + k];
    }
  }
  const x = b.slice();
  for (let j = 0; j < size; j++) {
    for (let m = 0; m < j; m++) x[j] -= a[j * size + m] * x[m];
    x[j] /= a[j * size + j];
  }
  for (let j = size - 1; j >= 0; j--) {
    for (let m = j + 1; m < size; m++) x[j] -= a[m * size + j] * x[m];
    x[j] /= a[j * size + j];
  }
  return x;
}
