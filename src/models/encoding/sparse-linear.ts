// Linear models of sparse rows: ridge logistic regression and least squares, by coordinate descent in the dual.
import { pause } from '../../core/pause.ts';
import { random } from '../../core/random.ts';
import { logit } from '../link.ts';
import type { SparseRows } from './sparse-rows.ts';

/** `logistic`: y is 0 or 1 and the margin a log-odds. `squared`: half the squared error, and the margin is the amount. */
export type SparseLoss = 'logistic' | 'squared';

export interface SparseProblem {
  readonly matrix: SparseRows;
  /** [rows] */
  readonly y: Float64Array;
  /** [rows], each above 0. */
  readonly weight: Float64Array;
  readonly loss: SparseLoss;
}

/** margin = intercept + matrix · weights. */
export interface SparseLinear {
  readonly intercept: number;
  /** [width] */
  readonly weights: Float64Array;
  /** What each row pulls with, −weight · ∂loss/∂margin at the minimum; a start for a neighbouring penalty. [rows] */
  readonly pulls: Float64Array;
}

export interface SparseFit {
  /** λ of Σ weight·loss + λ/2 · |weights|²; the intercept is free. 1/C in liblinear's terms. */
  readonly ridge: number;
  readonly start?: SparseLinear;
  /** Stops when rows' pulls are off by this share of their weights on average. Default .002. */
  readonly tolerance?: number;
  readonly maxSweeps?: number;
  /** Rows are visited in an order drawn from it. */
  readonly seed: number;
  readonly signal?: AbortSignal;
}

const MAX_SWEEPS = 60;
const PAUSE_ROWS = 8192;
const MOST_BOOST = 20;

/**
 * Fits by dual coordinate descent: row by row, the pull α of a row is set to where −weight · ∂loss/∂margin agrees with it,
 * and weights = Σ α·x / λ follow at once. The free intercept takes a Newton step after each sweep, towards Σ α = 0.
 *
 * @throws AppError INTERRUPTED
 * @see Yu, Huang and Lin 2011, Dual coordinate descent methods for logistic regression and maximum entropy models
 */
export async function fitSparseLinear(problem: SparseProblem, fit: SparseFit): Promise<SparseLinear> {
  const { matrix, y, weight, loss } = problem;
  const { rows, offsets, codes, values } = matrix;
  const { ridge, start, tolerance = 0.002, maxSweeps = MAX_SWEEPS } = fit;
  const total = weight.reduce((sum, w) => sum + w, 0);
  let intercept = start?.intercept ?? constantMargin(problem, total);
  const pulls = start ? start.pulls.slice() : new Float64Array(rows);
  const weights = weightsOf(matrix, pulls, ridge);
  if (y.every((value) => value === y[0])) return { intercept, weights, pulls };
  const lengths = squaredLengths(matrix);
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  const draw = random(fit.seed).fork('rows of a sparse fit');

  let [step, lastPull] = [0, 0];
  for (let sweep = 0; sweep < maxSweeps; sweep++) {
    await pause(fit.signal);
    draw.shuffle(order);
    let missed = 0;
    let bend = 0;
    let pull = 0;
    for (let at = 0; at < rows; at++) {
      if (at % PAUSE_ROWS === PAUSE_ROWS - 1) await pause(fit.signal);
      const i = order[at];
      const [from, to] = [offsets[i], offsets[i + 1]];
      let margin = intercept;
      for (let k = from; k < to; k++) margin += values[k] * weights[codes[k]];
      const give = lengths[i] / ridge;
      let next: number;
      if (loss === 'squared') {
        const wanted = weight[i] * (y[i] - margin);
        missed += Math.abs(wanted - pulls[i]);
        next = pulls[i] + (wanted - pulls[i]) / (1 + weight[i] * give);
        bend += weight[i];
      } else {
        const p = 1 / (1 + Math.exp(-margin));
        missed += Math.abs(weight[i] * (y[i] - p) - pulls[i]);
        next = agreedPull({ y: y[i], weight: weight[i], give }, margin, pulls[i]);
        bend += weight[i] * p * (1 - p);
      }
      const change = (next - pulls[i]) / ridge;
      pulls[i] = next;
      pull += next;
      for (let k = from; k < to; k++) weights[codes[k]] += change * values[k];
    }
    // Weights follow the intercept and blunt its steps; what the last step did tells by how much.
    const newton = pull / Math.max(bend, 1e-3 * total);
    const secant = sweep > 1 ? (step * pull) / (lastPull - pull) : newton;
    const boost = secant / newton;
    step = newton * (boost > 1 ? Math.min(boost, MOST_BOOST) : 1);
    lastPull = pull;
    intercept += step;
    if (missed / total + Math.abs(pull) / total <= tolerance) break;
  }
  return { intercept, weights, pulls };
}

interface Row {
  readonly y: number;
  readonly weight: number;
  /** How far the row's own margin moves for one unit of pull. */
  readonly give: number;
}

/** The pull a = weight · (y − sigmoid(margin + give · (a − pull))): Newton on the margin, kept inside what a can be. */
function agreedPull({ y, weight, give }: Row, margin: number, pull: number): number {
  // A row with no words moves nothing and pulls with what it misses.
  if (give === 0) return weight * (y - 1 / (1 + Math.exp(-margin)));
  let low = margin + give * (weight * (y - 1) - pull);
  let high = margin + give * (weight * y - pull);
  let u = Math.min(high, Math.max(low, margin));
  for (let tries = 0; tries < 30; tries++) {
    const p = 1 / (1 + Math.exp(-u));
    const excess = (u - margin) / give + pull - weight * (y - p);
    if (excess > 0) high = u;
    else low = u;
    if (Math.abs(excess) <= 1e-12 * weight) break;
    const newton = u - excess / (1 / give + weight * p * (1 - p));
    u = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(excess) <= 1e-5 * weight) break;
  }
  return pull + (u - margin) / give;
}

/** The best constant margin; half an example of each outcome keeps one outcome alone from being a certainty. */
function constantMargin({ y, weight, loss }: SparseProblem, total: number): number {
  let sum = 0;
  for (let i = 0; i < y.length; i++) sum += weight[i] * y[i];
  return loss === 'squared' ? sum / total : logit((sum + 0.5) / (total + 1));
}

/** Σ pull·x / ridge, [width]. */
function weightsOf(matrix: SparseRows, pulls: Float64Array, ridge: number): Float64Array {
  const { rows, offsets, codes, values, width } = matrix;
  const weights = new Float64Array(width);
  for (let i = 0; i < rows; i++) {
    if (pulls[i] === 0) continue;
    for (let k = offsets[i]; k < offsets[i + 1]; k++) weights[codes[k]] += (pulls[i] / ridge) * values[k];
  }
  return weights;
}

function squaredLengths({ rows, offsets, values }: SparseRows): Float64Array {
  const lengths = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    for (let k = offsets[i]; k < offsets[i + 1]; k++) lengths[i] += values[k] * values[k];
  }
  return lengths;
}
