// Boosting a median: absolute error.
import type { Objective } from './objective.ts';
import { weightedQuantile } from './weighted-quantile.ts';

/** Loss |η − y|, gradient its sign; cut and renewed as `quantile` of one half. */
export const absolute: Objective = {
  link: 'identity',
  outputs: 1,
  renewQuantile: 0.5,
  start: ({ target, weight }) => Float64Array.of(weightedQuantile(target, weight, 0.5)),
  fillSlopes({ target, weight }, [margin], [{ gradient, curvature }]) {
    for (let row = 0; row < target.length; row++) {
      gradient[row] = weight[row] * Math.sign(margin[row] - target[row]);
      curvature[row] = weight[row];
    }
  },
  lossOf: (target, [margin], row) => Math.abs(margin[row] - target),
};
