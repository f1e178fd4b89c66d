// An imported model as a module: its weights are parameters that begin at the file's values.

import { AppError } from '../core/errors.ts';
import type { Tensor } from '../tensor/graph.ts';
import type { ImportedModel } from '../tensor/onnx/import.ts';
import { isInput, leafName } from '../tensor/ops/leaf.ts';
import { rewriteGraph } from '../tensor/rewrite.ts';
import { describeAxes, sameSizes } from '../tensor/type.ts';
import { defineModule, type Module } from './module.ts';

/** Tensors by the names the file gives its inputs or outputs. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/**
 * The module that computes what the file computes, at the batch shape it was imported for. It has no parts with names of
 * their own; what works on matrices by name (`withLora`, freezing by pattern) works on it.
 *
 * @throws AppError USAGE for an input not given, SHAPE for one of another type or shape than the model was imported for
 */
export function imported(model: ImportedModel): Module<NamedTensors, NamedTensors> {
  const names = Object.keys(model.outputs);
  const weights = new Map(model.parameters.map((parameter) => [parameter.tensor, parameter]));
  return defineModule('imported', (scope, given) => {
    const built = rewriteGraph(Object.values(model.outputs), (node) => {
      const [first] = node.outputs as readonly [Tensor];
      if (isInput(first)) return [inputFor(first, given)];
      const weight = weights.get(first);
      return weight && [scope.parameter(weight.name, first.shape, () => weight.value.slice())];
    });
    return Object.fromEntries(names.map((name, i) => [name, built[i] as Tensor]));
  });
}

function inputFor(leaf: Tensor, given: NamedTensors): Tensor {
  const name = leafName(leaf);
  const tensor = given[name];
  if (tensor === undefined) throw new AppError('USAGE', `expected a tensor for input "${name}", got none`);
  if (tensor.dtype !== leaf.dtype || !sameSizes(tensor.shape, leaf.shape))
    throw new AppError(
      'SHAPE',
      `input "${name}": the model was imported for ${leaf.dtype} ${describeAxes(leaf.axes)}, got ${tensor.dtype} ${describeAxes(tensor.axes)}`,
    );
  return tensor;
}
