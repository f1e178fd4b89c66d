// The last touch to a written graph: outputs get their names, and nodes an order that lets memory go early.

import { AppError } from '../../core/errors.ts';
import type { OnnxNode } from './model.ts';

/** An output of the model: the name asked for, and the name its tensor was written under. */
export interface NamedOutput {
  readonly name: string;
  readonly tensor: string;
}

/**
 * Nodes that write the outputs under their own names. A tensor that is an input, a constant or asked for twice is
 * passed through an `Identity`.
 *
 * @throws AppError SHAPE when an output would have the name of an input
 */
export function nameOutputs(
  nodes: readonly OnnxNode[],
  outputs: readonly NamedOutput[],
  inputs: ReadonlySet<string>,
): readonly OnnxNode[] {
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const renamed = new Map<string, string>();
  const passed: OnnxNode[] = [];
  for (const { name, tensor } of outputs) {
    if (inputs.has(name))
      throw new AppError(
        'SHAPE',
        `expected an output with a name of its own, got "${name}", which is an input; rename it`,
      );
    if (made.has(tensor) && !renamed.has(tensor)) renamed.set(tensor, name);
    else
      passed.push({
        opType: 'Identity',
        domain: '',
        name,
        inputs: [renamed.get(tensor) ?? tensor],
        outputs: [name],
        attributes: {},
      });
  }
  const current = (name: string): string => renamed.get(name) ?? name;
  return [
    ...nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(current),
      outputs: node.outputs.map(current),
    })),
    ...passed,
  ];
}

/**
 * The order of nodes in the file, by which onnxruntime runs them: from the ends of the graph, the last written first,
 * each after what it needs, and of a node's inputs the last written first.
 *
 * So ends (nodes nothing reads: mostly weight gradients) stand backwards, that those of the last layer come first; in the
 * order of writing the whole backward pass would run before any weight gradient, and keep all they need till then. All
 * other nodes stand by their depth, that of two inputs the deeper comes first: what the backward pass makes again from
 * the forward one is made when it is used, not long before.
 */
export function inRunningOrder(nodes: readonly OnnxNode[]): readonly OnnxNode[] {
  const read = new Set(nodes.flatMap((node) => node.inputs));
  const isEnd = (node: OnnxNode): boolean => !node.outputs.some((output) => read.has(output));
  const depths = new Map<string, number>();
  const depthOf = new Map<OnnxNode, number>();
  for (const node of nodes) {
    const depth = 1 + node.inputs.reduce((most, name) => Math.max(most, depths.get(name) ?? 0), 0);
    depthOf.set(node, depth);
    for (const output of node.outputs) depths.set(output, depth);
  }
  const byDepth = (a: OnnxNode, b: OnnxNode): number =>
    (depthOf.get(a) as number) - (depthOf.get(b) as number);
  return [...nodes.filter((node) => !isEnd(node)).sort(byDepth), ...nodes.filter(isEnd).reverse()];
}
