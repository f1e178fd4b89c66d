// A loss compares number with number: shapes that only stretch to each other would compare every one with every other.

import { AppError } from '../../core/errors.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { type Axis, describeAxes, sameSizes, sizesOf } from '../../tensor/type.ts';

/** @throws AppError SHAPE unless `target` has these axes */
export function requireAxes(loss: string, axes: readonly Axis[], target: Tensor): void {
  if (!sameSizes(sizesOf(axes), target.shape))
    throw new AppError(
      'SHAPE',
      `${loss}: expected a target for each of ${describeAxes(axes)}, got ${describeAxes(target.axes)}; reshape one`,
    );
}
