// A learned vector for each place in a sequence.

import { AppError } from '../../core/errors.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { add } from '../../tensor/ops/arithmetic.ts';
import { slice } from '../../tensor/ops/structure.ts';
import { normal } from '../initialise.ts';
import { defineModule, type Module } from '../module.ts';

export interface PositionsOptions {
  /** The longest sequence. */
  readonly length: number;
  /**
   * Where counting starts when a sequence is shorter than `length`: `end` gives the newest event the same vector
   * whatever the length, as padding in front does.
   */
  readonly countFrom?: 'start' | 'end';
}

/** Adds row t of `weight` [length, width] to place t of `[batch, time, width]`. @throws AppError SHAPE when time > length */
export function positions({ length, countFrom = 'start' }: PositionsOptions): Module<Tensor, Tensor> {
  return defineModule('positions', (scope, x) => {
    const [time, width] = x.shape.slice(-2) as [number, number];
    if (time > length)
      throw new AppError('SHAPE', `positions: expected at most ${length} places, got time=${time}`);
    const weight = scope.parameter('weight', { length, width }, normal());
    return add(x, countFrom === 'start' ? slice(weight, 0, 0, time) : slice(weight, 0, length - time));
  });
}
