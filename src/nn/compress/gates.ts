// Gates: numbers that every head, feed-forward unit or block of a model is multiplied by, 1 in the model as it is, 0 without it.

import type { Tensor } from '../../tensor/graph.ts';
import { mul } from '../../tensor/ops/arithmetic.ts';
import { input } from '../../tensor/ops/leaf.ts';
import { reshape } from '../../tensor/ops/structure.ts';
import { defineModule, type Module, type Tap } from '../module.ts';

/** A head of an attention, a cell inside a feed-forward layer, both halves of a block. */
export type GateKind = 'head' | 'unit' | 'block';

/** The gates of one module. */
export interface Gate {
  readonly kind: GateKind;
  /** Of the attention, the feed-forward layer, or the block. */
  readonly path: string;
  /** Input [batch, count] of the name `gate.KIND.PATH`: a number for each example, so that gradients are by example. */
  readonly tensor: Tensor;
}

/** What a gated module returns. */
export interface Gated<Output> {
  readonly output: Output;
  readonly gates: readonly Gate[];
}

/**
 * The module with gates of the kinds wanted at each attention, feed-forward layer and block inside. A head is gated at
 * its values: the weighted sum is linear in them, so this gates what the head gives.
 */
export function gated<Input, Output>(
  module: Module<Input, Output>,
  kinds: readonly GateKind[],
): Module<Input, Gated<Output>> {
  return defineModule(module.kind, (scope, value) => {
    const gates = new Map<string, Gate>();
    const gate = (kind: GateKind, path: string, [batch, count]: readonly [number, number]): Tensor => {
      const name = `gate.${kind}.${path}`;
      const known = gates.get(name) ?? { kind, path, tensor: input(name, 'float', { batch, [kind]: count }) };
      gates.set(name, known);
      return known.tensor;
    };
    const tap: Tap = (path, kind, x, { path: place }) => {
      const { shape } = x;
      const inner = place === '' ? path : path.slice(place.length + 1);
      const [batch, last] = [shape[0] as number, shape.at(-1) as number];
      const ones = (at: number, count: number) =>
        shape.map((_, axis) => (axis === 0 ? batch : axis === at ? count : 1));
      if (kind === 'attention' && inner === 'values' && kinds.includes('head')) {
        const heads = shape[1] as number;
        return mul(x, reshape(gate('head', place, [batch, heads]), ones(1, heads)));
      }
      if (kind === 'feedForward' && inner === 'hidden' && kinds.includes('unit'))
        return mul(x, reshape(gate('unit', place, [batch, last]), ones(shape.length - 1, last)));
      const isHalf = path === place && (kind === 'attention' || kind === 'feedForward');
      if (!isHalf || !kinds.includes('block')) return undefined;
      const block = path.slice(0, Math.max(0, path.lastIndexOf('.')));
      return mul(x, reshape(gate('block', block, [batch, 1]), ones(-1, 1)));
    };
    const output = module.build(scope.withTap(tap), value);
    return { output, gates: [...gates.values()] };
  });
}
