// Nodes and constants of an ONNX graph that is being rewritten.

import type { OnnxAttribute, OnnxNode, OnnxTensor } from '../../tensor/onnx/model.ts';

export interface GraphWriter {
  readonly nodes: OnnxNode[];
  readonly tensors: OnnxTensor[];
  /** Adds a node and gives its first output. */
  node(
    opType: string,
    inputs: readonly string[],
    outputs: readonly [string, ...string[]],
    attributes?: Readonly<Record<string, OnnxAttribute>>,
  ): string;
  /** Adds a constant, once a name. */
  tensor(
    name: string,
    elementType: OnnxTensor['elementType'],
    dims: readonly number[],
    values: ArrayBufferView,
  ): string;
  /** Writes something once a name, and gives the name. */
  once(name: string, write: (name: string) => unknown): string;
}

export function graphWriter(): GraphWriter {
  const nodes: OnnxNode[] = [];
  const tensors: OnnxTensor[] = [];
  const written = new Set<string>();
  const once: GraphWriter['once'] = (name, write) => {
    if (!written.has(name)) write(name);
    written.add(name);
    return name;
  };
  return {
    nodes,
    tensors,
    once,
    node: (opType, inputs, outputs, attributes = {}) => {
      nodes.push({ opType, domain: '', name: outputs[0], inputs, outputs, attributes });
      return outputs[0];
    },
    tensor: (name, elementType, dims, values) =>
      once(name, () => {
        const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
        tensors.push({ name, elementType, dims, bytes });
      }),
  };
}
