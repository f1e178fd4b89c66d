// An ONNX model whose inputs have symbols for sizes, at fixed ones.

import { AppError } from '../../core/errors.ts';
import type { OnnxModel } from '../../tensor/onnx/model.ts';

/**
 * The same model with inputs of these shapes; outputs say nothing of theirs any more.
 *
 * @throws AppError SHAPE for an input with symbols that gets no shape, or one that contradicts the file
 */
export function fixInputShapes(
  model: OnnxModel,
  shapes: Readonly<Record<string, readonly number[]>>,
): OnnxModel {
  const inputs = model.graph.inputs.map((value) => {
    const { name, dims } = value;
    const shape = shapes[name];
    if (shape === undefined) {
      if (dims?.every((size) => typeof size === 'number')) return value;
      throw new AppError(
        'SHAPE',
        `expected a shape for input "${name}" [${dims?.join(', ') ?? '?'}], got none`,
      );
    }
    const fits =
      dims === undefined ||
      (dims.length === shape.length &&
        dims.every((size, i) => typeof size === 'string' || size === shape[i]));
    if (!fits)
      throw new AppError(
        'SHAPE',
        `input "${name}": expected [${dims.join(', ')}], got [${shape.join(', ')}]`,
      );
    return { ...value, dims: shape };
  });
  const outputs = model.graph.outputs.map(({ name, elementType }) => ({ name, elementType }));
  return { ...model, graph: { ...model.graph, inputs, outputs } };
}
