// Losses for yes or no: each takes scores before the sigmoid and returns one number an example.

import { AppError } from '../../core/errors.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { softplus } from '../../tensor/ops/activations.ts';
import { add, mul, neg, sub } from '../../tensor/ops/arithmetic.ts';
import { sum } from '../../tensor/ops/structure.ts';
import { requireAxes } from './same-shape.ts';

/**
 * softplus(x) − x·y = −y·ln σ(x) − (1 − y)·ln(1 − σ(x)), without overflow.
 *
 * @param logits  any shape
 * @param targets the same shape, in [0, 1]
 * @throws AppError SHAPE when shapes differ
 */
export function binaryCrossEntropy(logits: Tensor, targets: Tensor): Tensor {
  requireAxes('binaryCrossEntropy', logits.axes, targets);
  return sub(softplus(logits), mul(logits, targets));
}

export interface GeneralisedBceOptions {
  /** Negatives drawn a positive ÷ negatives there are: |k| / |I⁻|, in (0, 1]. */
  readonly samplingRate: number;
  /** t in [0, 1]: 0 is plain BCE, 1 undoes all overconfidence that sampling brings; .75 is the paper's choice. */
  readonly calibration?: number;
}

/**
 * The exponent β = α·(t·(1 − 1/α) + 1/α) that gBCE raises σ(positive) to.
 *
 * @see Petrov and Macdonald 2023, arXiv:2308.07192, eq. 9
 */
export function generalisedBceExponent({ samplingRate, calibration = 0.75 }: GeneralisedBceOptions): number {
  if (!(samplingRate > 0 && samplingRate <= 1) || !(calibration >= 0 && calibration <= 1))
    throw new AppError(
      'USAGE',
      `gBCE: expected a sampling rate in (0, 1] and a calibration in [0, 1], got ${samplingRate} and ${calibration}`,
    );
  return samplingRate * (calibration * (1 - 1 / samplingRate) + 1 / samplingRate);
}

/**
 * (−β·ln σ(positive) − Σ ln(1 − σ(negative))) / (negatives + 1): BCE over a positive and its drawn negatives, the
 * positive's chance raised to β so that drawing few negatives does not make the model too sure.
 *
 * @param positive  [...]
 * @param negatives [..., negatives]
 * @returns         [...]
 * @see Petrov and Macdonald 2023, arXiv:2308.07192, eq. 8
 */
export function generalisedBce(positive: Tensor, negatives: Tensor, options: GeneralisedBceOptions): Tensor {
  requireAxes('generalisedBce', negatives.axes.slice(0, -1), positive);
  const taken = mul(softplus(neg(positive)), generalisedBceExponent(options));
  const left = sum(softplus(negatives), -1);
  return mul(add(taken, left), 1 / ((negatives.shape.at(-1) as number) + 1));
}
