// The normal matrix in plain TypeScript, where WebAssembly SIMD is missing: blocks of rows, column by column.
import type { DesignMatrix } from '../design.ts';
import { categoriesOf, flagsOf } from './parts.ts';

/** Rows of a dense block that stay in the processor's cache while every pair of columns is multiplied. */
const BLOCK_ROWS = 256;

/** One coefficient's column, written out for a block of rows: as it is, and times h. */
interface BlockColumn {
  readonly at: number;
  readonly plain: Float64Array;
  readonly scaled: Float64Array;
}

/**
 * @param h [rows.length]
 * @returns [width + 1, width + 1]: each pair with a number or a flag in it, on one of its two sides
 */
export function blockGram(matrix: DesignMatrix, rows: Int32Array, h: Float64Array): Float64Array {
  const size = matrix.width + 1;
  const gram = new Float64Array(size * size);
  const column = (at: number): BlockColumn => ({
    at,
    plain: new Float64Array(BLOCK_ROWS),
    scaled: new Float64Array(BLOCK_ROWS),
  });
  const numbers = matrix.dense.map(({ at, values }) => ({ values, column: column(at) }));
  const flags = flagsOf(matrix).flatMap(({ from, width, codes }) =>
    Array.from({ length: width }, (_, k) => ({ codes, column: column(from + k) })),
  );
  const categories = categoriesOf(matrix);
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
    for (const { codes } of categories) {
      for (const own of columns) scatterDense(gram, size, { codes, block, own });
    }
  }
  return gram;
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
