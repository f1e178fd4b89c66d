// A design matrix times a vector, and its transpose times one: columns four at a time, in the order of one by one.
import type { DesignMatrix } from './design.ts';

/**
 * X β + intercept, [rows].
 *
 * @param beta coefficients and, last, the intercept, [width + 1]
 */
export function marginsOf(matrix: DesignMatrix, beta: Float64Array): Float64Array {
  const margin = new Float64Array(matrix.rows).fill(beta[matrix.width]);
  const bent = matrix.dense.filter(({ at }) => beta[at] !== 0);
  let k = 0;
  for (; k + 3 < bent.length; k += 4) {
    const [a, b, c, d] = bent.slice(k, k + 4).map(({ values }) => values);
    const [p, q, r, s] = bent.slice(k, k + 4).map(({ at }) => beta[at]);
    for (let i = 0; i < margin.length; i++) {
      margin[i] = margin[i] + p * a[i] + q * b[i] + r * c[i] + s * d[i];
    }
  }
  for (; k < bent.length; k++) {
    const { at, values } = bent[k];
    for (let i = 0; i < margin.length; i++) margin[i] += beta[at] * values[i];
  }
  // What none adds is −0, which changes no number: a look-up where a branch would be guessed wrong.
  const lit = new Float64Array(matrix.width + 1).fill(-0);
  lit.set(beta.subarray(0, matrix.width), 1);
  for (const { codes } of matrix.indicators) {
    for (let i = 0; i < margin.length; i++) margin[i] += lit[codes[i] + 1];
  }
  return margin;
}

/** X' pull, [width], for pull [rows]. */
export function columnSums(matrix: DesignMatrix, pull: Float64Array): Float64Array {
  // Rows that light none of an indicator's coefficients add to the cell before them all.
  const lit = new Float64Array(matrix.width + 1);
  for (const { codes } of matrix.indicators) {
    for (let i = 0; i < pull.length; i++) lit[codes[i] + 1] += pull[i];
  }
  const sums = lit.slice(1);
  const { dense } = matrix;
  let k = 0;
  for (; k + 3 < dense.length; k += 4) {
    const [a, b, c, d] = dense.slice(k, k + 4).map(({ values }) => values);
    let [p, q, r, s] = [0, 0, 0, 0];
    for (let i = 0; i < pull.length; i++) {
      const each = pull[i];
      p += each * a[i];
      q += each * b[i];
      r += each * c[i];
      s += each * d[i];
    }
    [sums[dense[k].at], sums[dense[k + 1].at], sums[dense[k + 2].at], sums[dense[k + 3].at]] = [p, q, r, s];
  }
  for (; k < dense.length; k++) {
    const { at, values } = dense[k];
    let sum = 0;
    for (let i = 0; i < pull.length; i++) sum += pull[i] * values[i];
    sums[at] = sum;
  }
  return sums;
}

/** Weighted training mean of each encoded number, [width]. */
export function columnMeans(matrix: DesignMatrix, weight: Float64Array): Float64Array {
  let total = 0;
  for (const each of weight) total += each;
  return columnSums(matrix, weight).map((sum) => sum / total);
}
