// A change of variables that makes a minimum round: after it, a Newton step is a gradient step.
import { choleskyFactor } from './cholesky.ts';
import type { Objective } from './minimize.ts';

/** The same function of z, where point = centre + S·z and its curvature near z = 0 is about the identity. */
export interface Whitened {
  readonly objective: Objective;
  readonly toPoint: (z: ArrayLike<number>) => Float64Array;
}

/**
 * Whitens `objective` by the curvature that `likeness` has at `centre`: a cheap function of nearly the same shape, such as
 * the objective over a part of the data, near its own minimum. Where that curvature is not positive definite, z is the
 * point itself, moved.
 */
export function whiten(objective: Objective, likeness: Objective, centre: Float64Array): Whitened {
  const size = centre.length;
  const lower = choleskyFactor(curvature(likeness, centre), size) ?? identity(size);
  // H = L·Lᵀ and z = Lᵀ·(point − centre), so the gradient in z is L⁻¹ times the gradient at the point.
  const toPoint = (z: ArrayLike<number>): Float64Array => {
    const moved = Float64Array.from(z);
    for (let i = size - 1; i >= 0; i--) {
      for (let j = i + 1; j < size; j++) moved[i] -= lower[j * size + i] * moved[j];
      moved[i] /= lower[i * size + i];
    }
    return moved.map((value, i) => centre[i] + value);
  };
  return {
    toPoint,
    objective: (z, gradient) => {
      const value = objective(toPoint(z), gradient);
      for (let i = 0; i < size; i++) {
        for (let j = 0; j < i; j++) gradient[i] -= lower[i * size + j] * gradient[j];
        gradient[i] /= lower[i * size + i];
      }
      return value;
    },
  };
}

/** Second derivatives by central differences of the gradient, made symmetric; [size, size]. */
function curvature(objective: Objective, at: Float64Array): Float64Array {
  const size = at.length;
  const step = 1e-4;
  const matrix = new Float64Array(size * size);
  const above = new Float64Array(size);
  const below = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const probe = Float64Array.from(at);
    probe[i] = at[i] + step;
    objective(probe, above);
    probe[i] = at[i] - step;
    objective(probe, below);
    for (let j = 0; j < size; j++) {
      const second = (above[j] - below[j]) / (2 * step);
      matrix[i * size + j] += second / 2;
      matrix[j * size + i] += second / 2;
    }
  }
  return matrix;
}

function identity(size: number): Float64Array {
  return Float64Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
}
