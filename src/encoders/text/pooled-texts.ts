// From states of pieces to one vector a text, as a module: what is embedded, compared and classified.
import { AppError } from '../../core/errors.ts';
import { pooling as pooledOver } from '../../nn/layers/pooling.ts';
import { defineModule, type Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { mul } from '../../tensor/ops/arithmetic.ts';
import { l2Normalise } from '../../tensor/ops/reductions.ts';
import { reshape, slice } from '../../tensor/ops/structure.ts';
import type { PieceBatch, TextEncoder, TextPooling } from './text-encoder.ts';

export interface PooledOptions {
  /** The encoder's own by default. */
  readonly pooling?: TextPooling;
  /** Brings each vector to length one; as the encoder's vectors are meant, by default. */
  readonly isNormalised?: boolean;
  /** Share dropped while training. */
  readonly dropout?: number;
}

/**
 * Vectors of texts, [batch, width]; the encoder's parameters keep their names.
 *
 * @throws AppError USAGE for `given` where the encoder has no vectors of its own
 */
export function pooledTexts(
  encoder: TextEncoder,
  shape: { readonly batch: number; readonly time: number },
  { pooling = encoder.pooling, isNormalised = encoder.isNormalised, dropout = 0 }: PooledOptions = {},
): Module<PieceBatch, Tensor> {
  const module = pooling === 'given' ? encoder.given?.(shape) : encoder.module(shape, dropout);
  if (module === undefined)
    throw new AppError(
      'USAGE',
      `encoder "${encoder.name}": expected pooling mean, max or first, got given; its file has no vectors of its own`,
    );
  const brought = (vectors: Tensor): Tensor => (isNormalised ? l2Normalise(vectors) : vectors);
  return defineModule('pooled', (scope, batch) => {
    const made = module.build(scope, batch);
    if (pooling === 'given') return brought(made);
    if (pooling === 'first') return brought(firstOf(made, batch.mask));
    return brought(pooledOver(pooling).build(scope, { x: made, mask: batch.mask }));
  });
}

/** [batch, time, width] → [batch, width]; zeros for a text without pieces, as the other poolings give. */
function firstOf(x: Tensor, mask: Tensor): Tensor {
  const [batch, , width] = x.shape as readonly [number, number, number];
  return mul(reshape(slice(x, 1, 0, 1), { batch, width }), slice(mask, 1, 0, 1));
}
