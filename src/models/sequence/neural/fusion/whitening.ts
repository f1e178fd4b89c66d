// Vectors of an encoder made round: the directions along which items differ most, each as wide as the next.
import type { ItemVectors } from '../../../../core/item-vectors.ts';
import { random } from '../../../../core/random.ts';
import { symmetricEigen } from '../../../../core/symmetric-eigen.ts';

/** How raw vectors become round ones: (x − mean) · basis. */
export interface Whitening {
  readonly rawWidth: number;
  readonly width: number;
  /** [rawWidth] */
  readonly mean: Float32Array;
  /** [rawWidth, width]; rounded vectors have a mean square length of one. */
  readonly basis: Float32Array;
}

/** Rows behind the directions: the strongest are those many rows agree on. */
const MOST_ROWS = 6000;
const SPARE = 8;
const POWER_STEPS = 2;
/** Of the widest direction's variance: what is narrower is noise, and is not blown up to the width of the others. */
const LEAST_VARIANCE = 1e-4;

/**
 * Finds the `width` widest directions, or fewer where there are no more: encoders put all texts into a narrow cone, where
 * cosines tell little and a projection learns slowly.
 *
 * @param roundness 1 makes all directions equally wide, 0 leaves each as wide as it is; between them noise stays smaller than
 *   what tells items apart
 * @see Huang et al. 2021 (WhiteningBERT), arXiv:2104.01767; Zhang et al. 2024, arXiv:2402.10602, for recommendations; Halko,
 *   Martinsson and Tropp 2011, arXiv:0909.4061, algorithms 4.4 and 5.1, for the directions
 */
export function fitWhitening(
  { width: raw, values, known }: ItemVectors,
  width: number,
  roundness: number,
): Whitening {
  const items = Int32Array.from(known.keys()).filter((item) => known[item] === 1);
  const rows = Math.min(items.length, MOST_ROWS);
  const mean = new Float64Array(raw);
  const centred = new Float64Array(rows * raw);
  for (let row = 0; row < rows; row++) {
    const item = items[Math.floor((row * items.length) / rows)];
    for (let j = 0; j < raw; j++) {
      centred[row * raw + j] = values[item * raw + j];
      mean[j] += values[item * raw + j] / rows;
    }
  }
  for (let k = 0; k < centred.length; k++) centred[k] -= mean[k % raw];
  const { directions, variances } = widestDirections({ rows, width: raw, values: centred }, width);
  const found = variances.length;
  const left = variances.map((variance) => variance ** (1 - roundness));
  const total = left.reduce((sum, variance) => sum + variance, 0);
  const basis = new Float32Array(raw * found);
  for (let j = 0; j < raw; j++)
    for (let d = 0; d < found; d++)
      basis[j * found + d] = directions[j * found + d] * Math.sqrt(left[d] / (total * variances[d]));
  return { rawWidth: raw, width: found, mean: Float32Array.from(mean), basis };
}

/** (x − mean) · basis of the items that have a vector, 0 for the others: [items, width] */
export function whitened(
  { values, known }: ItemVectors,
  { rawWidth, width, mean, basis }: Whitening,
): Float32Array {
  const round = new Float32Array(known.length * width);
  for (let item = 0; item < known.length; item++) {
    if (known[item] !== 1) continue;
    const own = round.subarray(item * width, (item + 1) * width);
    for (let j = 0; j < rawWidth; j++) {
      const value = values[item * rawWidth + j] - mean[j];
      for (let d = 0; d < width; d++) own[d] += value * basis[j * width + d];
    }
  }
  return round;
}

interface Rows {
  readonly rows: number;
  readonly width: number;
  /** [rows, width] */
  readonly values: Float64Array;
}

/** Vectors up to this width have all their directions found at once; of wider ones the widest are looked for by probes. */
const MOST_WHOLE = 1536;

/** Directions as columns [width, found], the widest first, and the variance of the rows along each. */
function widestDirections(matrix: Rows, most: number): { directions: Float64Array; variances: Float64Array } {
  const { rows, width } = matrix;
  const { values, vectors } = width <= MOST_WHOLE ? wholeSpectrum(matrix) : probedSpectrum(matrix, most);
  const columns = values.length;
  const found = values
    .subarray(0, Math.min(most, rows))
    .filter((value) => value > LEAST_VARIANCE * values[0]).length;
  const directions = new Float64Array(width * found);
  for (let d = 0; d < found; d++) {
    // Which of both ways a direction points is chance: its largest number is positive.
    let largest = 0;
    for (let j = 0; j < width; j++)
      if (Math.abs(vectors[j * columns + d]) > Math.abs(largest)) largest = vectors[j * columns + d];
    for (let j = 0; j < width; j++) directions[j * found + d] = Math.sign(largest) * vectors[j * columns + d];
  }
  return { directions, variances: values.slice(0, found).map((value) => value / rows) };
}

/** Eigenvalues of the rows' products with each other, falling, and as columns their directions, [width, values]. */
interface Spectrum {
  readonly values: Float64Array;
  readonly vectors: Float64Array;
}

function wholeSpectrum({ rows, width, values }: Rows): Spectrum {
  const products = new Float64Array(width * width);
  for (let i = 0; i < rows; i++) {
    const own = values.subarray(i * width, (i + 1) * width);
    for (let j = 0; j < width; j++) {
      const value = own[j];
      for (let k = j, at = j * width + j; k < width; k++, at++) products[at] += value * own[k];
    }
  }
  for (let j = 0; j < width; j++)
    for (let k = 0; k < j; k++) products[j * width + k] = products[k * width + j];
  return symmetricEigen(products, width);
}

function probedSpectrum(matrix: Rows, most: number): Spectrum {
  const { rows, width } = matrix;
  const tried = Math.min(most + SPARE, rows, width);
  const draws = random(0).fork('whitening');
  let probes: Float64Array = Float64Array.from({ length: width * tried }, () => draws.normal());
  for (let step = 0; step <= POWER_STEPS; step++) {
    const seen = orthonormal(times(matrix, probes, tried), rows, tried);
    probes = timesTransposed(matrix, seen, tried);
    if (step < POWER_STEPS) probes = orthonormal(probes, width, tried);
  }
  // probes = Aᵀ·Q, so A ≈ Q·probesᵀ: the eigenvectors of probesᵀ·probes turn it into singular vectors times values.
  const gram = timesTransposed({ rows: width, width: tried, values: probes }, probes, tried);
  const { values, vectors } = symmetricEigen(gram, tried);
  const turned = times({ rows: width, width: tried, values: probes }, vectors, tried);
  return {
    values,
    vectors: turned.map((one, at) => one / Math.sqrt(Math.max(values[at % tried], Number.MIN_VALUE))),
  };
}

/** [rows, width] · [width, columns] → [rows, columns] */
function times({ rows, width, values }: Rows, dense: Float64Array, columns: number): Float64Array {
  const product = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < width; j++) {
      const value = values[i * width + j];
      for (let d = 0; d < columns; d++) product[i * columns + d] += value * dense[j * columns + d];
    }
  return product;
}

/** [rows, width]ᵀ · [rows, columns] → [width, columns] */
function timesTransposed({ rows, width, values }: Rows, dense: Float64Array, columns: number): Float64Array {
  const product = new Float64Array(width * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < width; j++) {
      const value = values[i * width + j];
      for (let d = 0; d < columns; d++) product[j * columns + d] += value * dense[i * columns + d];
    }
  return product;
}

/** Gram–Schmidt on the columns of [rows, columns], twice over, in place: once is not orthogonal enough. */
function orthonormal(dense: Float64Array, rows: number, columns: number): Float64Array {
  const done = new Float64Array(rows * columns);
  const own = new Float64Array(rows);
  for (let d = 0; d < columns; d++) {
    for (let i = 0; i < rows; i++) own[i] = dense[i * columns + d];
    for (let e = 0; e < 2 * d; e++) {
      const other = done.subarray((e % d) * rows, ((e % d) + 1) * rows);
      let shared = 0;
      for (let i = 0; i < rows; i++) shared += own[i] * other[i];
      for (let i = 0; i < rows; i++) own[i] -= shared * other[i];
    }
    let square = 0;
    for (let i = 0; i < rows; i++) square += own[i] ** 2;
    const scale = square > 1e-300 ? 1 / Math.sqrt(square) : 0;
    for (let i = 0; i < rows; i++) {
      done[d * rows + i] = own[i] * scale;
      dense[i * columns + d] = own[i] * scale;
    }
  }
  return dense;
}
