// What a customer will spend: nothing with some chance, else an amount whose logarithm is normal.

import type { Tensor } from '../../tensor/graph.ts';
import { sigmoid, softplus } from '../../tensor/ops/activations.ts';
import { add, cast, div, maximum, mul, sub } from '../../tensor/ops/arithmetic.ts';
import { greater } from '../../tensor/ops/comparison.ts';
import { exp, log, square } from '../../tensor/ops/elementwise.ts';
import { reshape, slice } from '../../tensor/ops/structure.ts';
import { binaryCrossEntropy } from './binary.ts';
import { requireAxes } from './same-shape.ts';

/** The three scores of the distribution, [...] each. */
interface ZeroInflated {
  /** Logit of the chance that anything is spent. */
  readonly logit: Tensor;
  /** μ of ln amount. */
  readonly location: Tensor;
  /** σ of ln amount: softplus of the third score, no smaller than √ε of float32 so that σ cannot collapse. */
  readonly scale: Tensor;
}

/** √(machine ε of float32), as in the reference implementation. */
const LEAST_SCALE = Math.sqrt(2 ** -23);

function readScores(scores: Tensor): ZeroInflated {
  const [logit, location, raw] = [0, 1, 2].map((k) =>
    reshape(slice(scores, -1, k, k + 1), scores.axes.slice(0, -1)),
  ) as [Tensor, Tensor, Tensor];
  return { logit, location, scale: maximum(softplus(raw), LEAST_SCALE) };
}

/**
 * Cross-entropy of spending at all, plus, where something was spent, −ln of the log-normal density of the amount.
 *
 * @param scores [..., 3]: logit of spending, μ, and what softplus makes σ
 * @param target [...], at least 0
 * @see Wang et al. 2019, arXiv:1912.07753, §3.2
 */
export function zeroInflatedLogNormal(scores: Tensor, target: Tensor): Tensor {
  const { logit, location, scale } = readScores(scores);
  requireAxes('zeroInflatedLogNormal', logit.axes, target);
  const spent = cast(greater(target, 0), 'float');
  // where nothing was spent any positive amount keeps the logarithm finite; `spent` takes it out again
  const logAmount = log(add(target, sub(1, spent)));
  const deviation = div(sub(logAmount, location), scale);
  const density = add(add(mul(square(deviation), 0.5), log(scale)), add(logAmount, HALF_LOG_TAU));
  return add(binaryCrossEntropy(logit, spent), mul(spent, density));
}

const HALF_LOG_TAU = 0.5 * Math.log(2 * Math.PI);

/** The expected amount: chance · e^(μ + σ²/2), for scores [..., 3]. */
export function zeroInflatedLogNormalMean(scores: Tensor): Tensor {
  const { logit, location, scale } = readScores(scores);
  return mul(sigmoid(logit), exp(add(location, mul(square(scale), 0.5))));
}
