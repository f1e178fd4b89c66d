// The tensors in whatever a module returns, and the same thing with others in their place.

import type { Tensor } from '../../tensor/graph.ts';
import { isTensor } from '../module.ts';

/** The tensors in a value made of objects and lists, in order. */
export function tensorsIn(value: unknown): readonly Tensor[] {
  if (isTensor(value)) return [value];
  return isPlain(value) ? Object.values(value).flatMap(tensorsIn) : [];
}

/** The same value with every tensor exchanged. */
export function withTensors<Value>(value: Value, exchange: (tensor: Tensor) => Tensor): Value {
  const visit = (part: unknown): unknown => {
    if (isTensor(part)) return exchange(part);
    if (Array.isArray(part)) return part.map(visit);
    if (!isPlain(part)) return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, visit(inner)]));
  };
  return visit(value) as Value;
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
}
