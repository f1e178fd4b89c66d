// Norms: each place brought to one scale.

import type { Tensor } from '../../tensor/graph.ts';
import { add, div, mul, sub } from '../../tensor/ops/arithmetic.ts';
import { sqrt, square } from '../../tensor/ops/elementwise.ts';
import { sum } from '../../tensor/ops/structure.ts';
import { ones, zeros } from '../initialise.ts';
import { defineModule, type Module } from '../module.ts';

export interface NormOptions {
  /** Keeps the division away from 0; 1e-5 by default. */
  readonly epsilon?: number;
}

/** Last axis to mean 0 and variance 1, then `scale` and `shift`, both [width]. @see Ba et al. 2016, arXiv:1607.06450 */
export function layerNorm({ epsilon = 1e-5 }: NormOptions = {}): Module<Tensor, Tensor> {
  return defineModule('layerNorm', (scope, x) => {
    const width = x.shape.at(-1) as number;
    const centred = sub(x, mul(sum(x, -1, { keep: true }), 1 / width));
    const variance = mul(sum(square(centred), -1, { keep: true }), 1 / width);
    const scaled = mul(div(centred, sqrt(add(variance, epsilon))), scope.parameter('scale', { width }, ones));
    return add(scaled, scope.parameter('shift', { width }, zeros));
  });
}

/** Last axis divided by its root mean square, then `scale` [width]. @see Zhang and Sennrich 2019, arXiv:1910.07467 */
export function rmsNorm({ epsilon = 1e-5 }: NormOptions = {}): Module<Tensor, Tensor> {
  return defineModule('rmsNorm', (scope, x) => {
    const width = x.shape.at(-1) as number;
    const power = mul(sum(square(x), -1, { keep: true }), 1 / width);
    return mul(div(x, sqrt(add(power, epsilon))), scope.parameter('scale', { width }, ones));
  });
}
