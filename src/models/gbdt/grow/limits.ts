// What a cut may not do: turn against a column's direction, or bring columns together that may not meet.
import { AppError } from '../../../core/errors.ts';
import type { Frame } from '../../../core/frame.ts';
import type { GbdtSettings } from '../settings.ts';
import type { BinnedInput } from './grower.ts';

export interface Limits {
  /** +1 rising, −1 falling, 0 free: [inputs]. */
  readonly direction: Int8Array;
  readonly isBounded: boolean;
  /** Groups of inputs that may meet; absent where all may. */
  readonly groups?: readonly Uint8Array[];
}

/** @throws AppError USAGE when a named column is not there, or cannot have a direction */
export function readLimits(
  { monotone, interactions }: Pick<GbdtSettings, 'monotone' | 'interactions'>,
  inputs: readonly BinnedInput[],
  frame: Frame,
): Limits {
  const kinds = new Map<string, string>(frame.columns.map(({ name, kind }) => [name, kind]));
  const position = new Map(inputs.map(({ name }, input) => [name, input]));
  const direction = new Int8Array(inputs.length);
  for (const [name, way] of Object.entries(monotone)) {
    if (kinds.get(name) !== 'number')
      throw new AppError(
        'USAGE',
        `expected a number column "${name}" to rise or fall with, got ${kinds.get(name) ?? 'none'}; correct monotone`,
      );
    const input = position.get(name);
    // A column that never varies has no input, and no direction to keep.
    if (input !== undefined) direction[input] = way;
  }
  const isBounded = direction.some((way) => way !== 0);
  if (interactions === undefined) return { direction, isBounded };
  const alone = new Set(inputs.keys());
  const groups = interactions.map((names) => {
    const group = new Uint8Array(inputs.length);
    for (const name of names) {
      if (!kinds.has(name))
        throw new AppError(
          'USAGE',
          `expected a column "${name}" to meet others, got none; correct interactions`,
        );
      const input = position.get(name);
      if (input === undefined) continue;
      group[input] = 1;
      alone.delete(input);
    }
    return group;
  });
  for (const input of alone) groups.push(new Uint8Array(inputs.length).fill(1, input, input + 1));
  return { direction, isBounded, groups };
}

/** Flags of the inputs that may be cut below a path: all groups that hold the whole path, put together. */
export function openInputs(groups: readonly Uint8Array[], path: ReadonlySet<number>): Uint8Array {
  const open = new Uint8Array(groups[0]?.length ?? 0);
  for (const group of groups) {
    if ([...path].some((input) => group[input] === 0)) continue;
    for (let input = 0; input < open.length; input++) open[input] |= group[input];
  }
  return open;
}
