// Rows of mostly zeros: row i holds `values` at `codes`, from offsets[i] to offsets[i + 1] (compressed sparse rows).

export interface SparseRows {
  readonly rows: number;
  readonly width: number;
  /** [rows + 1] */
  readonly offsets: Uint32Array;
  /** Column of each entry, rising within a row. */
  readonly codes: Int32Array;
  readonly values: Float32Array;
}

/** The rows at `indices`, in that order. */
export function takeSparseRows(matrix: SparseRows, indices: ArrayLike<number>): SparseRows {
  const offsets = new Uint32Array(indices.length + 1);
  for (let i = 0; i < indices.length; i++) {
    offsets[i + 1] = offsets[i] + matrix.offsets[indices[i] + 1] - matrix.offsets[indices[i]];
  }
  const codes = new Int32Array(offsets[indices.length]);
  const values = new Float32Array(codes.length);
  for (let i = 0; i < indices.length; i++) {
    const [from, to] = [matrix.offsets[indices[i]], matrix.offsets[indices[i] + 1]];
    codes.set(matrix.codes.subarray(from, to), offsets[i]);
    values.set(matrix.values.subarray(from, to), offsets[i]);
  }
  return { rows: indices.length, width: matrix.width, offsets, codes, values };
}

/** matrix · weights, [rows]. */
export function sparseProduct(matrix: SparseRows, weights: Float64Array | Float32Array): Float64Array {
  const { offsets, codes, values } = matrix;
  const product = new Float64Array(matrix.rows);
  for (let i = 0; i < product.length; i++) {
    let sum = 0;
    for (let k = offsets[i]; k < offsets[i + 1]; k++) sum += values[k] * weights[codes[k]];
    product[i] = sum;
  }
  return product;
}
