// From a sequence to one vector, over its real events only.

import type { Tensor } from '../../tensor/graph.ts';
import { cast, div, maximum, mul, where } from '../../tensor/ops/arithmetic.ts';
import { equal, greater } from '../../tensor/ops/comparison.ts';
import { constant } from '../../tensor/ops/leaf.ts';
import { matmul } from '../../tensor/ops/matrix.ts';
import { max } from '../../tensor/ops/reductions.ts';
import { reshape, sum } from '../../tensor/ops/structure.ts';
import { defineModule, type Module } from '../module.ts';

export interface PoolingInput {
  /** [batch, time, width] */
  readonly x: Tensor;
  /** float [batch, time], 1 = real event, 0 = padding on either side */
  readonly mask: Tensor;
}

/** Mean, largest, or last: `[batch, time, width]` to `[batch, width]`. A sequence without events gives zeros. */
export function pooling(of: 'mean' | 'max' | 'last'): Module<PoolingInput, Tensor> {
  return defineModule('pooling', (_scope, input) => POOLED[of](input));
}

const POOLED: Readonly<Record<'mean' | 'max' | 'last', (input: PoolingInput) => Tensor>> = {
  mean: ({ x, mask }) => weighted(x, div(mask, maximum(sum(mask, 1, { keep: true }), 1))),
  max: ({ x, mask }) => {
    const [batch, time] = mask.shape as readonly [number, number];
    const real = greater(reshape(mask, { batch, time, width: 1 }), 0.5);
    const any = greater(max(mask, 1, { keep: true }), 0.5);
    return where(any, max(where(real, x, LOWEST), 1), 0);
  },
  last: ({ x, mask }) => {
    const places = constant(
      Float64Array.from({ length: mask.shape[1] as number }, (_, t) => t + 1),
      [mask.shape[1] as number],
    );
    const real = mul(mask, places);
    const isLast = cast(equal(real, max(real, 1, { keep: true })), 'float');
    return weighted(x, mul(isLast, mask));
  },
};

/** Below anything a layer returns. */
const LOWEST = -1e30;

/** Σ over time of weight · x. */
function weighted(x: Tensor, weights: Tensor): Tensor {
  const [batch, time, width] = x.shape as readonly [number, number, number];
  return reshape(matmul(reshape(weights, { batch, one: 1, time }), x), { batch, width });
}
