// Short words for the inputs the op test draws; used in the `cases` of the op table.

import type { OpCase, Sample } from '../graph.ts';

/** Floats in [−2, 2]. */
export function real(...shape: readonly number[]): Sample {
  return { dtype: 'float', shape, low: -2, high: 2 };
}

/** Floats in [low, high]. */
export function between(low: number, high: number, ...shape: readonly number[]): Sample {
  return { dtype: 'float', shape, low, high };
}

/** Floats no two of which are close, nor close to zero: for ops with kinks or ties. */
export function apart(...shape: readonly number[]): Sample {
  return { dtype: 'float', shape, low: -2, high: 2, gap: 0.02 };
}

/** Whole numbers in [0, limit). */
export function indices(limit: number, ...shape: readonly number[]): Sample {
  return { dtype: 'int32', shape, low: 0, high: limit - 1 };
}

export function flags(...shape: readonly number[]): Sample {
  return { dtype: 'bool', shape, low: 0, high: 1 };
}

/** Cases that need no attributes, one for each list of inputs. */
export function onlyInputs(...lists: readonly (readonly Sample[])[]): readonly OpCase[] {
  return lists.map((inputs) => ({ inputs }));
}
