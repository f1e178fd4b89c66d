// Nodes that bring numbers to one scale: softmax, and layer, RMS and batch normalisation.

import type { Tensor } from '../../graph.ts';
import { constant } from '../../ops/leaf.ts';
import { applyBatchNorm, layerNorm, rmsNorm } from '../../ops/normalisation.ts';
import { logSoftmax, softmax } from '../../ops/softmax.ts';
import { reshape } from '../../ops/structure.ts';
import { sizesOf, volume } from '../../type.ts';
import {
  float,
  fromFirst,
  type ImportedNode,
  type Importer,
  type Importers,
  numbers,
  operand,
  refusal,
  whole,
} from './node.ts';

const overAxis =
  (make: (x: Tensor, axis: number) => Tensor): Importer =>
  (node) => {
    const x = operand(node, 0);
    if (node.opset >= 13) return make(x, whole(node, 'axis') ?? -1);
    // Before opset 13 everything from the axis on was one row.
    const axis = fromFirst(whole(node, 'axis') ?? 1, x.shape.length);
    const rows = reshape(x, [volume(x.shape.slice(0, axis)), volume(x.shape.slice(axis))]);
    return reshape(make(rows, -1), x.axes);
  };

export const NORMALISATION_IMPORTERS: Importers = {
  Softmax: overAxis(softmax),
  LogSoftmax: overAxis(logSoftmax),
  LayerNormalization: (node) =>
    overTail(node, (rows, scale, width) =>
      layerNorm(rows, scale, flat(node.inputs[2], width) ?? zeros(width), float(node, 'epsilon') ?? 1e-5),
    ),
  RMSNormalization: (node) =>
    overTail(node, (rows, scale) => rmsNorm(rows, scale, float(node, 'epsilon') ?? 1e-5)),
  // The running statistics are constants: fine-tuning leaves them as they are.
  BatchNormalization: (node) => {
    if (whole(node, 'training_mode') === 1)
      throw refusal(node, 'expected the form for use, got the one for training');
    const [mean, variance] = [3, 4].map((at) => {
      const list = numbers(node, at) ?? [];
      return constant(list, [list.length]);
    }) as [Tensor, Tensor];
    return applyBatchNorm(
      operand(node, 0),
      { scale: operand(node, 1), shift: operand(node, 2), mean, variance },
      { epsilon: float(node, 'epsilon') ?? 1e-5 },
    );
  },
};

/** Normalisation from an axis to the last, as rows. */
function overTail(node: ImportedNode, make: (rows: Tensor, scale: Tensor, width: number) => Tensor): Tensor {
  const x = operand(node, 0);
  const axis = fromFirst(whole(node, 'axis') ?? -1, x.shape.length);
  const width = volume(x.shape.slice(axis));
  const rows = axis === x.shape.length - 1 ? x : reshape(x, [...sizesOf(x.axes.slice(0, axis)), width]);
  return reshape(make(rows, flat(operand(node, 1), width) as Tensor, width), x.axes);
}

function flat(weight: Tensor | undefined, width: number): Tensor | undefined {
  return weight === undefined || weight.shape.length === 1 ? weight : reshape(weight, [width]);
}

export function zeros(width: number): Tensor {
  return constant(new Float64Array(width), [width]);
}
