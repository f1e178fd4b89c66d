// Boosting a probability: −log likelihood of an outcome of 0 or 1.
import { clampToRate, logit } from '../../link.ts';
import { weightedMean } from '../../sample.ts';
import type { Objective } from './objective.ts';

/** Loss ln(1 + e^η) − yη, gradient p − y, curvature p (1 − p). */
export const logistic: Objective = {
  link: 'logit',
  outputs: 1,
  start: ({ target, weight }) =>
    Float64Array.of(logit(clampToRate(weightedMean(target, weight), target.length))),
  fillSlopes({ target, weight }, [margin], [{ gradient, curvature }]) {
    for (let row = 0; row < target.length; row++) {
      const p = 1 / (1 + Math.exp(-margin[row]));
      gradient[row] = weight[row] * (p - target[row]);
      curvature[row] = weight[row] * p * (1 - p);
    }
  },
  lossOf(target, [margin], row) {
    const m = margin[row];
    return Math.max(m, 0) + Math.log1p(Math.exp(-Math.abs(m))) - target * m;
  },
};
