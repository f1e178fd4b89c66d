// Magnitude pruning: the smallest weights become zero and stay zero.

import { AppError } from '../../core/errors.ts';
import { byPattern } from '../adapt/pattern.ts';

/** By parameter name: 1 where a weight is kept, 0 where it is zero for good. */
export type Masks = Readonly<Record<string, Uint8Array>>;

export type Values = Readonly<Record<string, Float32Array>>;

export interface PruningOptions {
  /** Patterns of the names of the parameters to prune: `**.weight`. Shifts and norms are few and best left out. */
  readonly match: string | readonly string[];
  /**
   * `tensor`, the default: the same share of every parameter. `global`: one threshold for all, so that parameters of
   * small weights lose more; better at the same share where their weights are of like size.
   */
  readonly scope?: 'tensor' | 'global';
}

/**
 * Masks that leave out the smallest weights; of equal ones, those that come first. Zeros are smallest, so a higher
 * sparsity later prunes what was pruned before, and more.
 *
 * @param sparsity share of weights that become zero, in [0, 1)
 * @throws AppError USAGE for a sparsity out of range; NOT_FOUND when no parameter fits
 */
export function magnitudeMasks(
  values: Values,
  sparsity: number,
  { match, scope = 'tensor' }: PruningOptions,
): Masks {
  if (!(sparsity >= 0 && sparsity < 1))
    throw new AppError('USAGE', `magnitudeMasks: expected a sparsity in [0, 1), got ${sparsity}`);
  const matches = byPattern(match);
  const chosen = Object.entries(values).filter(([name]) => matches(name));
  if (chosen.length === 0)
    throw new AppError(
      'NOT_FOUND',
      `magnitudeMasks: expected a parameter that fits ${String(match)}, got none`,
    );
  const groups = scope === 'global' ? [chosen] : chosen.map((one) => [one]);
  return Object.fromEntries(groups.flatMap((group) => groupMasks(group, sparsity)));
}

type Named<T> = readonly (readonly [string, T])[];

function groupMasks(group: Named<Float32Array>, sparsity: number): Named<Uint8Array> {
  const sizes = new Float32Array(group.reduce((total, [, { length }]) => total + length, 0));
  let at = 0;
  for (const [, weights] of group) for (const weight of weights) sizes[at++] = Math.abs(weight);
  const pruned = Math.round(sparsity * sizes.length);
  const sorted = sizes.sort();
  const threshold = pruned === 0 ? -1 : (sorted[pruned - 1] as number);
  let ties = pruned - below(sorted, threshold);
  return group.map(([name, weights]) => {
    const mask = new Uint8Array(weights.length);
    for (let i = 0; i < weights.length; i++) {
      const size = Math.abs(weights[i] as number);
      mask[i] = size > threshold || (size === threshold && ties-- <= 0) ? 1 : 0;
    }
    return [name, mask] as const;
  });
}

/** How many entries of a sorted array are smaller. */
function below(sorted: Float32Array, threshold: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Zeroes in place what the masks leave out. */
export function applyMasks(values: Values, masks: Masks): void {
  for (const [name, mask] of Object.entries(masks)) {
    const weights = values[name];
    if (weights?.length !== mask.length)
      throw new AppError(
        'SHAPE',
        `expected ${mask.length} numbers of parameter "${name}", got ${weights?.length ?? 'none'}`,
      );
    for (let i = 0; i < mask.length; i++) if (mask[i] === 0) weights[i] = 0;
  }
}

/** How much of one parameter is zero. */
export interface SparsityRow {
  readonly name: string;
  readonly count: number;
  readonly zeros: number;
  /** zeros / count */
  readonly sparsity: number;
}

/** Counts the zeros of the parameters that fit, and of all of them together as the last row, `total`. */
export function sparsityTable(
  values: Values,
  match: string | readonly string[] = '**',
): readonly SparsityRow[] {
  const matches = byPattern(match);
  const rows = Object.entries(values)
    .filter(([name]) => matches(name))
    .map(([name, weights]) => {
      return sparsityRow(
        name,
        weights.length,
        weights.reduce((zeros, weight) => zeros + Number(weight === 0), 0),
      );
    });
  const sum = (key: 'count' | 'zeros'): number => rows.reduce((total, row) => total + row[key], 0);
  return [...rows, sparsityRow('total', sum('count'), sum('zeros'))];
}

function sparsityRow(name: string, count: number, zeros: number): SparsityRow {
  return { name, count, zeros, sparsity: count === 0 ? 0 : zeros / count };
}
