// Reading a model at rest: the version is checked before anything is believed.
import { AppError } from '../core/errors.ts';
import type { Json, Question, SavedModel } from './estimator.ts';

/** What every saved state holds, whatever else it does. */
export interface SavedState {
  readonly question: Question;
}

/** A plain value as the JSON it already is (interfaces have no index signature, so the compiler needs to be told). */
export const asJson = (state: object): Json => state as unknown as Json;

/**
 * The state of a saved model, once its estimator, format and keys are what they should be.
 *
 * @throws AppError VERSION for another format, BAD_FILE for another estimator or a state without the given keys
 */
export function readState<S extends SavedState>(
  saved: SavedModel,
  estimator: string,
  format: number,
  keys: readonly (keyof S & string)[],
): S {
  if (saved.estimator !== estimator)
    throw new AppError('BAD_FILE', `expected a saved "${estimator}" model, got "${saved.estimator}"`);
  if (saved.format !== format) {
    throw new AppError(
      'VERSION',
      `expected format ${format} of "${estimator}", got ${saved.format}; train again with this version`,
    );
  }
  const state = saved.state as Readonly<Record<string, Json>> | null;
  const missing = ['question', ...keys].filter(
    (key) => typeof state !== 'object' || state === null || state[key] === undefined,
  );
  if (missing.length > 0)
    throw new AppError(
      'BAD_FILE',
      `a saved "${estimator}" model lacks ${missing.join(', ')}; train it again`,
    );
  return state as unknown as S;
}

/** A bulk array of a saved model as float64. @throws AppError BAD_FILE when it is not there or has another length */
export function readArray(saved: SavedModel, key: string, length?: number): Float64Array {
  const array = saved.arrays?.[key];
  if (array instanceof Float64Array && (length === undefined || array.length === length)) return array;
  throw new AppError(
    'BAD_FILE',
    `a saved "${saved.estimator}" model needs ${length ?? 'its'} numbers in "${key}", got ${array?.length ?? 'none'}`,
  );
}
