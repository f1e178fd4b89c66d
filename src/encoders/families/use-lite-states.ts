// Universal Sentence Encoder Lite: pieces and waves of their places, two pre-norm blocks, a mean bent by tanh.
import { AppError } from '../../core/errors.ts';
import { attention } from '../../nn/layers/attention.ts';
import { visibility } from '../../nn/layers/attention-bias.ts';
import { embedding } from '../../nn/layers/embedding.ts';
import { feedForward } from '../../nn/layers/feed-forward.ts';
import { linear } from '../../nn/layers/linear.ts';
import { layerNorm } from '../../nn/layers/norm.ts';
import { pooling } from '../../nn/layers/pooling.ts';
import { defineModule, type Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { tanh } from '../../tensor/ops/activations.ts';
import { add, mul } from '../../tensor/ops/arithmetic.ts';
import { constant } from '../../tensor/ops/leaf.ts';
import { l2Normalise } from '../../tensor/ops/reductions.ts';
import type { PieceBatch } from '../text/text-encoder.ts';
import { USE_LITE } from './use-lite-shape.ts';

const { vocabulary, pieceWidth, width, heads, inner, blocks, length, epsilon } = USE_LITE;

/**
 * States of pieces, [batch, time, 512]. Parameters: `pieces.weight`, and those of the blocks under `blocks.0` (which
 * widens 256 to 512 and has a `shortcut` for it) and `blocks.1`.
 *
 * @throws AppError SHAPE for more than 128 pieces
 * @see Cer et al. 2018, arXiv:1803.11175
 */
export function useLiteStates(dropout = 0): Module<PieceBatch, Tensor> {
  const pieces = embedding({ count: vocabulary, width: pieceWidth });
  const each = Array.from({ length: blocks }, (_, i) => block(i === 0 ? pieceWidth : width, dropout));
  return defineModule('useLite', (scope, { ids, mask }) => {
    const time = ids.shape[1] as number;
    if (time > length) throw new AppError('SHAPE', `encoder: expected at most ${length} pieces, got ${time}`);
    const bias = visibility(mask, undefined);
    // [batch, time, 256]
    let x = add(mul(scope.apply('pieces', pieces, ids), 2), placeWaves(time));
    for (const [i, one] of each.entries()) x = scope.apply(`blocks.${i}`, one, { x, bias });
    return x;
  });
}

interface BlockInput {
  readonly x: Tensor;
  readonly bias: Tensor | undefined;
}

function block(from: number, dropout: number): Module<BlockInput, Tensor> {
  const norm = layerNorm({ epsilon });
  const look = attention({ width, heads, headWidth: from / heads, dropout });
  const think = feedForward({ inner, activation: 'relu' });
  return defineModule('block', (scope, { x, bias }) => {
    const normed = scope.apply('attentionNorm', norm, x);
    const seen = scope.dropout(scope.apply('attention', look, { x: normed, bias }), dropout);
    const wide = add(seen, from === width ? x : scope.apply('shortcut', linear({ width }), x));
    const thought = scope.apply('feedForward', think, scope.apply('feedForwardNorm', norm, wide));
    return add(scope.dropout(thought, dropout), wide);
  });
}

/** The file's own vectors, [batch, 512], of length one; one more layer, `dense`. */
export function useLiteVectors(): Module<PieceBatch, Tensor> {
  const states = useLiteStates();
  return defineModule('useLiteVectors', (scope, batch) => {
    const mean = pooling('mean').build(scope, { x: states.build(scope, batch), mask: batch.mask });
    return l2Normalise(tanh(scope.apply('dense', linear({ width }), mean)));
  });
}

/**
 * [time, 256]: sines of a place at 128 speeds, then cosines.
 *
 * @see Vaswani et al. 2017, §3.5, with the halves side by side as in tensor2tensor
 */
function placeWaves(time: number): Tensor {
  const speeds = pieceWidth / 2;
  const values = new Float32Array(time * pieceWidth);
  for (let place = 0; place < time; place++)
    for (let k = 0; k < speeds; k++) {
      const angle = place * Math.exp((-Math.log(1e4) * k) / (speeds - 1));
      values[place * pieceWidth + k] = Math.sin(angle);
      values[place * pieceWidth + speeds + k] = Math.cos(angle);
    }
  return constant(values, { time, width: pieceWidth });
}
