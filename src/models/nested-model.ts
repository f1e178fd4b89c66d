// A saved model inside another: its arrays under a name of their own, its head among the other's settings.
import type { Json, SavedModel } from './estimator.ts';

type Arrays = NonNullable<SavedModel['arrays']>;

/** All of a saved model but its arrays; plain JSON. */
export interface SavedHead {
  readonly estimator: string;
  readonly format: number;
  readonly state: Json;
}

export const headOf = ({ estimator, format, state }: SavedModel): SavedHead => ({ estimator, format, state });

/** The arrays of a saved part, as the whole keeps them. */
export const arraysUnder = (part: string, arrays: Arrays = {}): Arrays =>
  Object.fromEntries(Object.entries(arrays).map(([key, array]) => [`${part}.${key}`, array]));

/** The arrays of one part out of those of the whole. */
export const arraysOf = (part: string, arrays: Arrays = {}): Arrays =>
  Object.fromEntries(
    Object.entries(arrays)
      .filter(([key]) => key.startsWith(`${part}.`))
      .map(([key, array]) => [key.slice(part.length + 1), array]),
  );
