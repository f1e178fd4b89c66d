// Our own small encoder: pieces and their places, pre-norm blocks, made for a shop's own texts.
import { AppError } from '../../core/errors.ts';
import { normal } from '../../nn/initialise.ts';
import { embedding } from '../../nn/layers/embedding.ts';
import { transformer } from '../../nn/layers/transformer.ts';
import { defineModule, type Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { add } from '../../tensor/ops/arithmetic.ts';
import { slice } from '../../tensor/ops/structure.ts';
import { encoderHash } from '../text/encoder-hash.ts';
import { parametersOf, requireValues } from '../text/encoder-values.ts';
import type { EncoderPlan, PieceBatch, TextEncoder } from '../text/text-encoder.ts';
import { openTokenizer } from '../tokenizer/open-tokenizer.ts';

/** How large an encoder of our own is. */
export interface OwnShape {
  /** Pieces of the vocabulary. */
  readonly vocabulary: number;
  readonly width: number;
  readonly blocks: number;
  /** Must divide the width. */
  readonly heads: number;
  /** Pieces read at most. */
  readonly length: number;
}

export const OWN_FAMILY = 'own';

/**
 * States of pieces, [batch, time, width]; parameters `pieces.weight`, `places`, and those of the blocks under `blocks`.
 *
 * @throws AppError SHAPE for more places than the encoder has
 */
export function ownStates(shape: OwnShape, dropout = 0): Module<PieceBatch, Tensor> {
  const { vocabulary, width, blocks, heads, length } = shape;
  const words = embedding({ count: vocabulary, width });
  const trunk = transformer({ width, blocks, heads, dropout, normAt: 'pre' });
  return defineModule('own', (scope, { ids, mask }) => {
    const time = ids.shape[1] as number;
    if (time > length)
      throw new AppError('SHAPE', `own encoder: expected at most ${length} pieces, got ${time}`);
    const places = scope.parameter('places', { length, width }, normal());
    // [batch, time, width]
    const embedded = add(scope.apply('pieces', words, ids), slice(places, 0, 0, time));
    return trunk.build(scope, { x: scope.dropout(embedded, dropout), mask });
  });
}

export interface OwnEncoderParts {
  readonly name: string;
  readonly shape: OwnShape;
  /** The text of a `tokenizer.json`, as `trainTokenizer` writes it. */
  readonly tokenizer: string;
  readonly values: Readonly<Record<string, Float32Array>>;
}

/** @throws AppError BAD_FILE for a tokenizer of another vocabulary, or values missing */
export function ownEncoder({ name, shape, tokenizer: file, values }: OwnEncoderParts): TextEncoder {
  const tokenizer = openTokenizer(file);
  if (tokenizer.size > shape.vocabulary)
    throw new AppError(
      'BAD_FILE',
      `own encoder: expected a tokenizer of at most ${shape.vocabulary} pieces, got ${tokenizer.size}`,
    );
  requireValues(parametersOf(ownStates(shape)), values);
  const plan: EncoderPlan = { family: OWN_FAMILY, config: { ...shape }, tokenizer: file };
  return {
    name,
    hash: encoderHash(plan, values),
    plan,
    tokenizer,
    width: shape.width,
    blocks: shape.blocks,
    maxLength: shape.length,
    pooling: 'mean',
    isNormalised: false,
    prefixes: { query: '', passage: '' },
    values,
    module: (_places, dropout = 0) => ownStates(shape, dropout),
  };
}
