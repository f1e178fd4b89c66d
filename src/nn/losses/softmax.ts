// Choosing one item of a table: over all of it, or over the item taken and some drawn beside it.

import { AppError } from '../../core/errors.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { softplus } from '../../tensor/ops/activations.ts';
import { add, div, maximum, mul, neg, sub, where } from '../../tensor/ops/arithmetic.ts';
import { equal } from '../../tensor/ops/comparison.ts';
import { gather } from '../../tensor/ops/indexing.ts';
import { constant } from '../../tensor/ops/leaf.ts';
import { softmaxCrossEntropy } from '../../tensor/ops/losses/cross-entropy.ts';
import { logPartition } from '../../tensor/ops/losses/log-partition.ts';
import { tiedSoftmaxCrossEntropy } from '../../tensor/ops/losses/tied-softmax.ts';
import { matmul } from '../../tensor/ops/matrix.ts';
import { mean } from '../../tensor/ops/reductions.ts';
import { logSoftmax } from '../../tensor/ops/softmax.ts';
import { reshape, sum } from '../../tensor/ops/structure.ts';
import { type Axis, volume } from '../../tensor/type.ts';
import { requireAxes } from './same-shape.ts';
import { weightedMean } from './weighted.ts';

export interface TiedSoftmaxInput {
  /** [..., width] */
  readonly states: Tensor;
  /** The embedding table [count, width]. */
  readonly table: Tensor;
  /** int32 [...], each in 0 … count − 1. */
  readonly targets: Tensor;
}

export interface LabelSmoothing {
  /** ε in [0, 1): the target keeps 1 − ε, and all classes share ε. @see Szegedy et al. 2015, arXiv:1512.00567, §7 */
  readonly labelSmoothing?: number;
}

/**
 * −ln softmax(state · tableᵀ)[target] over the whole table, [...]. The gradient of the scores is never written out:
 * what grows with examples × items is the softmax alone. For a mean, `tiedCrossEntropyMean` takes a fraction of the memory.
 */
export function tiedCrossEntropy(
  { states, table, targets }: TiedSoftmaxInput,
  { labelSmoothing = 0 }: LabelSmoothing = {},
): Tensor {
  checkSmoothing('tiedCrossEntropy', labelSmoothing);
  const places = states.axes.slice(0, -1);
  requireAxes('tiedCrossEntropy', places, targets);
  const { log } = logPartition(flat(states), table);
  const taken = scoreOf(states, gather(table, targets));
  if (labelSmoothing === 0) return sub(reshape(log, places), taken);
  // the mean of all scores is the score of the mean row
  const centre = mul(sum(table, 0), 1 / (table.shape[0] as number));
  const smoothed = add(mul(taken, 1 - labelSmoothing), mul(scoreOf(states, centre), labelSmoothing));
  return sub(reshape(log, places), smoothed);
}

/**
 * −ln softmax(logits)[target], [...], for scores of one's own over a few classes; with smoothing the target keeps 1 − ε,
 * and all classes share ε.
 *
 * @param logits  [..., classes]
 * @param targets int32 [...], from 0
 */
export function crossEntropy(
  logits: Tensor,
  targets: Tensor,
  { labelSmoothing = 0 }: LabelSmoothing = {},
): Tensor {
  checkSmoothing('crossEntropy', labelSmoothing);
  const taken = softmaxCrossEntropy(logits, targets);
  if (labelSmoothing === 0) return taken;
  const shared = neg(mean(logSoftmax(logits), -1));
  return add(mul(taken, 1 - labelSmoothing), mul(shared, labelSmoothing));
}

export interface MeanOptions extends LabelSmoothing {
  /** One an example, at least 0: 0 for padding. 1 by default. */
  readonly weights?: Tensor;
}

/**
 * The weighted mean of `tiedCrossEntropy`, and the way to train with it: gradient and loss are made in one pass over
 * blocks of scores, none of which are kept. Where all weights are 0 the mean is 0.
 */
export function tiedCrossEntropyMean(
  input: TiedSoftmaxInput,
  { weights, labelSmoothing = 0 }: MeanOptions = {},
): Tensor {
  const { states, table, targets } = input;
  if (labelSmoothing !== 0) return weightedMean(tiedCrossEntropy(input, { labelSmoothing }), weights);
  requireAxes('tiedCrossEntropyMean', states.axes.slice(0, -1), targets);
  const count = volume(targets.shape);
  const share =
    weights === undefined
      ? constant(new Float64Array(count).fill(1 / count), [count])
      : reshape(div(weights, maximum(sum(weights), 1e-12)), [count]);
  return sum(tiedSoftmaxCrossEntropy(flat(states), table, reshape(targets, [count]), { weights: share }));
}

export interface SampledSoftmaxInput extends TiedSoftmaxInput {
  /** int32 [samples], the same for every example. */
  readonly negatives: Tensor;
  /** ln of the chance each item has to be drawn, [count]: takes the drawing's preference out of the scores. */
  readonly logChance?: Tensor;
}

export interface SampledSoftmaxOptions {
  /** Leaves out a negative that happens to be the example's own target; on by default. */
  readonly maskHits?: boolean;
}

/** Below any score, so that its share is 0. */
const LEFT_OUT = -1e9;

/**
 * −ln softmax over the target and the shared negatives, each score less ln of its chance of being drawn, [...].
 *
 * @see Jean et al. 2015, arXiv:1412.2007; Yi et al. 2019 (RecSys), eq. 3, for the correction
 */
export function sampledSoftmax(
  { states, table, targets, negatives, logChance }: SampledSoftmaxInput,
  { maskHits = true }: SampledSoftmaxOptions = {},
): Tensor {
  const places = states.axes.slice(0, -1);
  requireAxes('sampledSoftmax', places, targets);
  const examples = volume(targets.shape);
  const score = scoreOf(states, gather(table, targets));
  const taken = logChance === undefined ? score : sub(score, gather(logChance, targets));
  const offset = logChance === undefined ? undefined : neg(gather(logChance, negatives));
  const hits = maskHits ? equal(reshape(targets, [examples, 1]), negatives) : undefined;
  const bias = hits === undefined ? offset : where(hits, LEFT_OUT, offset ?? 0);
  const { log } = logPartition(flat(states), gather(table, negatives), bias);
  // −ln(eᵗ / (eᵗ + eᴸ)) = softplus(L − t)
  return softplus(sub(reshape(log, places), taken));
}

/** Σ state · row over the last axis. */
function scoreOf(states: Tensor, rows: Tensor): Tensor {
  if (rows.shape.length > 1) return sum(mul(states, rows), -1);
  const column = matmul(states, reshape(rows, [...rows.axes, { size: 1 }]));
  return reshape(column, states.axes.slice(0, -1));
}

function flat(states: Tensor): Tensor {
  const width = states.axes.at(-1) as Axis;
  return reshape(states, [{ size: volume(states.shape) / width.size, name: 'examples' }, width]);
}

function checkSmoothing(loss: string, labelSmoothing: number): void {
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw new AppError('USAGE', `${loss}: expected smoothing in [0, 1), got ${labelSmoothing}`);
}
