// Adam for large embedding tables: a step moves only the rows its batch touched.
import { ADAM, type AdamSettings } from './adamw.ts';
import type { RowRule } from './rule.ts';

/**
 * Rows that are not touched keep value and moments as they are, as in TensorFlow Addons' LazyAdam and PyTorch's
 * SparseAdam. Those two correct the moments' bias by the steps of the whole run; here each row counts its own. A row
 * first seen at step 10,000 would otherwise take .1 g / √(.001 g²) ≈ 3.2 rates at once: here it takes one, so that a
 * row's course depends on its own gradients alone, and equals that of dense Adam run only when it is touched.
 * Weight decay, too, falls on the touched rows only.
 */
export function rowAdam({
  beta1 = ADAM.beta1,
  beta2 = ADAM.beta2,
  epsilon = ADAM.epsilon,
}: AdamSettings = {}): RowRule {
  const constant = { beta1, rest1: 1 - beta1, beta2, rest2: 1 - beta2, epsilon };
  // By number of steps, each worked out once: thousands of powers a step would cost as much as the moving itself.
  const firstBias: number[] = [];
  const secondBias: number[] = [];
  return {
    kind: 'row-adam',
    layout: 'rows',
    state: ['m', 'v'],
    move(kernels, target, { rate, weightDecay, gradientScale }) {
      const { value, state, width, rows, gradient, steps, stepSizes, corrections } = target;
      for (let i = 0; i < rows.length; i++) {
        const step = steps[rows[i]];
        while (firstBias.length <= step) {
          firstBias.push(1 / (1 - beta1 ** firstBias.length));
          secondBias.push(1 / Math.sqrt(1 - beta2 ** secondBias.length));
        }
        stepSizes[i] = rate * firstBias[step];
        corrections[i] = secondBias[step];
      }
      kernels.rowAdam(
        { value, m: state.m, v: state.v, width, rows, gradient, stepSizes, corrections },
        { ...constant, gradientScale, keep: 1 - rate * weightDecay },
      );
    },
  };
}
