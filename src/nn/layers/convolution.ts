// A convolution over time, for sequences written [batch, time, width].

import { AppError } from '../../core/errors.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { transpose } from '../../tensor/ops/structure.ts';
import { convolution } from '../../tensor/ops/windows/convolution.ts';
import { he, zeros } from '../initialise.ts';
import { defineModule, type Module } from '../module.ts';

export interface TimeConvolutionOptions {
  /** Width of what comes out. */
  readonly width: number;
  /** How many events a filter sees. */
  readonly kernel: number;
  /** Distance between the events a filter sees. */
  readonly dilation?: number;
  /** Sees only the event itself and those before it; otherwise as many on both sides. */
  readonly causal?: boolean;
}

/**
 * `[batch, time, inputs]` to `[batch, time, width]`, zeros beyond both ends. Parameters `weight`
 * [width, inputs, kernel] and `bias` [width]. An even kernel that is not causal sees one event more after than before.
 */
export function timeConvolution({
  width,
  kernel,
  dilation = 1,
  causal = false,
}: TimeConvolutionOptions): Module<Tensor, Tensor> {
  return defineModule('convolution', (scope, x) => {
    if (x.shape.length !== 3)
      throw new AppError('SHAPE', `convolution: expected [batch, time, width], got ${x.shape.length} axes`);
    const inputs = x.shape[2] as number;
    const weight = scope.parameter('weight', { width, inputs, kernel }, he);
    const around = (kernel - 1) * dilation;
    const before = causal ? around : Math.floor(around / 2);
    const y = convolution(transpose(x), weight, scope.parameter('bias', { width }, zeros), {
      dilation,
      padding: [[before, around - before]],
    });
    return transpose(y);
  });
}
