// A stack of linear layers with bends between them: the usual head on top of features.

import type { Tensor } from '../../tensor/graph.ts';
import { gelu, relu, silu } from '../../tensor/ops/activations.ts';
import { he } from '../initialise.ts';
import { defineModule, type Module } from '../module.ts';
import { linear } from './linear.ts';

export interface MlpOptions {
  /** Width after each layer; the last is what comes out, without a bend. */
  readonly widths: readonly number[];
  readonly activation?: 'relu' | 'gelu' | 'silu';
  /** Share dropped after each bend while training. */
  readonly dropout?: number;
}

const BENDS = { relu, gelu: (x: Tensor) => gelu(x), silu };

/** `[..., inputs]` to `[..., last width]`; layers under `layers.0`, `layers.1`, … */
export function mlp({ widths, activation = 'relu', dropout = 0 }: MlpOptions): Module<Tensor, Tensor> {
  return defineModule('mlp', (scope, x) =>
    widths.reduce((state, width, i) => {
      const y = scope.apply(`layers.${i}`, linear({ width, initialise: he }), state);
      return i === widths.length - 1 ? y : scope.dropout(BENDS[activation](y), dropout);
    }, x),
  );
}
