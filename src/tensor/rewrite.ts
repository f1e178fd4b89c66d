// Rebuilding a graph with some of its nodes exchanged: the one tool behind folding and LoRA.

import { apply, type Node, nodesBelow, type Tensor } from './graph.ts';

/**
 * Says what a node becomes: tensors in place of its outputs, or undefined to keep it.
 *
 * @param inputs the node's inputs after rewriting
 */
export type Rewrite = (node: Node, inputs: readonly Tensor[]) => readonly Tensor[] | undefined;

/** The same graph with `rewrite` asked at every node, inputs first; untouched parts are shared with the old one. */
export function rewriteGraph(outputs: readonly Tensor[], rewrite: Rewrite): readonly Tensor[] {
  const replaced = new Map<Tensor, Tensor>();
  const current = (tensor: Tensor): Tensor => replaced.get(tensor) ?? tensor;
  for (const node of nodesBelow(outputs)) {
    const inputs = node.inputs.map(current);
    const changed = inputs.some((input, i) => input !== node.inputs[i]);
    const answer =
      rewrite(node, inputs) ??
      (changed ? apply(node.op, inputs, node.attributes as never).outputs : node.outputs);
    for (const [i, output] of node.outputs.entries())
      if (answer[i] !== output) replaced.set(output, answer[i] as Tensor);
  }
  return outputs.map(current);
}
