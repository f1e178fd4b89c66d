// Multi-head attention: every place asks, places before it (or all, or another sequence) answer.

import { AppError } from '../../core/errors.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { add } from '../../tensor/ops/arithmetic.ts';
import { attend } from '../../tensor/ops/attention.ts';
import { pad, reshape, transpose } from '../../tensor/ops/structure.ts';
import { defineModule, type Module, type Scope } from '../module.ts';
import { bucketBias } from './attention-bias.ts';
import { linear } from './linear.ts';
import { rotate } from './rotary.ts';

export interface AttentionOptions {
  readonly width: number;
  /** Must divide the width, unless `headWidth` is said. */
  readonly heads: number;
  /** Width inside one head, width / heads by default; said where heads have been pruned. */
  readonly headWidth?: number;
  /** Share of attention weights dropped while training. */
  readonly dropout?: number;
  /** Turns queries and keys by their places. */
  readonly rotary?: boolean;
  /** Classes of the time between two events, each with a learned number a head; wants `gaps`. */
  readonly gapBuckets?: number;
  /** Classes of the distance between two places, each with a learned number a head; wants `distances`. */
  readonly distanceBuckets?: number;
}

export interface AttentionInput {
  /** [batch, time, width] */
  readonly x: Tensor;
  /** What is looked at, [batch, keys, …]; `x` itself by default. */
  readonly context?: Tensor;
  /** Added to the scores; stretches to [batch, heads, time, keys]: see `visibility`. */
  readonly bias?: Tensor | undefined;
  /** int32 [batch, time, keys]: see `gapBuckets`. */
  readonly gaps?: Tensor | undefined;
  /** int32 [time, keys]: see `distanceBuckets`. */
  readonly distances?: Tensor | undefined;
}

/**
 * `[batch, time, width]` to the same. Parameters under `query`, `key`, `value`, `output`; the inner tensors
 * `queries`, `keys` and `values`, [batch, heads, time, width / heads], can be tapped. A tap that puts further keys
 * and values in front is seen by every place.
 *
 * @throws AppError SHAPE when the heads do not divide the width
 * @see Vaswani et al. 2017, arXiv:1706.03762, §3.2
 */
export function attention(options: AttentionOptions): Module<AttentionInput, Tensor> {
  const { width, heads, headWidth = width / heads, dropout = 0, rotary = false } = options;
  if (!Number.isInteger(headWidth))
    throw new AppError('SHAPE', `attention: expected heads that divide width ${width}, got ${heads}`);
  return defineModule('attention', (scope, input) => {
    const { x, context = x } = input;
    const project = (name: string, from: Tensor): Tensor =>
      splitHeads(scope.apply(name, linear({ width: heads * headWidth }), from), heads);
    const placed = (tensor: Tensor): Tensor => (rotary ? rotate(tensor) : tensor);
    const query = scope.tap('queries', placed(project('query', x)));
    const key = scope.tap('keys', placed(project('key', context)));
    const value = scope.tap('values', project('value', context));

    const [batch, time] = x.shape as readonly [number, number];
    const inFront = (key.shape[2] as number) - (context.shape[1] as number);
    const bias = scoreBias(scope, input, options);
    const keep = scope.dropoutMask([batch, heads, time, key.shape[2] as number], dropout);
    const { context: mixed } = attend(query, key, value, {
      ...(bias === undefined ? {} : { bias: pad(bias, -1, bias.shape.at(-1) === 1 ? 0 : inFront, 0) }),
      ...(keep === undefined ? {} : { keep }),
    });
    return scope.apply('output', linear({ width }), joinHeads(mixed));
  });
}

function scoreBias(
  scope: Scope,
  { bias, gaps, distances }: AttentionInput,
  { heads, gapBuckets, distanceBuckets }: AttentionOptions,
): Tensor | undefined {
  const learned = (name: string, buckets: number | undefined, classes: Tensor | undefined) =>
    buckets === undefined
      ? undefined
      : scope.apply(name, bucketBias({ heads, buckets }), wanted(name, classes));
  return [bias, learned('gaps', gapBuckets, gaps), learned('distances', distanceBuckets, distances)]
    .filter((part) => part !== undefined)
    .reduce<Tensor | undefined>((total, part) => (total === undefined ? part : add(total, part)), undefined);
}

function wanted(name: string, classes: Tensor | undefined): Tensor {
  if (classes === undefined)
    throw new AppError('USAGE', `attention: expected the input "${name}" for its learned bias, got none`);
  return classes;
}

/** [batch, time, width] → [batch, heads, time, width / heads] */
function splitHeads(x: Tensor, heads: number): Tensor {
  const [batch, time, width] = x.shape as readonly [number, number, number];
  return transpose(reshape(x, { batch, time, heads, width: width / heads }), [0, 2, 1, 3]);
}

/** [batch, heads, time, width] → [batch, time, heads · width] */
function joinHeads(x: Tensor): Tensor {
  const [batch, heads, time, width] = x.shape as readonly [number, number, number, number];
  return reshape(transpose(x, [0, 2, 1, 3]), { batch, time, width: heads * width });
}
