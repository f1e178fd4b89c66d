// Gradients in whole steps: what is added as integers is exact, whoever adds it and in whatever order.
import { AppError } from '../../../core/errors.ts';
import type { GrowContext } from './node-work.ts';

/** Bits of the largest gradient; single precision has 24. */
const MOST_BITS = 30;
/** Integers up to here are exact in a double. */
const EXACT_BITS = 53;
/** A cell keeps Σ curvature above the number of rows in 63 bits; one stays free for rounding. */
const SHARED_BITS = 62;

/** What one whole step is worth. */
export interface Units {
  readonly gradient: number;
  readonly curvature: number;
}

/**
 * Rounds gradients and curvatures to whole steps, pair by pair. A step is a power of two, so that scaling back and forth
 * rounds nothing: 2^−30 of the largest value, or coarser where the sum of all rows would not fit.
 *
 * @throws AppError DIVERGED when a value is not finite
 */
export function quantise({ kernels, layout }: GrowContext): Units {
  const { rows, gradient, curvature, pairs, countBits } = layout;
  const bits = Math.min(MOST_BITS, EXACT_BITS - countBits);
  const sumBits = Math.min(EXACT_BITS, SHARED_BITS - countBits) - 1;
  const units = {
    gradient: 2 ** (exponentAbove(kernels.largest(gradient, rows)) - bits),
    curvature: Math.max(
      2 ** (exponentAbove(kernels.largest(curvature, rows)) - MOST_BITS),
      2 ** (exponentAbove(kernels.total(curvature, rows)) - sumBits),
    ),
  };
  kernels.quantise(gradient, curvature, rows, 1 / units.gradient, 1 / units.curvature, pairs);
  return units;
}

/** The smallest e with size < 2^e; of nothing, that of 1. */
function exponentAbove(size: number): number {
  if (!Number.isFinite(size))
    throw new AppError(
      'DIVERGED',
      'expected finite gradients, got one that is not; lower the learning rate or look for extreme targets',
    );
  return size > 0 ? Math.floor(Math.log2(size)) + 1 : 1;
}
