// Losses that only care which of two, or of many, scores higher.

import { AppError } from '../../core/errors.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { softplus } from '../../tensor/ops/activations.ts';
import { add, mul, sub } from '../../tensor/ops/arithmetic.ts';
import { logPartition } from '../../tensor/ops/losses/log-partition.ts';
import { l2Normalise } from '../../tensor/ops/reductions.ts';
import { sum } from '../../tensor/ops/structure.ts';
import { requireAxes } from './same-shape.ts';

/** −ln σ(taken − other): Bayesian personalised ranking. @see Rendle et al. 2009, arXiv:1205.2618, §4 */
export function bpr(taken: Tensor, other: Tensor): Tensor {
  requireAxes('bpr', taken.axes, other);
  return softplus(sub(other, taken));
}

export interface InfoNceOptions {
  /** τ: similarities are divided by it; .07 by default. */
  readonly temperature?: number;
  /** Also asks each right row for its left one, and takes the mean of both; on by default. */
  readonly symmetric?: boolean;
  /** float [batch]: 1 = real, 0 = padding, which is nobody's counterpart and nobody's negative. */
  readonly mask?: Tensor;
}

/**
 * Row i of one side must find row i of the other among all rows of the batch, by cosine: [batch].
 *
 * @param left  [batch, width]
 * @param right [batch, width]
 * @see van den Oord et al. 2018, arXiv:1807.03748, eq. 4; symmetric as CLIP, Radford et al. 2021, arXiv:2103.00020
 */
export function infoNce(
  left: Tensor,
  right: Tensor,
  { temperature = 0.07, symmetric = true, mask }: InfoNceOptions = {},
): Tensor {
  if (!(temperature > 0))
    throw new AppError('USAGE', `infoNce: expected a temperature above 0, got ${temperature}`);
  requireAxes('infoNce', left.axes, right);
  const a = mul(l2Normalise(left), 1 / temperature);
  const b = l2Normalise(right);
  const bias = mask === undefined ? undefined : mul(sub(mask, 1), 1e9);
  const pair = sum(mul(a, b), -1);
  const forth = sub(logPartition(a, b, bias).log, pair);
  return symmetric ? mul(add(forth, sub(logPartition(b, a, bias).log, pair)), 0.5) : forth;
}
