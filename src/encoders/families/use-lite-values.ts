// The values of Universal Sentence Encoder Lite out of TensorFlow's names for them.
import { AppError } from '../../core/errors.ts';
import { type ParameterShapes, parametersOf } from '../text/encoder-values.ts';
import type { Weights } from '../weights/weights.ts';
import { USE_LITE } from './use-lite-shape.ts';
import { useLiteVectors } from './use-lite-states.ts';

/** Every parameter and its shape. */
export const useLiteParameters = (): ParameterShapes => parametersOf(useLiteVectors());

const ENCODE = 'Encoder_en/KonaTransformer/Encode';
const FOLDED = `module_apply_default/${ENCODE}`;

/** A layer's norms, products and shifts, by our names; what is split in three is not among them. */
const IN_LAYER: Readonly<Record<string, (layer: number) => string>> = {
  'attentionNorm.scale': (n) =>
    `${layerPath(n)}/layer_prepostprocess/layer_norm/layer_norm_scale/ConcatPartitions/concat`,
  'attentionNorm.shift': (n) =>
    `${layerPath(n)}/layer_prepostprocess/layer_norm/layer_norm_bias/ConcatPartitions/concat`,
  'attention.output.weight': (n) =>
    `module/${ENCODE}/Layer_${n}/TransformerLayer/MultiheadAttention/output_transform_single/kernel/part_0`,
  'attention.output.bias': (n) =>
    `${layerPath(n)}/MultiheadAttention/output_transform_single/bias/ConcatPartitions/concat`,
  'shortcut.weight': (n) => `${layerPath(n)}/dense/kernel/ConcatPartitions/concat`,
  'shortcut.bias': (n) => `${layerPath(n)}/dense/bias/ConcatPartitions/concat`,
  'feedForwardNorm.scale': (n) =>
    `${layerPath(n)}/FFN/layer_prepostprocess/layer_norm/layer_norm_scale/ConcatPartitions/concat`,
  'feedForwardNorm.shift': (n) =>
    `${layerPath(n)}/FFN/layer_prepostprocess/layer_norm/layer_norm_bias/ConcatPartitions/concat`,
  'feedForward.inner.weight': (n) => `${stackPath(n)}/FFN/conv1/Tensordot/Reshape_1`,
  'feedForward.inner.bias': (n) => `${layerPath(n)}/FFN/conv1/bias/ConcatPartitions/concat`,
  'feedForward.output.weight': (n) => `${stackPath(n)}/FFN/conv2/Tensordot/Reshape_1`,
  'feedForward.output.bias': (n) => `${layerPath(n)}/FFN/conv2/bias/ConcatPartitions/concat`,
};

const layerPath = (layer: number): string => `${FOLDED}/Layer_${layer}/TransformerLayer`;
const stackPath = (layer: number): string => `${FOLDED}/TransformerStack/Layer_${layer}/TransformerLayer`;

const OUTSIDE: Readonly<Record<string, string>> = {
  'pieces.weight': 'module/Embeddings_en',
  'dense.weight': 'module/Encoder_en/hidden_layers/tanh_layer_0/weights',
  'dense.bias': 'module/Encoder_en/hidden_layers/tanh_layer_0/bias',
};

/** Columns of the one matrix that makes queries, keys and values, in this order. */
const THIRDS = ['query', 'key', 'value'];

/**
 * The values out of the published TensorFlow.js graph.
 *
 * @throws AppError NOT_FOUND for a weight it lacks; BAD_FILE for one of another size
 */
export function useLiteValues(weights: Weights): Readonly<Record<string, Float32Array>> {
  const values: Record<string, Float32Array> = {};
  for (const [name, shape] of useLiteParameters()) {
    const value = weightFor(weights, name);
    const count = shape.reduce((a, b) => a * b, 1);
    if (value.length !== count)
      throw new AppError('BAD_FILE', `weight "${name}": expected ${count} numbers, got ${value.length}`);
    values[name] = value;
  }
  return values;
}

function weightFor(weights: Weights, name: string): Float32Array {
  const outside = OUTSIDE[name];
  if (outside !== undefined) return weights.read(outside);
  const [, layer, part] = /^blocks\.(\d+)\.(.+)$/.exec(name) as RegExpExecArray;
  const whole = IN_LAYER[part]?.(Number(layer));
  if (whole !== undefined) return weights.read(whole);
  const [, role, leaf] = part.split('.');
  const third = THIRDS.indexOf(role);
  return leaf === 'bias'
    ? thirdOf(
        weights.read(
          `${layerPath(Number(layer))}/MultiheadAttention/qkv_transform_single/bias/ConcatPartitions/concat`,
        ),
        1,
        third,
      )
    : thirdOf(
        weights.read(
          `module/${ENCODE}/Layer_${layer}/TransformerLayer/MultiheadAttention/qkv_transform_single/kernel/part_0`,
        ),
        layer === '0' ? USE_LITE.pieceWidth : USE_LITE.width,
        third,
      );
}

/** Columns of one third of [rows, 3 · width]. */
function thirdOf(values: Float32Array, rows: number, third: number): Float32Array {
  const columns = values.length / rows;
  const width = columns / 3;
  const out = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++)
    out.set(values.subarray(row * columns + third * width, row * columns + (third + 1) * width), row * width);
  return out;
}
