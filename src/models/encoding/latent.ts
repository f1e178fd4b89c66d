// The few directions along which texts differ most: a randomised truncated singular value decomposition of sparse rows.
import { pause } from '../../core/pause.ts';
import { random } from '../../core/random.ts';
import { symmetricEigen } from '../../core/symmetric-eigen.ts';
import { type SparseRows, takeSparseRows } from './sparse-rows.ts';

/** Where a row of sparse features lies in few dimensions. */
export interface Latent {
  readonly dimensions: number;
  /** Columns of the sparse rows that count, rising. */
  readonly columns: Int32Array;
  /** [columns, dimensions]: coordinates average a square of one over the rows it was fitted on. */
  readonly basis: Float32Array;
}

export interface LatentFit {
  readonly dimensions: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** Rows and columns behind the basis: the strongest directions are those of frequent words, and many rows agree on them. */
const MOST_ROWS = 6_000;
const MOST_COLUMNS = 4_000;
const SPARE_DIMENSIONS = 8;
const POWER_STEPS = 2;

/**
 * Finds the basis from evenly spread rows and the columns of most weight.
 *
 * @returns `undefined` where rows or columns are fewer than three a dimension
 * @throws AppError INTERRUPTED
 * @see Halko, Martinsson and Tropp 2011, arXiv:0909.4061, algorithms 4.4 and 5.1
 */
export async function fitLatent(matrix: SparseRows, fit: LatentFit): Promise<Latent | undefined> {
  const { dimensions, seed, signal } = fit;
  const columns = heaviestColumns(matrix);
  const rows = Math.min(matrix.rows, MOST_ROWS);
  if (Math.min(rows, columns.length) < 3 * dimensions) return undefined;
  const spread = Int32Array.from({ length: rows }, (_, i) => Math.floor((i * matrix.rows) / rows));
  const part = keepColumns(takeSparseRows(matrix, spread), columns);
  const width = dimensions + SPARE_DIMENSIONS;
  const draw = random(seed).fork('latent text');
  let probes: Float64Array = Float64Array.from({ length: columns.length * width }, () => draw.normal());
  for (let step = 0; step <= POWER_STEPS; step++) {
    await pause(signal);
    const seen = orthonormal(times(part, probes, width), rows, width);
    await pause(signal);
    probes = timesTransposed(part, seen, width);
    if (step < POWER_STEPS) probes = orthonormal(probes, columns.length, width);
  }
  // probes = Aᵀ·Q, so A ≈ Q·probesᵀ: the eigenvectors of probesᵀ·probes turn it into right singular vectors.
  const { values, vectors } = symmetricEigen(gram(probes, columns.length, width), width);
  const basis = new Float32Array(columns.length * dimensions);
  let kept = 0;
  for (let d = 0; d < dimensions; d++) if (values[d] > 1e-9 * values[0]) kept++;
  if (kept < dimensions) return undefined;
  for (let d = 0; d < dimensions; d++) {
    let largest = 0;
    const direction = new Float64Array(columns.length);
    for (let j = 0; j < columns.length; j++) {
      for (let k = 0; k < width; k++) direction[j] += probes[j * width + k] * vectors[k * width + d];
      if (Math.abs(direction[j]) > Math.abs(largest)) largest = direction[j];
    }
    // ‖direction‖ = σ; row · direction / σ² · √rows has a mean square of one. The sign is arbitrary: largest entry positive.
    const scale = (Math.sign(largest) * Math.sqrt(rows)) / values[d];
    for (let j = 0; j < columns.length; j++) basis[j * dimensions + d] = direction[j] * scale;
  }
  return { dimensions, columns, basis };
}

/** Coordinates of rows, one array [rows] a dimension. */
export function latentCoordinates(
  { dimensions, columns, basis }: Latent,
  matrix: SparseRows,
): readonly Float64Array[] {
  const part = keepColumns(matrix, columns);
  const flat = times(part, Float64Array.from(basis), dimensions);
  return Array.from({ length: dimensions }, (_, d) =>
    Float64Array.from({ length: matrix.rows }, (_, i) => flat[i * dimensions + d]),
  );
}

function heaviestColumns({ width, codes, values }: SparseRows): Int32Array {
  const weight = new Float64Array(width);
  for (let k = 0; k < codes.length; k++) weight[codes[k]] += values[k] * values[k];
  const order = Int32Array.from({ length: width }, (_, j) => j).sort(
    (a, b) => weight[b] - weight[a] || a - b,
  );
  return order.slice(0, MOST_COLUMNS).sort();
}

function keepColumns(matrix: SparseRows, columns: Int32Array): SparseRows {
  const place = new Int32Array(matrix.width).fill(-1);
  columns.forEach((column, at) => {
    place[column] = at;
  });
  const offsets = new Uint32Array(matrix.rows + 1);
  const codes = new Int32Array(matrix.codes.length);
  const values = new Float32Array(codes.length);
  let size = 0;
  for (let i = 0; i < matrix.rows; i++) {
    for (let k = matrix.offsets[i]; k < matrix.offsets[i + 1]; k++) {
      const at = place[matrix.codes[k]];
      if (at < 0) continue;
      codes[size] = at;
      values[size++] = matrix.values[k];
    }
    offsets[i + 1] = size;
  }
  return {
    rows: matrix.rows,
    width: columns.length,
    offsets,
    codes: codes.subarray(0, size),
    values: values.subarray(0, size),
  };
}

/** matrix · dense, dense [matrix.width, width] → [rows, width]. */
function times(
  { rows, offsets, codes, values }: SparseRows,
  dense: Float64Array,
  width: number,
): Float64Array {
  const product = new Float64Array(rows * width);
  for (let i = 0; i < rows; i++) {
    for (let k = offsets[i]; k < offsets[i + 1]; k++) {
      const [value, from] = [values[k], codes[k] * width];
      for (let d = 0; d < width; d++) product[i * width + d] += value * dense[from + d];
    }
  }
  return product;
}

/** matrixᵀ · dense, dense [rows, width] → [matrix.width, width]. */
function timesTransposed(matrix: SparseRows, dense: Float64Array, width: number): Float64Array {
  const { rows, offsets, codes, values } = matrix;
  const product = new Float64Array(matrix.width * width);
  for (let i = 0; i < rows; i++) {
    for (let k = offsets[i]; k < offsets[i + 1]; k++) {
      const [value, to] = [values[k], codes[k] * width];
      for (let d = 0; d < width; d++) product[to + d] += value * dense[i * width + d];
    }
  }
  return product;
}

/** Gram–Schmidt on the columns of [rows, width], twice over, in place: once is not orthogonal enough in floats. */
function orthonormal(dense: Float64Array, rows: number, width: number): Float64Array {
  for (let d = 0; d < width; d++) {
    for (let e = 0; e < 2 * d; e++) {
      const other = e % d;
      let shared = 0;
      for (let i = 0; i < rows; i++) shared += dense[i * width + d] * dense[i * width + other];
      for (let i = 0; i < rows; i++) dense[i * width + d] -= shared * dense[i * width + other];
    }
    let square = 0;
    for (let i = 0; i < rows; i++) square += dense[i * width + d] ** 2;
    const scale = square > 1e-300 ? 1 / Math.sqrt(square) : 0;
    for (let i = 0; i < rows; i++) dense[i * width + d] *= scale;
  }
  return dense;
}

function gram(dense: Float64Array, rows: number, width: number): Float64Array {
  const product = new Float64Array(width * width);
  for (let i = 0; i < rows; i++) {
    for (let d = 0; d < width; d++) {
      const own = dense[i * width + d];
      for (let e = 0; e < width; e++) product[d * width + e] += own * dense[i * width + e];
    }
  }
  return product;
}
