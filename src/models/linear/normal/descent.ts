// The minimum of a quadratic with an L1 penalty, one coordinate at a time.
import { openWorkbench } from './kernels/workbench.ts';

/** A convex quadratic about `beta`, its last coordinate the intercept, which no penalty holds. */
export interface Quadratic {
  /** [size, size], symmetric */
  readonly curvature: Float64Array;
  /** Slopes at `beta`, [size]. */
  readonly gradient: Float64Array;
  readonly beta: Float64Array;
}

const MAX_SWEEPS = 500;
/** A sweep whose largest move, in units of the coordinate's own curvature, is below this is the last. */
const TOLERANCE = 1e-7;

/**
 * Where the quadratic plus ½ ridge Σβ² + lasso Σ|β| is lowest. The same bits with SIMD and without.
 *
 * @param simd false for plain TypeScript; otherwise WebAssembly, unless this machine has no WebAssembly SIMD
 * @see Friedman, Hastie, Tibshirani 2010, Regularization paths via coordinate descent, with covariance updates
 */
export function descendCoordinates(
  quadratic: Quadratic,
  penalty: { readonly ridge: number; readonly lasso: number },
  { simd = true }: { simd?: boolean } = {},
): Float64Array {
  return (simd ? descendFast(quadratic, penalty) : undefined) ?? descendPlain(quadratic, penalty);
}

function descendPlain(
  { curvature, gradient, beta }: Quadratic,
  { ridge, lasso }: { readonly ridge: number; readonly lasso: number },
): Float64Array {
  const size = beta.length;
  const next = beta.slice();
  // pull = gradient of the quadratic at `next`.
  const pull = gradient.slice();
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let largest = 0;
    for (let j = 0; j < size; j++) {
      const bend = curvature[j * size + j];
      if (bend <= 0) continue;
      const free = j === size - 1;
      const aim = bend * next[j] - pull[j];
      const value = free ? aim / bend : shrink(aim, lasso) / (bend + ridge);
      const move = value - next[j];
      if (move === 0) continue;
      next[j] = value;
      for (let k = 0; k < size; k++) pull[k] += move * curvature[j * size + k];
      largest = Math.max(largest, Math.abs(move) * Math.sqrt(bend));
    }
    if (largest < TOLERANCE) break;
  }
  return next;
}

const shrink = (value: number, by: number): number =>
  value > by ? value - by : value < -by ? value + by : 0;

/** @returns `undefined` where this machine cannot */
function descendFast(
  { curvature, gradient, beta }: Quadratic,
  { ridge, lasso }: { readonly ridge: number; readonly lasso: number },
): Float64Array | undefined {
  const size = beta.length;
  const width = size + (size % 2);
  const bench = openWorkbench((size + 2) * width * 8);
  if (!bench) return undefined;
  const memory = new Float64Array(bench.memory.buffer, 0, (size + 2) * width);
  const [next, pull] = [size * width, (size + 1) * width];
  for (let j = 0; j < size; j++) memory.set(curvature.subarray(j * size, (j + 1) * size), j * width);
  memory.set(beta, next);
  memory.set(gradient, pull);
  bench.kernels.descend(
    ...[0, size, width * 8, next * 8, pull * 8],
    ...[ridge, lasso, MAX_SWEEPS, TOLERANCE],
  );
  return memory.slice(next, next + size);
}
