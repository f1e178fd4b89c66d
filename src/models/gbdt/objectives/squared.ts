// Boosting a mean: half the squared error.
import { weightedMean } from '../../sample.ts';
import type { Objective } from './objective.ts';

/** Loss (η − y)² / 2, gradient η − y, curvature 1. */
export const squared: Objective = {
  link: 'identity',
  outputs: 1,
  start: ({ target, weight }) => Float64Array.of(weightedMean(target, weight)),
  fillSlopes({ target, weight }, [margin], [{ gradient, curvature }]) {
    for (let row = 0; row < target.length; row++) {
      gradient[row] = weight[row] * (margin[row] - target[row]);
      curvature[row] = weight[row];
    }
  },
  lossOf: (target, [margin], row) => 0.5 * (margin[row] - target) ** 2,
};
