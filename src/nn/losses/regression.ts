// Losses for quantities: each returns one number an example, and refuses targets of another shape.

import { AppError } from '../../core/errors.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { add, minimum, mul, sub } from '../../tensor/ops/arithmetic.ts';
import { abs, exp, square } from '../../tensor/ops/elementwise.ts';
import { constant } from '../../tensor/ops/leaf.ts';
import { reshape } from '../../tensor/ops/structure.ts';
import { requireAxes } from './same-shape.ts';

/** (prediction − target)². */
export function squaredError(prediction: Tensor, target: Tensor): Tensor {
  requireAxes('squaredError', prediction.axes, target);
  return square(sub(prediction, target));
}

/** |prediction − target|. */
export function absoluteError(prediction: Tensor, target: Tensor): Tensor {
  requireAxes('absoluteError', prediction.axes, target);
  return abs(sub(prediction, target));
}

/**
 * e²/2 up to |e| = delta, then delta·(|e| − delta/2): squared near 0, absolute far away.
 *
 * @see Huber 1964, doi:10.1214/aoms/1177703732
 */
export function huber(prediction: Tensor, target: Tensor, delta = 1): Tensor {
  if (!(delta > 0)) throw new AppError('USAGE', `huber: expected delta above 0, got ${delta}`);
  requireAxes('huber', prediction.axes, target);
  const size = abs(sub(prediction, target));
  const near = minimum(size, delta);
  return add(mul(square(near), 0.5), mul(sub(size, near), delta));
}

/**
 * −y·e^((1−ρ)s)/(1−ρ) + e^((2−ρ)s)/(2−ρ) for the score s = ln of the predicted mean. Up to
 * terms of y alone it is the negative log-likelihood of a sum of gamma amounts, so that exact zeros are likely.
 *
 * @param logMean s, any shape
 * @param target  at least 0
 * @param power   ρ in (1, 2): towards 1 like counts, towards 2 like amounts
 * @see Jørgensen 1987; the form is that of Zhou et al. 2020, arXiv:1811.10192, eq. 4
 */
export function tweedie(logMean: Tensor, target: Tensor, power = 1.5): Tensor {
  if (!(power > 1 && power < 2))
    throw new AppError('USAGE', `tweedie: expected a power between 1 and 2, got ${power}`);
  requireAxes('tweedie', logMean.axes, target);
  const amounts = mul(mul(target, exp(mul(logMean, 1 - power))), 1 / (power - 1));
  return add(amounts, mul(exp(mul(logMean, 2 - power)), 1 / (2 - power)));
}

/** e^s − y·s for the score s = ln of the predicted rate: the Poisson likelihood less ln y!. */
export function poisson(logRate: Tensor, target: Tensor): Tensor {
  requireAxes('poisson', logRate.axes, target);
  return sub(exp(logRate), mul(target, logRate));
}

/**
 * Pinball loss, max(q·e, (q − 1)·e) for e = target − prediction: its least mean is the q-quantile.
 *
 * @param prediction [..., quantiles]
 * @param target     [...]
 * @param quantiles  each in (0, 1)
 * @returns          [..., quantiles]
 * @see Koenker and Bassett 1978, doi:10.2307/1913643
 */
export function pinball(prediction: Tensor, target: Tensor, quantiles: readonly number[]): Tensor {
  const outside = quantiles.find((q) => !(q > 0 && q < 1));
  if (outside !== undefined || quantiles.length !== prediction.shape.at(-1))
    throw new AppError(
      'USAGE',
      `pinball: expected ${prediction.shape.at(-1)} quantiles between 0 and 1, got [${quantiles.join(', ')}]`,
    );
  requireAxes('pinball', prediction.axes.slice(0, -1), target);
  const error = sub(reshape(target, [...target.axes, { size: 1 }]), prediction);
  const levels = constant(quantiles, [quantiles.length]);
  return sub(mul(levels, error), minimum(error, 0));
}
