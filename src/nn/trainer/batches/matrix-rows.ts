// Rows of a matrix put into a batch.

/** The chosen rows of `values`, [rows, width], as [batch, width]; zeros behind where fewer are chosen. */
export function matrixRows(
  values: Float32Array,
  rows: ArrayLike<number>,
  { batch, width }: { readonly batch: number; readonly width: number },
): Float32Array {
  const into = new Float32Array(batch * width);
  for (let r = 0; r < rows.length; r++)
    into.set(values.subarray(rows[r] * width, (rows[r] + 1) * width), r * width);
  return into;
}
