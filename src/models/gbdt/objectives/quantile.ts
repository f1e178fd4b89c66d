// Boosting a quantile: every amount above costs its share, every amount below the rest. The median is absolute error.
import type { Objective } from './objective.ts';
import { weightedQuantile } from './weighted-quantile.ts';

/**
 * Loss q (y − η) where y ≥ η, else (1 − q)(η − y); gradient [y < η] − q. Its bend is zero all but at one corner, so rows
 * count as 1 where trees are cut, and leaves become the quantile of their residuals.
 *
 * @param share q, between 0 and 1
 * @see Koenker and Bassett 1978, Regression quantiles
 */
export const quantile = (share: number): Objective => ({
  link: 'identity',
  outputs: 1,
  renewQuantile: share,
  start: ({ target, weight }) => Float64Array.of(weightedQuantile(target, weight, share)),
  fillSlopes({ target, weight }, [margin], [{ gradient, curvature }]) {
    for (let row = 0; row < target.length; row++) {
      gradient[row] = weight[row] * (Number(target[row] < margin[row]) - share);
      curvature[row] = weight[row];
    }
  },
  lossOf(target, [margin], row) {
    const over = target - margin[row];
    return over >= 0 ? share * over : (share - 1) * over;
  },
});
