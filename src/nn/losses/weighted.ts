// From a loss for each example to one number: the weighted mean, where padding weighs nothing.

import { AppError } from '../../core/errors.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { div, maximum, mul } from '../../tensor/ops/arithmetic.ts';
import { sum } from '../../tensor/ops/structure.ts';
import { describeAxes, sameSizes, volume } from '../../tensor/type.ts';

/**
 * Σ weight·loss / Σ weight; without weights the plain mean. Where all weights are 0 the mean is 0, not NaN.
 *
 * @param losses  one an example, any shape
 * @param weights the same shape, at least 0: 0 for padding
 */
export function weightedMean(losses: Tensor, weights?: Tensor): Tensor {
  if (weights === undefined) return mul(sum(losses), 1 / volume(losses.shape));
  if (!sameSizes(losses.shape, weights.shape))
    throw new AppError(
      'SHAPE',
      `weightedMean: expected a weight for each of ${describeAxes(losses.axes)}, got ${describeAxes(weights.axes)}`,
    );
  return div(sum(mul(losses, weights)), maximum(sum(weights), 1e-12));
}
