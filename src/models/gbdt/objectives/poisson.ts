// Boosting a count's mean on the log scale.
import { weightedMean } from '../../sample.ts';
import type { Objective } from './objective.ts';

/**
 * −log likelihood of a Poisson count, μ = e^η: loss μ − yη, gradient μ − y, curvature μ.
 *
 * Where next to nothing is expected the bend is next to zero, so a leaf's step is held.
 */
export const poisson: Objective = {
  link: 'log',
  outputs: 1,
  maxStep: 3,
  start: ({ target, weight }) => Float64Array.of(Math.log(Math.max(1e-12, weightedMean(target, weight)))),
  fillSlopes({ target, weight }, [margin], [{ gradient, curvature }]) {
    for (let row = 0; row < target.length; row++) {
      const mean = Math.exp(margin[row]);
      gradient[row] = weight[row] * (mean - target[row]);
      curvature[row] = weight[row] * mean;
    }
  },
  lossOf: (target, [margin], row) => Math.exp(margin[row]) - target * margin[row],
};
