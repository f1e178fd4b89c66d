// Boosting money on the log scale: many exact zeros and a heavy tail.
import { weightedMean } from '../../sample.ts';
import type { Objective } from './objective.ts';

/**
 * Tweedie −log quasi-likelihood, μ = e^η: loss −y μ^(1−p)/(1−p) + μ^(2−p)/(2−p), gradient −y μ^(1−p) + μ^(2−p), and its
 * derivative, which is above zero wherever y ≥ 0.
 *
 * @param power p, between 1 (Poisson) and 2 (Gamma)
 * @see Jørgensen 1987, Exponential dispersion models
 */
export function tweedie(power: number): Objective {
  const a = 1 - power;
  const b = 2 - power;
  return {
    link: 'log',
    outputs: 1,
    maxStep: 3,
    start: ({ target, weight }) => Float64Array.of(Math.log(Math.max(1e-12, weightedMean(target, weight)))),
    fillSlopes({ target, weight }, [margin], [{ gradient, curvature }]) {
      for (let row = 0; row < target.length; row++) {
        const below = target[row] === 0 ? 0 : target[row] * Math.exp(a * margin[row]);
        const above = Math.exp(b * margin[row]);
        gradient[row] = weight[row] * (above - below);
        curvature[row] = weight[row] * (b * above - a * below);
      }
    },
    lossOf: (target, [margin], row) =>
      (target === 0 ? 0 : (-target * Math.exp(a * margin[row])) / a) + Math.exp(b * margin[row]) / b,
  };
}
