// The words patterns are written in: what made a tensor, which constant it is, in which order operands may stand.

import type { Tensor } from '../../../graph.ts';
import { constantData, isConstant } from '../../../ops/leaf.ts';

/** Exporters write √2 and its like in float32. */
const CLOSE = 1e-6;

/** What a matcher makes of a node's inputs, or undefined where they are something else. */
export type Recogniser = (inputs: readonly Tensor[]) => Tensor | undefined;

/** The inputs of the node that made `tensor`, if it is of this op. */
export function operands(tensor: Tensor | undefined, op: string): readonly Tensor[] {
  return tensor !== undefined && tensor.node.op.name === op ? tensor.node.inputs : [];
}

export function eitherWay([a, b]: readonly (Tensor | undefined)[]): readonly (readonly [Tensor, Tensor])[] {
  return a === undefined || b === undefined
    ? []
    : [
        [a, b],
        [b, a],
      ];
}

/** The number of a constant that holds one. */
export function numberOf(tensor: Tensor | undefined): number | undefined {
  if (tensor === undefined || !isConstant(tensor)) return undefined;
  const data = constantData(tensor);
  return data?.length === 1 ? Number(data[0]) : undefined;
}

export function isNear(tensor: Tensor | undefined, wanted: number): boolean {
  const number = numberOf(tensor);
  return number !== undefined && Math.abs(number - wanted) <= CLOSE * Math.max(1, Math.abs(wanted));
}
