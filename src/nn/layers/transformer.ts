// Transformer blocks, and a stack of them with its masks built once.

import type { Tensor } from '../../tensor/graph.ts';
import { add } from '../../tensor/ops/arithmetic.ts';
import { defineModule, type Module } from '../module.ts';
import { type AttentionInput, attention } from './attention.ts';
import { distanceBuckets, gapBuckets, visibility } from './attention-bias.ts';
import { type Activation, feedForward } from './feed-forward.ts';
import { layerNorm, rmsNorm } from './norm.ts';

export interface BlockOptions {
  readonly width: number;
  readonly heads: number;
  /** Width inside one head, width / heads by default; said where heads have been pruned. */
  readonly headWidth?: number;
  /** Width inside the feed-forward layer; 4 · width by default. */
  readonly inner?: number;
  readonly activation?: Activation;
  /** Share dropped from attention weights and from what each half adds. */
  readonly dropout?: number;
  /** `pre` trains without a warm-up (Xiong et al. 2020, arXiv:2002.04745); `post` is the first transformer's and BERT's. */
  readonly normAt?: 'pre' | 'post';
  readonly norm?: 'layer' | 'rms';
  /** What keeps a norm's division away from 0; the norm's own by default. Published weights say theirs. */
  readonly normEpsilon?: number;
  readonly rotary?: boolean;
  readonly gapBuckets?: number;
  /** Reach of a learned relative position bias: distances beyond it count as it. */
  readonly reach?: number;
}

/** Attention and feed-forward, each added to what it was given: `[batch, time, width]` to the same. */
export function transformerBlock(options: BlockOptions): Module<AttentionInput, Tensor> {
  const { width, heads, inner = 4 * width, activation = 'gelu', dropout = 0, normAt = 'pre' } = options;
  const norm = (options.norm === 'rms' ? rmsNorm : layerNorm)(
    options.normEpsilon === undefined ? {} : { epsilon: options.normEpsilon },
  );
  const look = attention({
    width,
    heads,
    ...(options.headWidth === undefined ? {} : { headWidth: options.headWidth }),
    dropout,
    rotary: options.rotary ?? false,
    ...(options.gapBuckets === undefined ? {} : { gapBuckets: options.gapBuckets }),
    ...(options.reach === undefined ? {} : { distanceBuckets: 2 * options.reach + 1 }),
  });
  const think = feedForward({ inner, activation });
  return defineModule('block', (scope, input) => {
    const seen = (x: Tensor): Tensor =>
      scope.dropout(scope.apply('attention', look, { ...input, x }), dropout);
    const thought = (x: Tensor): Tensor => scope.dropout(scope.apply('feedForward', think, x), dropout);
    if (normAt === 'pre') {
      const x = add(input.x, seen(scope.apply('attentionNorm', norm, input.x)));
      return add(x, thought(scope.apply('feedForwardNorm', norm, x)));
    }
    const x = scope.apply('attentionNorm', norm, add(input.x, seen(input.x)));
    return scope.apply('feedForwardNorm', norm, add(x, thought(x)));
  });
}

/** What pruning makes different from block to block. */
export interface BlockShape {
  readonly heads?: number;
  readonly inner?: number;
}

export interface TransformerOptions extends BlockOptions {
  readonly blocks: number;
  /** By block, where it differs from the common options. */
  readonly shapes?: readonly BlockShape[];
  /** Each place sees itself and what came before. */
  readonly causal?: boolean;
}

export interface SequenceInput {
  /** [batch, time, width] */
  readonly x: Tensor;
  /** float [batch, time], 1 = real event, 0 = padding */
  readonly mask?: Tensor;
  /** int32 [batch, time], for `gapBuckets`: see `gapBuckets` */
  readonly times?: Tensor;
}

/** Blocks one after the other under `blocks.0`, `blocks.1`, …, with a last norm after pre-norm blocks. */
export function transformer(options: TransformerOptions): Module<SequenceInput, Tensor> {
  const { blocks, shapes = [], causal = false, normAt = 'pre' } = options;
  const each = Array.from({ length: blocks }, (_, i) => transformerBlock({ ...options, ...shapes[i] }));
  return defineModule('transformer', (scope, { x, mask, times }) => {
    const time = x.shape[1] as number;
    const shared = {
      bias: visibility(mask, causal ? time : undefined),
      gaps: options.gapBuckets === undefined || !times ? undefined : gapBuckets(times, options.gapBuckets),
      distances: options.reach === undefined ? undefined : distanceBuckets(time, options.reach),
    };
    let state = x;
    for (const [i, block] of each.entries())
      state = scope.apply(`blocks.${i}`, block, { x: state, ...shared });
    return normAt === 'post'
      ? state
      : scope.apply('norm', (options.norm === 'rms' ? rmsNorm : layerNorm)(), state);
  });
}
