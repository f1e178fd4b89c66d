// The network of BERT and its kin: pieces, places and text kinds added and normed, then post-norm blocks.
import { AppError } from '../../core/errors.ts';
import { normal } from '../../nn/initialise.ts';
import { visibility } from '../../nn/layers/attention-bias.ts';
import { embedding } from '../../nn/layers/embedding.ts';
import { layerNorm } from '../../nn/layers/norm.ts';
import { transformerBlock } from '../../nn/layers/transformer.ts';
import { defineModule, type Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { add } from '../../tensor/ops/arithmetic.ts';
import { slice } from '../../tensor/ops/structure.ts';
import type { PieceBatch } from '../text/text-encoder.ts';
import type { BertShape } from './bert-shape.ts';

/** Pieces such a network can read at most: rows of places from the first one on. */
export const bertLength = ({ places, firstPlace }: BertShape): number => places - firstPlace;

/**
 * States of pieces, [batch, time, width]. Parameters: `pieces.weight`, `places`, `types`, `norm`, and those of the
 * blocks under `blocks.0`, `blocks.1`, ….
 *
 * @throws AppError SHAPE for more pieces than there are places
 * @see Devlin et al. 2018, arXiv:1810.04805; Liu et al. 2019 (RoBERTa), arXiv:1907.11692
 */
export function bertStates(shape: BertShape, dropout = 0): Module<PieceBatch, Tensor> {
  const { vocabulary, width, heads, inner, activation, epsilon, places, firstPlace, types } = shape;
  const pieces = embedding({ count: vocabulary, width });
  const norm = layerNorm({ epsilon });
  const block = transformerBlock({
    width,
    heads,
    inner,
    activation,
    dropout,
    normAt: 'post',
    normEpsilon: epsilon,
  });
  return defineModule('bert', (scope, { ids, mask }) => {
    const time = ids.shape[1] as number;
    if (time > bertLength(shape))
      throw new AppError('SHAPE', `encoder: expected at most ${bertLength(shape)} pieces, got ${time}`);
    const placed = scope.parameter('places', { length: places, width }, normal());
    let x = add(scope.apply('pieces', pieces, ids), slice(placed, 0, firstPlace, firstPlace + time));
    // one text a row: all its pieces are of the first kind
    if (types > 0) x = add(x, slice(scope.parameter('types', { types, width }, normal()), 0, 0, 1));
    x = scope.dropout(scope.apply('norm', norm, x), dropout);
    const bias = visibility(mask, undefined);
    for (let i = 0; i < shape.blocks; i++) x = scope.apply(`blocks.${i}`, block, { x, bias });
    return x;
  });
}
