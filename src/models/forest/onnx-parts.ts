// Nodes and tensors of an ONNX graph, from the arrays they hold.
import type { OnnxAttribute, OnnxNode, OnnxTensor } from '../../tensor/onnx/model.ts';

/** A node with one output, named after it. */
export const onnxNode = (
  opType: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, OnnxAttribute>> = {},
): OnnxNode => ({ opType, domain: '', name: output, inputs, outputs: [output], attributes });

/** Little-endian, whatever this machine is. */
export function float64Tensor(name: string, values: ArrayLike<number>, dims: readonly number[]): OnnxTensor {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setFloat64(i * 8, values[i], true);
  return { name, elementType: 'double', dims, bytes };
}

export function int64Tensor(name: string, values: readonly number[], dims: readonly number[]): OnnxTensor {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    view.setBigInt64(i * 8, BigInt(value), true);
  });
  return { name, elementType: 'int64', dims, bytes };
}
