// A saved model's trees written as an ONNX file, the same for a shop's task and for any table.
import { writeFileSync } from 'node:fs';
import { AppError } from '../core/errors.ts';
import { checkWritable } from '../data/output-place.ts';
import type { Model } from '../models/estimator.ts';
import { modelToOnnx } from '../models/model-onnx.ts';
import { writeModel } from '../tensor/onnx/write.ts';
import type { Context } from './context.ts';

export interface OnnxExport {
  readonly model: Model;
  readonly modelVersion: string;
  readonly corrections: object;
  /** As given by `--onnx`. */
  readonly out: unknown;
}

/**
 * Writes the file, then says what it takes and gives.
 *
 * @throws AppError USAGE without a file ending in .onnx, or for a model that is not made of trees; DISK
 */
export function exportOnnx(context: Context, { model, modelVersion, corrections, out }: OnnxExport): void {
  if (typeof out !== 'string' || !out.endsWith('.onnx'))
    throw new AppError(
      'USAGE',
      `expected --onnx FILE ending in .onnx, got ${out === undefined ? 'none' : `"${out}"`}`,
    );
  checkWritable(out, 'file');
  const onnx = modelToOnnx(model, { corrections });
  const bytes = writeModel(onnx);
  write(out, bytes);
  const inputs = JSON.parse(onnx.metadata?.['foresell.inputs'] ?? '[]') as readonly object[];
  const corrected = Object.keys(corrections).length > 0;
  context.document({
    out,
    model: model.estimator,
    model_version: modelVersion,
    bytes: bytes.length,
    link: model.link,
    inputs,
    corrections,
  });
  context.say(
    context.language === 'zh'
      ? `已写入 ${out}（模型 ${model.estimator}，${modelVersion}，${inputs.length} 个输入列）`
      : `${out} written (model ${model.estimator}, ${modelVersion}, ${inputs.length} columns in)`,
  );
  if (!corrected) return;
  context.say(
    context.language === 'zh'
      ? '文件给出的是模型自身的预测，尚未校准；所学到的校正写在元数据 foresell.corrections 中'
      : 'it gives what the model itself says, before calibration; what was learned to correct it is in its metadata, foresell.corrections',
  );
}

function write(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new AppError('DISK', `expected to write "${path}", the disk refused (${code})`, {}, cause);
  }
}
