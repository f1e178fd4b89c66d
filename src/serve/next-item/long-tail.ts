// The long tail shown more often: what many take anyway is placed lower, by how many do.
import { AppError } from '../../core/errors.ts';
import type { Sequences } from '../../core/sequences.ts';
import type { NextItemModel } from '../../models/sequence/recommender.ts';

/** How often each item occurs, [items]. */
export function itemCounts({ itemIds, items }: Pick<Sequences, 'itemIds' | 'items'>): Uint32Array {
  const counts = new Uint32Array(itemIds.length);
  for (const item of items) if (item >= 0) counts[item]++;
  return counts;
}

/**
 * What is taken off logarithms of likelihoods: amount · ln(1 + count). At 0 nothing; at 1 an item is as likely as its being
 * taken by those with this history differs from its being taken at all.
 *
 * @param counts events of each item, [items]
 * @see Menon et al. 2021, "Long-tail learning via logit adjustment", arXiv:2007.07314, applied after the fit
 */
export const tailPenalties = (counts: ArrayLike<number>, amount: number): Float32Array =>
  Float32Array.from(counts, (count) => amount * Math.log1p(count));

/** The amount, where the model can be asked so. @throws AppError USAGE */
export function tailOf(
  { recommender, isLogarithm }: Pick<NextItemModel, 'recommender' | 'isLogarithm'>,
  amount: number,
): number {
  if (!(amount >= 0 && amount <= 1))
    throw new AppError('USAGE', `expected a long tail from 0 to 1, got ${amount}`);
  if (isLogarithm) return amount;
  throw new AppError(
    'USAGE',
    `long tail: scores of "${recommender}" are no logarithms of likelihoods to take something off; networks, mixtures (A+B) and :repeats have such`,
  );
}
