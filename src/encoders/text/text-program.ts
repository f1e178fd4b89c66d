// An encoder compiled at one batch shape: pieces in, vectors out.
import { AppError } from '../../core/errors.ts';
import { quantiseDynamic } from '../../nn/compress/quantise.ts';
import { trace } from '../../nn/module.ts';
import { emitModel } from '../../tensor/onnx/emit.ts';
import type { OnnxModel } from '../../tensor/onnx/model.ts';
import { input } from '../../tensor/ops/leaf.ts';
import { type PooledOptions, pooledTexts } from './pooled-texts.ts';
import type { TextEncoder } from './text-encoder.ts';

/** `int8` rounds the weights of products to 8 bits: a quarter of the size, and faster; vectors move a little. */
export type TextPrecision = 'float' | 'int8';

export interface TextProgramOptions extends Omit<PooledOptions, 'dropout'> {
  readonly precision?: TextPrecision;
}

/**
 * Inputs `ids`, int32, and `mask`, float, [batch, time]; output `vectors`, float [batch, width]. Written to be run at
 * once, with onnxruntime's own ops where they are faster.
 *
 * @throws AppError NOT_FOUND for a value the encoder lacks
 */
export function compileTexts(
  encoder: TextEncoder,
  { batch, time }: { readonly batch: number; readonly time: number },
  { precision = 'float', ...pooled }: TextProgramOptions = {},
): OnnxModel {
  const axes = { batch, time };
  const [ids, mask] = [input('ids', 'int32', axes), input('mask', 'float', axes)];
  const { output, parameters } = trace(pooledTexts(encoder, { batch, time }, pooled), { ids, mask });
  const missing = parameters.find(({ name }) => encoder.values[name] === undefined);
  if (missing !== undefined)
    throw new AppError('NOT_FOUND', `expected a value for parameter "${missing.name}", got none`);
  // what is rounded is found by the standard product
  const isPortable = precision === 'int8';
  const model = emitModel({ vectors: output }, { inputs: [ids, mask], weights: encoder.values, isPortable });
  return isPortable ? quantiseDynamic(model).model : model;
}
