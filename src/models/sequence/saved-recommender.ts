// A recommender at rest: what its saved state and arrays must be before anything is believed.
import { AppError } from '../../core/errors.ts';
import type { Json, SavedModel, Settings } from '../estimator.ts';

/** What the state of most saved recommenders holds. */
export interface RecommenderState {
  readonly itemIds: readonly string[];
  readonly settings: Settings;
}

/**
 * The state of a saved recommender.
 *
 * @throws AppError VERSION for another format, BAD_FILE for another recommender or a state that lacks a key
 */
export function readSavedState<S>(
  saved: SavedModel,
  recommender: string,
  format: number,
  keys: readonly (keyof S & string)[],
): S {
  if (saved.estimator !== recommender)
    throw new AppError('BAD_FILE', `expected a saved "${recommender}" model, got "${saved.estimator}"`);
  if (saved.format !== format) {
    throw new AppError(
      'VERSION',
      `expected format ${format} of "${recommender}", got ${saved.format}; fit it again with this version`,
    );
  }
  const state = saved.state as Readonly<Record<string, Json>> | null;
  const missing = keys.filter(
    (key) => typeof state !== 'object' || state === null || state[key] === undefined,
  );
  if (missing.length > 0)
    throw new AppError(
      'BAD_FILE',
      `a saved "${recommender}" model lacks ${missing.join(', ')}; fit it again`,
    );
  return state as unknown as S;
}

/** The state of one that keeps its items and settings there. @throws AppError VERSION, BAD_FILE */
export function readRecommender<S extends RecommenderState>(
  saved: SavedModel,
  recommender: string,
  format: number,
  keys: readonly (keyof S & string)[] = [],
): S {
  const state = readSavedState<S>(saved, recommender, format, ['itemIds', 'settings', ...keys]);
  if (Array.isArray(state.itemIds)) return state;
  throw new AppError('BAD_FILE', `a saved "${recommender}" model lacks a list of items; fit it again`);
}

const KINDS = { float64: Float64Array, float32: Float32Array, int32: Int32Array, uint8: Uint8Array } as const;
type Kind = keyof typeof KINDS;

/** A bulk array of a saved recommender. @throws AppError BAD_FILE when it is absent, of another kind or length */
export function readValues<K extends Kind>(
  saved: SavedModel,
  key: string,
  kind: K,
  length?: number,
): InstanceType<(typeof KINDS)[K]> {
  const array = saved.arrays?.[key];
  if (array instanceof KINDS[kind] && (length === undefined || array.length === length))
    return array as InstanceType<(typeof KINDS)[K]>;
  throw new AppError(
    'BAD_FILE',
    `a saved "${saved.estimator}" model needs ${length ?? 'its'} ${kind} numbers in "${key}", got ${array?.length ?? 'none'}`,
  );
}

/**
 * Offsets of rows into bulk arrays, [rows + 1], from 0 upwards.
 *
 * @throws AppError BAD_FILE when they do not start at 0 or fall
 */
export function readOffsets(saved: SavedModel, key: string, rows?: number): Int32Array {
  const offsets = readValues(saved, key, 'int32', rows === undefined ? undefined : rows + 1);
  const sound = offsets[0] === 0 && offsets.every((offset, i) => i === 0 || offset >= offsets[i - 1]);
  if (sound) return offsets;
  throw new AppError('BAD_FILE', `a saved "${saved.estimator}" model needs rising offsets in "${key}"`);
}

/** Item codes, each within the catalogue. @throws AppError BAD_FILE for a code outside it */
export function readItems(saved: SavedModel, key: string, length: number, items: number): Int32Array {
  const codes = readValues(saved, key, 'int32', length);
  if (codes.every((code) => code >= 0 && code < items)) return codes;
  throw new AppError('BAD_FILE', `a saved "${saved.estimator}" model needs items of its own in "${key}"`);
}
