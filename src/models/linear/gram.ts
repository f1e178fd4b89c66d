// The normal matrix of a design, X'HX with an intercept, from dense columns and lit indicators without forming X.
import type { DesignMatrix } from './design.ts';

/** Rows of a dense block that stay in the processor's cache while every pair of columns is multiplied. */
const BLOCK_ROWS = 256;

/** One coefficient's column, written out for a block of rows: as it is, and times h. */
interface BlockColumn {
  readonly at: number;
  readonly plain: Float64Array;
  readonly scaled: Float64Array;
}

/**
 * Σ over the given rows of h · x xᵀ, where x is the encoded row followed by a 1 for the intercept.
 *
 * Columns of numbers, and flags of one or two coefficients, are multiplied as dense blocks; categories are scattered.
 *
 * @param rows which rows count, and h their weights, [rows.length]
 * @returns    [width + 1, width + 1], symmetric, both halves filled
 */
export function gramMatrix(matrix: DesignMatrix, rows: Int32Array, h: Float64Array): Float64Array {
  const size = matrix.width + 1;
  const gram = new Float64Array(size * size);
  const column = (at: number): BlockColumn => ({
    at,
    plain: new Float64Array(BLOCK_ROWS),
    scaled: new Float64Array(BLOCK_ROWS),
  });
  const numbers = matrix.dense.map(({ at, values }) => ({ values, column: column(at) }));
  const flags = matrix.indicators
    .filter(({ width }) => width <= 2)
    .flatMap(({ from, width, codes }) =>
      Array.from({ length: width }, (_, k) => ({ codes, column: column(from + k) })),
    );
  const categories = matrix.indicators.filter(({ width }) => width > 2).map(({ codes }) => codes);
  const constant = column(matrix.width);
  constant.plain.fill(1);
  const columns = [...numbers, ...flags].map((each) => each.column).concat(constant);

  for (let start = 0; start < rows.length; start += BLOCK_ROWS) {
    const block = rows.subarray(start, start + BLOCK_ROWS);
    const weight = h.subarray(start, start + BLOCK_ROWS);
    for (const { values, column } of numbers) {
      for (let i = 0; i < block.length; i++) column.plain[i] = values[block[i]];
    }
    for (const { codes, column } of flags) {
      for (let i = 0; i < block.length; i++) column.plain[i] = codes[block[i]] === column.at ? 1 : 0;
    }
    for (const { plain, scaled } of columns) {
      for (let i = 0; i < block.length; i++) scaled[i] = plain[i] * weight[i];
    }
    for (let j = 0; j < columns.length; j++)
      addDenseProducts(gram, size, { columns, j, count: block.length });
    for (let k = 0; k < categories.length; k++) {
      for (const own of columns) scatterDense(gram, size, { codes: categories[k], block, own });
      for (let l = 0; l <= k; l++) {
        scatterPairs(gram, size, { codes: categories[k], others: categories[l], block, weight });
      }
    }
  }
  return mirror(gram, size);
}

/** Column j against itself and all before it, four at a time, so that each load of a value serves four products. */
function addDenseProducts(
  gram: Float64Array,
  size: number,
  { columns, j, count }: { columns: readonly BlockColumn[]; j: number; count: number },
): void {
  const a = columns[j].scaled;
  const row = columns[j].at * size;
  let k = 0;
  for (; k + 3 <= j; k += 4) {
    const b0 = columns[k].plain;
    const b1 = columns[k + 1].plain;
    const b2 = columns[k + 2].plain;
    const b3 = columns[k + 3].plain;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let i = 0; i < count; i++) {
      const value = a[i];
      s0 += value * b0[i];
      s1 += value * b1[i];
      s2 += value * b2[i];
      s3 += value * b3[i];
    }
    gram[row + columns[k].at] += s0;
    gram[row + columns[k + 1].at] += s1;
    gram[row + columns[k + 2].at] += s2;
    gram[row + columns[k + 3].at] += s3;
  }
  for (; k <= j; k++) {
    const b = columns[k].plain;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += a[i] * b[i];
    gram[row + columns[k].at] += sum;
  }
}

function scatterDense(
  gram: Float64Array,
  size: number,
  { codes, block, own }: { codes: Int32Array; block: Int32Array; own: BlockColumn },
): void {
  const { at, scaled } = own;
  for (let i = 0; i < block.length; i++) {
    const code = codes[block[i]];
    if (code >= 0) gram[code * size + at] += scaled[i];
  }
}

function scatterPairs(
  gram: Float64Array,
  size: number,
  pair: { codes: Int32Array; others: Int32Array; block: Int32Array; weight: Float64Array },
): void {
  const { codes, others, block, weight } = pair;
  for (let i = 0; i < block.length; i++) {
    const code = codes[block[i]];
    const other = others[block[i]];
    if (code >= 0 && other >= 0) gram[code * size + other] += weight[i];
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
