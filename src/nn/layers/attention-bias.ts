// What is added to attention scores: who may see whom, how long ago, how far away.

import { AppError } from '../../core/errors.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { add, cast, maximum, minimum, mul, sub } from '../../tensor/ops/arithmetic.ts';
import { abs, log } from '../../tensor/ops/elementwise.ts';
import { gather } from '../../tensor/ops/indexing.ts';
import { constant } from '../../tensor/ops/leaf.ts';
import { reshape, transpose } from '../../tensor/ops/structure.ts';
import { zeros } from '../initialise.ts';
import { defineModule, type Module } from '../module.ts';

/** Far below any score, so that its share is 0; finite, so that a place that may see nothing gets no NaN. */
const HIDDEN = -1e4;

/** 0 where a place may be seen, a large negative number after it: [time, time]. */
export function causalBias(time: number): Tensor {
  const values = new Float32Array(time * time);
  for (let i = 0; i < time; i++) values.fill(HIDDEN, i * time + i + 1, (i + 1) * time);
  return constant(values, { time, keys: time });
}

/** @param mask float [batch, keys], 1 = real event, 0 = padding; @returns [batch, 1, 1, keys] */
export function paddingBias(mask: Tensor): Tensor {
  const [batch, keys] = mask.shape as readonly [number, number];
  return reshape(mul(sub(1, mask), HIDDEN), { batch, heads: 1, time: 1, keys });
}

/** Both, or whichever there is; build it once and give it to every block. */
export function visibility(mask: Tensor | undefined, causal: number | undefined): Tensor | undefined {
  const hidden = mask && paddingBias(mask);
  if (causal === undefined) return hidden;
  return hidden === undefined ? causalBias(causal) : minimum(hidden, causalBias(causal));
}

/**
 * How long lies between every two events, in classes that widen by √2: 0 for none, 1 from one unit, 2 from √2, 3 from 2, …
 *
 * @param times   int32 [batch, time], in units of which one is already worth telling apart (minutes, say)
 * @param buckets how many classes; the last takes everything longer
 * @returns       int32 [batch, time, time]
 */
export function gapBuckets(times: Tensor, buckets: number): Tensor {
  const [batch, time] = times.shape as readonly [number, number];
  const gap = sub(reshape(times, { batch, time, keys: 1 }), reshape(times, { batch, time: 1, keys: time }));
  const halves = mul(log(maximum(abs(cast(gap, 'float')), Math.SQRT1_2)), 2 / Math.LN2);
  // a thousandth more than needed, so that rounding does not push powers of two a class down
  return cast(minimum(add(halves, 1.001), buckets - 1), 'int32');
}

export interface BucketBiasOptions {
  readonly heads: number;
  readonly buckets: number;
}

/**
 * A learned number for each head and class of pairs: int32 `[batch, time, keys]` to `[batch, heads, time, keys]`.
 *
 * @see Zhai et al. 2024 (HSTU), arXiv:2402.17152, §3.2; Li et al. 2020 (TiSASRec) for time intervals in attention
 */
export function bucketBias({ heads, buckets }: BucketBiasOptions): Module<Tensor, Tensor> {
  return defineModule('bucketBias', (scope, classes) => {
    const rows = gather(scope.parameter('weight', { buckets, heads }, zeros), classes);
    return transpose(rows, classes.shape.length === 3 ? [0, 3, 1, 2] : [2, 0, 1]);
  });
}

/**
 * Classes of distance `i − j` for a relative position bias: int32 [time, keys], 0 … 2·reach.
 *
 * @see Shaw et al. 2018, arXiv:1803.02155: distances are cut off at `reach`
 */
export function distanceBuckets(time: number, reach: number): Tensor {
  if (!Number.isInteger(reach) || reach < 1)
    throw new AppError('USAGE', `distanceBuckets: expected a whole reach of at least 1, got ${reach}`);
  const classes = new Int32Array(time * time);
  for (let i = 0; i < time; i++)
    for (let j = 0; j < time; j++) classes[i * time + j] = Math.max(-reach, Math.min(reach, i - j)) + reach;
  return constant(classes, { time, keys: time }, 'int32');
}
