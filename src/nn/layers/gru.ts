// A recurrent layer: one state carried from event to event.

import type { Tensor } from '../../tensor/graph.ts';
import { type GruStates, gru as walk } from '../../tensor/ops/recurrent.ts';
import { glorot, zeros } from '../initialise.ts';
import { defineModule, type Module } from '../module.ts';

export interface GruInput {
  /** [batch, time, width] */
  readonly x: Tensor;
  /** float [batch, time], 1 = real event, 0 = padding: the state passes over it unchanged */
  readonly mask?: Tensor;
}

export interface GruOptions {
  /** Width of the state. */
  readonly hidden: number;
}

/**
 * Gated recurrent unit: `states` [batch, time, hidden] and the `last` [batch, hidden]. Parameters `input`
 * [width, 3 · hidden], `hidden` [hidden, 3 · hidden], `inputBias`, `hiddenBias`, gates in PyTorch's order.
 *
 * @see Cho et al. 2014, arXiv:1406.1078
 */
export function gru({ hidden }: GruOptions): Module<GruInput, GruStates> {
  return defineModule('gru', (scope, { x, mask }) => {
    const gates = 3 * hidden;
    const weights = {
      input: scope.parameter('input', { width: x.shape.at(-1) as number, gates }, glorot),
      hidden: scope.parameter('hidden', { hidden, gates }, glorot),
      inputBias: scope.parameter('inputBias', { gates }, zeros),
      hiddenBias: scope.parameter('hiddenBias', { gates }, zeros),
    };
    return walk(x, weights, mask === undefined ? {} : { mask });
  });
}
