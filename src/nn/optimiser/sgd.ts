// Stochastic gradient descent with momentum.
import type { DenseRule } from './rule.ts';

export interface SgdSettings {
  /** Share of the last step that is kept, 0; .9 is usual (Sutskever et al. 2013, "On the importance of initialization and momentum"). */
  readonly momentum?: number;
  /** Looks one step ahead (Nesterov 1983, in the form of PyTorch's SGD). */
  readonly nesterov?: boolean;
}

/** Weight decay is added to the gradient, as PyTorch's SGD does; without momentum that is decay of the weight itself. */
export function sgd({ momentum = 0, nesterov = false }: SgdSettings = {}): DenseRule {
  return {
    kind: 'sgd',
    layout: 'dense',
    state: ['velocity'],
    move(kernels, { value, gradient, state, average }, { rate, weightDecay, gradientScale, averageRate }) {
      const buffers = { value, gradient, velocity: state.velocity };
      kernels.sgd(buffers, { gradientScale, decay: weightDecay, momentum, rate, nesterov });
      if (average) kernels.follow(average, value, averageRate);
    },
  };
}
