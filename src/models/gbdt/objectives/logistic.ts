// Boosting a probability: −log likelihood of an outcome of 0 or 1.
import { clampToRate, logit } from '../../link.ts';
import { weightedMean } from '../../sample.ts';
import { createSigmoid } from '../kernels/sigmoid.ts';
import type { Objective } from './objective.ts';

/** Rows at a time: their probabilities stay in the processor's cache. */
const AT_ONCE = 16_384;

let sigmoid: ReturnType<typeof createSigmoid> | undefined;
const probabilities = new Float64Array(AT_ONCE);

/** Loss ln(1 + e^η) − yη, gradient p − y, curvature p (1 − p). */
export const logistic: Objective = {
  link: 'logit',
  outputs: 1,
  start: ({ target, weight }) =>
    Float64Array.of(logit(clampToRate(weightedMean(target, weight), target.length))),
  fillSlopes({ target, weight }, [margin], [{ gradient, curvature }]) {
    sigmoid ??= createSigmoid();
    for (let from = 0; from < target.length; from += AT_ONCE) {
      const until = Math.min(target.length, from + AT_ONCE);
      sigmoid(margin.subarray(from, until), probabilities);
      for (let row = from; row < until; row++) {
        const p = probabilities[row - from];
        gradient[row] = weight[row] * (p - target[row]);
        curvature[row] = weight[row] * p * (1 - p);
      }
    }
  },
  lossOf(target, [margin], row) {
    const m = margin[row];
    return Math.max(m, 0) + Math.log1p(Math.exp(-Math.abs(m))) - target * m;
  },
};
