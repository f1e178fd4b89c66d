// Penalised convex regression: Newton steps whose inner problem is a Cholesky solve (ridge) or coordinate descent (L1).
import { pause } from '../../core/pause.ts';
import type { DesignMatrix } from './design.ts';
import type { Loss } from './loss.ts';
import { columnSums, marginsOf } from './matrix-products.ts';
import { solvePositive } from './normal/cholesky.ts';
import { descendCoordinates } from './normal/descent.ts';
import { gramMatrix } from './normal/gram.ts';

/** ½ ridge Σβ² + lasso Σ|β|, added to Σ weight · loss; the intercept is free. */
export interface Penalty {
  readonly ridge: number;
  readonly lasso: number;
}

/** A fitted linear predictor: margin = intercept + Σ coefficients · encoded. */
export interface Linear {
  readonly coefficients: Float64Array;
  readonly intercept: number;
}

/** Rows of the problem: [rows] each; `weight` has a mean near one. */
export interface Regression {
  readonly matrix: DesignMatrix;
  readonly y: Float64Array;
  readonly weight: Float64Array;
  readonly loss: Loss;
}

export interface NewtonOptions {
  readonly penalty: Penalty;
  readonly start: Linear;
  /**
   * Rows behind the curvature matrix, evenly spread; the gradient always sees all. More rows than this buy no better
   * direction, only time.
   */
  readonly curvatureRows?: number;
  /** Relative decrease of the objective below which the optimum is reached. */
  readonly tolerance?: number;
  readonly signal?: AbortSignal;
  readonly onStep?: (step: number) => void;
}

const MAX_STEPS = 100;
const CURVATURE_ROWS = 20_000;
const TOLERANCE = 1e-9;
/** A step that still gains this share of what the one before gained asks for a fresh curvature. */
const SLOW = 0.1;
/** Past so many fresh ones, curvature is not what holds the steps back. */
const MAX_CURVATURES = 10;

/** @throws AppError INTERRUPTED */
export async function fitRegression(problem: Regression, options: NewtonOptions): Promise<Linear> {
  const { matrix } = problem;
  const { penalty } = options;
  const size = matrix.width + 1;
  // beta holds the coefficients and, last, the intercept.
  let beta = Float64Array.from([...options.start.coefficients, options.start.intercept]);
  let margin = marginsOf(matrix, beta);
  let objective = lossSum(problem, margin) + penaltyOf(penalty, beta);
  let curvature: Float64Array | undefined;
  let curvatures = 0;
  let lastDecrease = Number.POSITIVE_INFINITY;

  for (let step = 0; step < MAX_STEPS; step++) {
    await pause(options.signal);
    options.onStep?.(step);
    const gradient = gradientOf(problem, margin);
    if (!curvature) {
      curvature = curvatureOf(problem, margin, options.curvatureRows ?? CURVATURE_ROWS);
      curvatures++;
    }
    const target =
      penalty.lasso > 0
        ? descendCoordinates({ curvature, gradient, beta }, penalty)
        : ridgeTarget(curvature, gradient, beta, penalty.ridge);
    let change = 0;
    const direction = target.map((value, j) => value - beta[j]);
    for (let j = 0; j < size; j++) change = Math.max(change, Math.abs(direction[j]));
    if (change < 1e-12) break;

    const along = marginsOf(matrix, direction);
    let share = 1;
    let moved = false;
    let next = objective;
    while (share > 1e-7) {
      const candidate = beta.map((value, j) => value + share * direction[j]);
      const reached = walk(margin, along, share);
      next = lossSum(problem, reached) + penaltyOf(penalty, candidate);
      if (next < objective) {
        beta = candidate;
        margin = reached;
        moved = true;
        break;
      }
      share /= 2;
    }
    if (!moved) break;
    const decrease = objective - next;
    objective = next;
    if (decrease <= (options.tolerance ?? TOLERANCE) * Math.abs(objective)) break;
    const slow = decrease > SLOW * lastDecrease || share < 1;
    if (step === 0 || (slow && curvatures < MAX_CURVATURES)) curvature = undefined;
    lastDecrease = decrease;
  }
  return { coefficients: beta.slice(0, matrix.width), intercept: beta[matrix.width] };
}

/** margin + share · along, [rows]. */
function walk(margin: Float64Array, along: Float64Array, share: number): Float64Array {
  const reached = new Float64Array(margin.length);
  for (let i = 0; i < reached.length; i++) reached[i] = margin[i] + share * along[i];
  return reached;
}

export const matrixMargin = (matrix: DesignMatrix, linear: Linear): Float64Array =>
  marginsOf(matrix, Float64Array.from([...linear.coefficients, linear.intercept]));

/** Σ weight · loss. */
function lossSum({ y, weight, loss }: Regression, margin: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < y.length; i++) sum += weight[i] * loss.value(y[i], margin[i]);
  return Number.isNaN(sum) ? Number.POSITIVE_INFINITY : sum;
}

function penaltyOf({ ridge, lasso }: Penalty, beta: Float64Array): number {
  let squares = 0;
  let sizes = 0;
  for (let j = 0; j < beta.length - 1; j++) {
    squares += beta[j] * beta[j];
    sizes += Math.abs(beta[j]);
  }
  return 0.5 * ridge * squares + lasso * sizes;
}

/** X' (weight · slope), intercept last, [width + 1]; the penalty is not in it. */
function gradientOf({ matrix, y, weight, loss }: Regression, margin: Float64Array): Float64Array {
  const gradient = new Float64Array(matrix.width + 1);
  const pull = new Float64Array(matrix.rows);
  let total = 0;
  for (let i = 0; i < pull.length; i++) {
    pull[i] = weight[i] * loss.slope(y[i], margin[i]);
    total += pull[i];
  }
  gradient.set(columnSums(matrix, pull));
  gradient[matrix.width] = total;
  return gradient;
}

/** X' H X from at most `limit` evenly spread rows, scaled up to all of them. */
function curvatureOf(problem: Regression, margin: Float64Array, limit: number): Float64Array {
  const { matrix, y, weight, loss } = problem;
  const count = Math.min(limit, matrix.rows);
  const rows = Int32Array.from({ length: count }, (_, i) => Math.floor((i * matrix.rows) / count));
  const scale = matrix.rows / count;
  const h = new Float64Array(count);
  for (let i = 0; i < count; i++)
    h[i] = scale * weight[rows[i]] * loss.curvature(y[rows[i]], margin[rows[i]]) + 1e-12;
  return gramMatrix(matrix, rows, h);
}

/** The minimum of the quadratic model plus ridge. */
function ridgeTarget(
  curvature: Float64Array,
  gradient: Float64Array,
  beta: Float64Array,
  ridge: number,
): Float64Array {
  const size = beta.length;
  const right = gradient.map((slope, j) => -slope - (j < size - 1 ? ridge * beta[j] : 0));
  const bent = curvature.slice();
  for (let j = 0; j < size - 1; j++) bent[j * size + j] += ridge;
  const step = solvePositive(bent, right);
  return beta.map((value, j) => value + step[j]);
}
