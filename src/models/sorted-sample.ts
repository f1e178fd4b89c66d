// A column's values in order, from as many rows as its shape needs: where cuts, caps and skewness come from.

/** Rows looked at for the shape of a column; more would not move it visibly. */
const SHAPE_ROWS = 50_000;

/** Every so-manieth row is looked at; 1 for small columns. */
export const shapeStride = (rows: number): number => Math.max(1, Math.ceil(rows / SHAPE_ROWS));

/** The finite values of those rows, rising. */
export function sortedSample(values: Float64Array): Float64Array {
  const stride = shapeStride(values.length);
  const picked = new Float64Array(Math.ceil(values.length / stride));
  let count = 0;
  for (let i = 0; i < values.length; i += stride) if (Number.isFinite(values[i])) picked[count++] = values[i];
  return picked.subarray(0, count).sort();
}
