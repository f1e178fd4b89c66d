// A fitted model as an ONNX file other programs score, for models that are made of trees.
import { AppError } from '../core/errors.ts';
import type { OnnxModel } from '../tensor/onnx/model.ts';
import type { Model } from './estimator.ts';
import { forestToOnnx } from './forest/onnx.ts';

export interface ModelOnnxOptions {
  /** Fixes the number of rows, as our own sessions need; any number of rows when absent. */
  readonly rows?: number;
  /** What was learned about the model's answers after the fit; kept in the metadata as `foresell.corrections`. */
  readonly corrections?: object;
}

/**
 * The model as ONNX, `writeModel` gives its bytes; see `forestToOnnx` for what to feed it. `prediction` is what the model
 * itself says, before any correction.
 *
 * @throws AppError USAGE for a model that is not made of trees, or that reads columns encoders make first
 */
export function modelToOnnx(model: Model, { rows, corrections }: ModelOnnxOptions = {}): OnnxModel {
  const forest = model.forest?.();
  if (!forest || forest.inputs.length === 0) {
    throw new AppError(
      'USAGE',
      `expected a model of trees that cut the table's own numbers and categories, got "${model.estimator}"` +
        `${forest ? ' that cuts nothing' : ''}; fit one with --model gbdt, without text, dates and categories of many levels`,
    );
  }
  const onnx = forestToOnnx(forest, model.link, rows === undefined ? {} : { rows });
  if (corrections === undefined) return onnx;
  return {
    ...onnx,
    metadata: { ...onnx.metadata, 'foresell.corrections': JSON.stringify(corrections) },
  };
}
