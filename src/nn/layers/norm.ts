// Norms: each place, or each channel, brought to one scale.

import type { Tensor } from '../../tensor/graph.ts';
import { add, mul } from '../../tensor/ops/arithmetic.ts';
import * as rows from '../../tensor/ops/normalisation.ts';
import { ones, zeros } from '../initialise.ts';
import { defineModule, type Module } from '../module.ts';

export interface NormOptions {
  /** Keeps the division away from 0; 1e-5 by default. */
  readonly epsilon?: number;
}

/** Last axis to mean 0 and variance 1, then `scale` and `shift`, both [width]. @see Ba et al. 2016, arXiv:1607.06450 */
export function layerNorm({ epsilon = 1e-5 }: NormOptions = {}): Module<Tensor, Tensor> {
  return defineModule('layerNorm', (scope, x) => {
    const width = x.shape.at(-1) as number;
    const scale = scope.parameter('scale', { width }, ones);
    return rows.layerNorm(x, scale, scope.parameter('shift', { width }, zeros), epsilon);
  });
}

/** Last axis divided by its root mean square, then `scale` [width]. @see Zhang and Sennrich 2019, arXiv:1910.07467 */
export function rmsNorm({ epsilon = 1e-5 }: NormOptions = {}): Module<Tensor, Tensor> {
  return defineModule('rmsNorm', (scope, x) => {
    const width = x.shape.at(-1) as number;
    return rows.rmsNorm(x, scope.parameter('scale', { width }, ones), epsilon);
  });
}

export interface BatchNormOptions extends NormOptions {
  /** Which axis holds the channels: 1 by default. */
  readonly axis?: number;
  /** Weight of the batch just seen in the running statistics; .1 by default. */
  readonly momentum?: number;
}

/**
 * Each channel to mean 0 and variance 1 over the batch, then `scale` and `shift`, [channels]. In training by the batch's
 * own statistics, which move the running ones (`mean`, `variance`); outside by the running ones. The running variance is
 * the unbiased one, divided by n − 1, as in PyTorch.
 *
 * @see Ioffe and Szegedy 2015, arXiv:1502.03167
 */
export function batchNorm({
  epsilon = 1e-5,
  axis = 1,
  momentum = 0.1,
}: BatchNormOptions = {}): Module<Tensor, Tensor> {
  return defineModule('batchNorm', (scope, x) => {
    const channels = x.shape.at(axis) as number;
    const scale = scope.parameter('scale', { channels }, ones);
    const shift = scope.parameter('shift', { channels }, zeros);
    const mean = scope.statistic('mean', { channels }, zeros);
    const variance = scope.statistic('variance', { channels }, ones);
    if (!scope.training) return rows.applyBatchNorm(x, { scale, shift, mean, variance }, { axis, epsilon });
    const seen = rows.batchNorm(x, scale, shift, { axis, epsilon });
    const count = x.shape.reduce((a, b) => a * b, 1) / channels;
    const unbiased = count / Math.max(1, count - 1);
    const moved = (old: Tensor, now: Tensor, by: number): Tensor =>
      add(mul(old, 1 - momentum), mul(now, momentum * by));
    scope.update(mean, moved(mean, seen.mean, 1));
    scope.update(variance, moved(variance, seen.variance, unbiased));
    return seen.y;
  });
}
