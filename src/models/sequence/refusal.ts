// Why sequences cannot be learned from, and the error that says so.
import { AppError } from '../../core/errors.ts';
import type { Sequences } from '../../core/sequences.ts';
import type { Recommender } from './recommender.ts';

/** Why nothing can be learned from these, the same for every recommender that counts. */
export function refusesEmpty(train: Sequences): string | undefined {
  if (train.itemIds.length === 0) return 'there are no items';
  return train.items.some((item) => item >= 0) ? undefined : 'there are no events of known items';
}

/** @throws AppError NOT_ENOUGH_DATA */
export function checkTrain(recommender: Recommender, train: Sequences): void {
  const refusal = recommender.refuses(train);
  if (refusal)
    throw new AppError('NOT_ENOUGH_DATA', `"${recommender.id}" cannot learn from this: ${refusal}`);
}
