// A parameter with a gradient for every number of it.
import { AppError } from '../../core/errors.ts';
import type { DenseRule } from './rule.ts';
import {
  checkRows,
  eachStaged,
  type ParameterSettings,
  type StoredParameter,
  scatterRows,
  volumeOf,
  type Workshop,
} from './stored-parameter.ts';

/** Array lengths it takes from the arena. */
export function denseLengths(settings: ParameterSettings, keepsAverages: boolean): readonly number[] {
  const arrays = 2 + settings.rule.state.length + (keepsAverages ? 1 : 0);
  return Array.from({ length: arrays }, () => volumeOf(settings.shape));
}

/**
 * Gradients are added up over micro-batches; the first is copied, so nothing is cleared between steps. Rows are added
 * where their indices say, in order: a tied embedding gets both kinds.
 */
export function denseParameter(
  settings: ParameterSettings,
  rule: DenseRule,
  workshop: Workshop,
): StoredParameter {
  const { arena, kernels } = workshop;
  const count = volumeOf(settings.shape);
  const width = count / (settings.shape[0] ?? 1);
  const value = arena.floats(count);
  const sum = arena.floats(count);
  const moments = Object.fromEntries(rule.state.map((name) => [name, arena.floats(count)]));
  const average = workshop.keepsAverages ? arena.floats(count) : undefined;
  const steps = new Int32Array(1);
  let pending = false;
  return {
    settings,
    value,
    average,
    isPending: () => pending,
    gradient: () => sum,
    addDense(gradient) {
      if (gradient.length !== count) {
        throw new AppError(
          'SHAPE',
          `gradient of "${settings.name}": expected ${count} numbers [${settings.shape}], got ${gradient.length}`,
        );
      }
      const isOwn = gradient.buffer === sum.buffer && gradient.byteOffset === sum.byteOffset;
      if (isOwn && pending) {
        throw new AppError(
          'USAGE',
          `gradient of "${settings.name}": expected micro-batches after the first in other memory, got the sum itself`,
        );
      }
      if (!pending && !isOwn) sum.set(gradient);
      if (pending) {
        eachStaged(workshop, gradient, (piece, start) =>
          kernels.accumulate(sum.subarray(start, start + piece.length), piece),
        );
      }
      pending = true;
    },
    addRows(indices, values) {
      checkRows(settings, indices, values);
      if (!pending) kernels.fill(sum, 0);
      scatterRows(workshop, sum, { indices, values, width });
      pending = true;
    },
    move(pass) {
      steps[0]++;
      rule.move(kernels, { value, gradient: sum, state: moments, average, step: steps[0] }, pass);
    },
    clear() {
      pending = false;
    },
    state: { value, ...moments, ...(average && { average }), steps },
  };
}
