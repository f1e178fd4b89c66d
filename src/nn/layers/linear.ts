// A linear map with a shift: the layer everything else is made of.

import type { Tensor } from '../../tensor/graph.ts';
import { add } from '../../tensor/ops/arithmetic.ts';
import { matmul } from '../../tensor/ops/matrix.ts';
import { normal, zeros } from '../initialise.ts';
import { defineModule, type Initialiser, type Module } from '../module.ts';

export interface LinearOptions {
  /** Width of what comes out. */
  readonly width: number;
  /** Adds a learned shift; on by default. */
  readonly bias?: boolean;
  /** First values of the weight; normal with deviation .02 by default, as GPT-2 and BERT. */
  readonly initialise?: Initialiser;
}

/** x·W + b: `[..., inputs]` to `[..., width]`. Parameters `weight` [inputs, width] and `bias` [width]. */
export function linear({ width, bias = true, initialise = normal() }: LinearOptions): Module<Tensor, Tensor> {
  return defineModule('linear', (scope, x) => {
    const inputs = x.shape.at(-1) as number;
    const product = matmul(x, scope.parameter('weight', { inputs, width }, initialise));
    return bias ? add(product, scope.parameter('bias', { width }, zeros)) : product;
  });
}
