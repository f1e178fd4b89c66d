// Eigenvalues and eigenvectors of a symmetric matrix, all of them.
import { invariant } from './errors.ts';

export interface Eigen {
  /** Falling. */
  readonly values: Float64Array;
  /** As columns, each of length one, in the order of the values: [size, size]. */
  readonly vectors: Float64Array;
}

/** Turns a value takes at most; two is usual. */
const MOST_TURNS = 60;

/**
 * By reflections to a tridiagonal matrix and implicitly shifted turns of that: some 9 · size³ operations, values right to
 * rounding of the largest.
 *
 * @param matrix [size, size], symmetric; kept as it is
 * @see Golub and Van Loan 2013, "Matrix Computations", algorithms 8.3.1 and 8.3.3; Bowdler et al. 1968,
 *   doi:10.1007/BF02166675, for the shifts
 */
export function symmetricEigen(matrix: Float64Array, size: number): Eigen {
  const { diagonal, beside, basis } = tridiagonal(Float64Array.from(matrix), size);
  diagonalise(diagonal, beside, basis);
  const order = Array.from(diagonal.keys()).sort((a, b) => diagonal[b] - diagonal[a] || a - b);
  const vectors = new Float64Array(size * size);
  order.forEach((from, to) => {
    for (let k = 0; k < size; k++) vectors[k * size + to] = basis[from * size + k];
  });
  return { values: Float64Array.from(order, (k) => diagonal[k]), vectors };
}

interface Tridiagonal {
  readonly diagonal: Float64Array;
  /** `beside[k]` between `diagonal[k]` and the next; the last is 0. */
  readonly beside: Float64Array;
  /** basis · matrix · basisᵀ is tridiagonal: [size, size]. */
  readonly basis: Float64Array;
}

/** @param a [size, size], overwritten */
function tridiagonal(a: Float64Array, size: number): Tridiagonal {
  const beside = new Float64Array(size);
  /** The reflections 1 − scale · v · vᵀ, each v in a row from its first place on. */
  const reflections = new Float64Array(size * size);
  const scales = new Float64Array(size);
  const change = new Float64Array(size);
  for (let k = 0; k + 1 < size; k++) {
    const v = reflections.subarray(k * size, (k + 1) * size);
    let square = 0;
    for (let i = k + 1; i < size; i++) {
      v[i] = a[i * size + k];
      square += v[i] * v[i];
    }
    const first = v[k + 1];
    const length = first > 0 ? -Math.sqrt(square) : Math.sqrt(square);
    beside[k] = length;
    v[k + 1] -= length;
    const twice = square - first * length;
    if (twice === 0) continue;
    scales[k] = 1 / twice;
    let shared = 0;
    for (let i = k + 1; i < size; i++) {
      let sum = 0;
      for (let j = k + 1, at = i * size + k + 1; j < size; j++, at++) sum += a[at] * v[j];
      change[i] = sum * scales[k];
      shared += change[i] * v[i];
    }
    const half = (shared * scales[k]) / 2;
    for (let i = k + 1; i < size; i++) change[i] -= half * v[i];
    for (let i = k + 1; i < size; i++) {
      const [own, moved] = [v[i], change[i]];
      for (let j = k + 1, at = i * size + k + 1; j < size; j++, at++) a[at] -= own * change[j] + moved * v[j];
    }
  }
  const diagonal = Float64Array.from({ length: size }, (_, k) => a[k * size + k]);
  return { diagonal, beside, basis: productOf(reflections, scales, size) };
}

/** The reflections one after the other as one matrix. */
function productOf(reflections: Float64Array, scales: Float64Array, size: number): Float64Array {
  const product = Float64Array.from({ length: size * size }, (_, at) => Number(at % (size + 1) === 0));
  for (let k = size - 2; k >= 0; k--) {
    if (scales[k] === 0) continue;
    const v = reflections.subarray(k * size, (k + 1) * size);
    for (let i = k + 1; i < size; i++) {
      let shared = 0;
      for (let j = k + 1, at = i * size + k + 1; j < size; j++, at++) shared += product[at] * v[j];
      shared *= scales[k];
      for (let j = k + 1, at = i * size + k + 1; j < size; j++, at++) product[at] -= shared * v[j];
    }
  }
  return product;
}

/** Turns neighbours until nothing stands beside the diagonal; rows of the basis are turned along. */
function diagonalise(diagonal: Float64Array, beside: Float64Array, basis: Float64Array): void {
  const size = diagonal.length;
  for (let low = 0; low < size; low++) {
    for (let turns = 0; ; turns++) {
      let high = low;
      while (high + 1 < size && !isNothing(beside[high], diagonal[high], diagonal[high + 1])) high++;
      if (high === low) break;
      invariant(turns < MOST_TURNS, 'eigenvalues of a symmetric matrix of numbers settle');
      turnOnce({ diagonal, beside, basis }, low, high);
    }
  }
}

const isNothing = (between: number, one: number, other: number): boolean =>
  Math.abs(between) <= Number.EPSILON * (Math.abs(one) + Math.abs(other));

/** One sweep from `high` down to `low`, shifted by the eigenvalue of the two at `low` that is nearer. */
function turnOnce({ diagonal, beside, basis }: Tridiagonal, low: number, high: number): void {
  const size = diagonal.length;
  const half = (diagonal[low + 1] - diagonal[low]) / (2 * beside[low]);
  const root = Math.hypot(half, 1);
  let bulge = diagonal[high] - diagonal[low] + beside[low] / (half + (half >= 0 ? root : -root));
  let [sine, cosine, carried] = [1, 1, 0];
  for (let i = high - 1; i >= low; i--) {
    const across = sine * beside[i];
    const along = cosine * beside[i];
    const length = Math.sqrt(across * across + bulge * bulge);
    beside[i + 1] = length;
    if (length === 0) {
      // The matrix has come apart here: the rest is another sweep's.
      diagonal[i + 1] -= carried;
      beside[high] = 0;
      return;
    }
    sine = across / length;
    cosine = bulge / length;
    const next = diagonal[i + 1] - carried;
    const spread = (diagonal[i] - next) * sine + 2 * cosine * along;
    carried = sine * spread;
    diagonal[i + 1] = next + carried;
    bulge = cosine * spread - along;
    for (let k = 0, at = i * size, below = (i + 1) * size; k < size; k++, at++, below++) {
      const other = basis[below];
      basis[below] = sine * basis[at] + cosine * other;
      basis[at] = cosine * basis[at] - sine * other;
    }
  }
  diagonal[low] -= carried;
  beside[low] = bulge;
  beside[high] = 0;
}
