// The second half of a transformer block: wider, bent, and back; each place alone.

import type { Tensor } from '../../tensor/graph.ts';
import { gelu, relu, silu } from '../../tensor/ops/activations.ts';
import { mul } from '../../tensor/ops/arithmetic.ts';
import { defineModule, type Module } from '../module.ts';
import { linear } from './linear.ts';

export type Activation = 'gelu' | 'relu' | 'silu' | 'swiglu';

const BENT: Readonly<Record<Exclude<Activation, 'swiglu'>, (x: Tensor) => Tensor>> = {
  gelu: (x) => gelu(x),
  relu,
  silu,
};

export interface FeedForwardOptions {
  /** Width inside; four times the outer one is usual, 8/3 for SwiGLU, which has three matrices. */
  readonly inner: number;
  readonly activation?: Activation;
  /** Share of inner cells dropped while training. */
  readonly dropout?: number;
}

/**
 * `[..., width]` to the same: act(x·W₁ + b₁)·W₂ + b₂; with `swiglu` (silu(x·Wg) ∘ x·W₁)·W₂, without shifts. The
 * bent cells, `hidden`, can be tapped.
 *
 * @see Shazeer 2020, arXiv:2002.05202 for SwiGLU
 */
export function feedForward({
  inner,
  activation = 'gelu',
  dropout = 0,
}: FeedForwardOptions): Module<Tensor, Tensor> {
  return defineModule('feedForward', (scope, x) => {
    const width = x.shape.at(-1) as number;
    const bias = activation !== 'swiglu';
    const widened = scope.apply('inner', linear({ width: inner, bias }), x);
    const bent =
      activation === 'swiglu'
        ? mul(silu(scope.apply('gate', linear({ width: inner, bias }), x)), widened)
        : BENT[activation](widened);
    const hidden = scope.tap('hidden', bent);
    return scope.apply('output', linear({ width, bias }), scope.dropout(hidden, dropout));
  });
}
