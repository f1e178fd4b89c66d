// An encoder compiled at one batch shape: pieces in, vectors out.

import { quantiseDynamic } from '../../nn/compress/quantise.ts';
import { defineModule, type Module } from '../../nn/module.ts';
import { compileInference } from '../../nn/program/training-program.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { readModel } from '../../tensor/onnx/read.ts';
import { writeModel } from '../../tensor/onnx/write.ts';
import { type PooledOptions, pooledTexts } from './pooled-texts.ts';
import type { PieceBatch, TextEncoder } from './text-encoder.ts';

/** `int8` rounds the weights of products to 8 bits: a quarter of the size, and faster; vectors move a little. */
export type TextPrecision = 'float' | 'int8';

export interface TextProgramOptions extends Omit<PooledOptions, 'dropout'> {
  readonly precision?: TextPrecision;
}

/** Inputs `ids`, int32, and `mask`, float, [batch, time]; output `vectors`, float [batch, width]. */
export function compileTexts(
  encoder: TextEncoder,
  shape: { readonly batch: number; readonly time: number },
  { precision = 'float', ...pooled }: TextProgramOptions = {},
): Uint8Array {
  const axes = { batch: shape.batch, time: shape.time };
  const specs = { ids: { dtype: 'int32', axes }, mask: { dtype: 'float', axes } } as const;
  const vectors = pooledTexts(encoder, shape, pooled);
  const module: Module<PieceBatch, { readonly vectors: Tensor }> = defineModule('texts', (scope, batch) => ({
    vectors: vectors.build(scope, batch),
  }));
  const model = compileInference(module, specs, encoder.values);
  return precision === 'float' ? model : writeModel(quantiseDynamic(readModel(model)).model);
}
