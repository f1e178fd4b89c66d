// Whether the arrays of a batch fit the inputs of a program, ids included: onnxruntime reads rows from a table's end for
// negative ones, and would say nothing.

import { AppError } from '../../core/errors.ts';
import type { RunArray } from '../../tensor/session/session.ts';
import { stridesOf, volume } from '../../tensor/type.ts';
import type { ProgramInput } from '../program/program-input.ts';

/**
 * @throws AppError SHAPE for an array that is missing or has another length than its input; BAD_DATA for an id that names
 *   no row, saying where it is and not what
 */
export function requireFit(
  inputs: Readonly<Record<string, ProgramInput>>,
  arrays: Readonly<Record<string, RunArray>>,
): void {
  for (const [name, { shape, below }] of Object.entries(inputs)) {
    const values = arrays[name];
    if (values?.length !== volume(shape))
      throw new AppError(
        'SHAPE',
        `batch input "${name}" [${shape.join(', ')}]: expected ${volume(shape)} numbers, got ${values?.length ?? 'none'}`,
      );
    const wrong = below === undefined ? -1 : firstOutside(values, below);
    if (wrong >= 0) {
      const position = stridesOf(shape).map((stride, i) => Math.floor(wrong / stride) % (shape[i] as number));
      throw new AppError(
        'BAD_DATA',
        `batch input "${name}" [${shape.join(', ')}]: expected ids in [0, ${below}), the rows of the table they are looked up in, ` +
          `got another at [${position.join(', ')}]`,
        { input: name, position, below },
      );
    }
  }
}

function firstOutside(values: RunArray, below: number): number {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number | bigint;
    if (value < 0 || value >= below) return i;
  }
  return -1;
}
