// The normal matrix of a design, X'HX with an intercept, from dense columns and lit indicators without forming X.
import type { DesignMatrix } from '../design.ts';
import { blockGram } from './block-gram.ts';
import { panelGram } from './panel-gram.ts';
import { categoriesOf } from './parts.ts';

/**
 * Σ over the given rows of h · x xᵀ, where x is the encoded row followed by a 1 for the intercept.
 *
 * Numbers are multiplied as dense blocks; flags and categories add up what stands in the rows they are lit in. The
 * same bits with SIMD and without, as long as all values are finite.
 *
 * @param rows which rows count, and h their weights, [rows.length]
 * @param simd false for plain TypeScript; otherwise WebAssembly, unless this machine has no WebAssembly SIMD
 * @returns    [width + 1, width + 1], symmetric, both halves filled
 */
export function gramMatrix(
  matrix: DesignMatrix,
  rows: Int32Array,
  h: Float64Array,
  { simd = true }: { simd?: boolean } = {},
): Float64Array {
  const gram = (simd ? panelGram(matrix, rows, h) : undefined) ?? blockGram(matrix, rows, h);
  const size = matrix.width + 1;
  const categories = categoriesOf(matrix).map(({ codes }) => codes);
  for (let k = 0; k < categories.length; k++) {
    for (let l = 0; l <= k; l++) {
      scatterPairs(gram, size, { codes: categories[k], others: categories[l], rows, h });
    }
  }
  return mirror(gram, size);
}

function scatterPairs(
  gram: Float64Array,
  size: number,
  pair: { codes: Int32Array; others: Int32Array; rows: Int32Array; h: Float64Array },
): void {
  const { codes, others, rows, h } = pair;
  for (let i = 0; i < rows.length; i++) {
    const code = codes[rows[i]];
    const other = others[rows[i]];
    if (code >= 0 && other >= 0) gram[code * size + other] += h[i];
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
