// Cholesky's factor of a small positive definite matrix, and the system solved with it.

/** The lower factor L of A = L·Lᵀ, [size, size]; reads A's lower triangle. `undefined` for a matrix of another kind. */
export function choleskyFactor(matrix: Float64Array, size: number): Float64Array | undefined {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i * size + j];
      for (let k = 0; k < j; k++) rest -= lower[i * size + k] * lower[j * size + k];
      if (i === j) {
        if (!(rest > 1e-12 * Math.abs(matrix[i * size + i]))) return undefined;
        lower[i * size + i] = Math.sqrt(rest);
      } else {
        lower[i * size + j] = rest / lower[j * size + j];
      }
    }
  }
  return lower;
}

/**
 * x with L·Lᵀ·x = right.
 *
 * @param lower as `choleskyFactor` gives it
 * @param right [size]
 */
export function solveFactored(lower: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  const solution = right.slice();
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) solution[i] -= lower[i * size + k] * solution[k];
    solution[i] /= lower[i * size + i];
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) solution[i] -= lower[k * size + i] * solution[k];
    solution[i] /= lower[i * size + i];
  }
  return solution;
}
