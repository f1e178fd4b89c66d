// AdamW: steps scaled by the gradient's running mean and spread; weight decay apart from both.
import type { DenseRule } from './rule.ts';

export interface AdamSettings {
  /** Memory of the mean gradient, .9 (Kingma and Ba 2015, arXiv:1412.6980, algorithm 1). */
  readonly beta1?: number;
  /** Memory of the squared gradient, .999 (same); .95 is usual for large transformers (GPT-3, arXiv:2005.14165). */
  readonly beta2?: number;
  /** Keeps the divisor from 0, 1e-8 (same). */
  readonly epsilon?: number;
}

/** Defaults of Kingma and Ba. */
export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/**
 * Weight decay takes learning rate · decay of the weight itself, whatever the gradient, as PyTorch's AdamW does.
 *
 * @see Loshchilov and Hutter 2019, algorithm 2, arXiv:1711.05101
 */
export function adamw({
  beta1 = ADAM.beta1,
  beta2 = ADAM.beta2,
  epsilon = ADAM.epsilon,
}: AdamSettings = {}): DenseRule {
  const constant = { beta1, rest1: 1 - beta1, beta2, rest2: 1 - beta2, epsilon };
  return {
    kind: 'adamw',
    layout: 'dense',
    state: ['m', 'v'],
    move(
      kernels,
      { value, gradient, state, average, step },
      { rate, weightDecay, gradientScale, averageRate },
    ) {
      const buffers = { value, gradient, m: state.m, v: state.v };
      const scalars = {
        ...constant,
        gradientScale,
        stepSize: rate / (1 - beta1 ** step),
        correction: 1 / Math.sqrt(1 - beta2 ** step),
        keep: 1 - rate * weightDecay,
      };
      if (average) kernels.adamwAveraged({ ...buffers, average }, { ...scalars, averageRate });
      else kernels.adamw(buffers, scalars);
    },
  };
}
