// Adagrad: the rate of each weight falls with all its gradients so far; for sparse inputs and convex problems.
import type { DenseRule } from './rule.ts';

export interface AdagradSettings {
  /** Keeps the divisor from 0, 1e-10 (PyTorch's default). */
  readonly epsilon?: number;
}

/**
 * Weight decay is added to the gradient, as PyTorch's Adagrad does.
 *
 * @see Duchi, Hazan and Singer 2011, JMLR 12, diagonal form
 */
export function adagrad({ epsilon = 1e-10 }: AdagradSettings = {}): DenseRule {
  return {
    kind: 'adagrad',
    layout: 'dense',
    state: ['squares'],
    move(kernels, { value, gradient, state, average }, { rate, weightDecay, gradientScale, averageRate }) {
      const buffers = { value, gradient, squares: state.squares };
      kernels.adagrad(buffers, { gradientScale, decay: weightDecay, epsilon, rate });
      if (average) kernels.follow(average, value, averageRate);
    },
  };
}
