// Which numbers a network of texts has, and that a file brought all of them.
import { AppError } from '../../core/errors.ts';
import { type Module, trace } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { input } from '../../tensor/ops/leaf.ts';
import type { PieceBatch } from './text-encoder.ts';

/** Name of each parameter → its shape. */
export type ParameterShapes = ReadonlyMap<string, readonly number[]>;

/** Every parameter of the states of pieces. */
export function parametersOf(states: Module<PieceBatch, Tensor>): ParameterShapes {
  const axes = { batch: 1, time: 1 };
  const batch = { ids: input('ids', 'int32', axes), mask: input('mask', 'float', axes) };
  return new Map(trace(states, batch).parameters.map(({ name, tensor }) => [name, tensor.shape]));
}

/** What a network lacks would be drawn at random without a word. @throws AppError BAD_FILE */
export function requireValues(
  parameters: ParameterShapes,
  values: Readonly<Record<string, Float32Array>>,
): void {
  for (const [name, shape] of parameters) {
    const count = shape.reduce((a, b) => a * b, 1);
    if (values[name]?.length !== count)
      throw new AppError(
        'BAD_FILE',
        `encoder's values: expected ${count} numbers for "${name}", got ${values[name]?.length ?? 'none'}`,
      );
  }
}
