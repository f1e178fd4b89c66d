// Every next-item recommender by its id, and the way back from a saved one.
import { AppError } from '../../core/errors.ts';
import type { SavedModel } from '../estimator.ts';
import { itemKnn } from './item-knn.ts';
import { popularity, recentPopularity } from './popularity.ts';
import type { NextItemModel, Recommender } from './recommender.ts';
import { repeat } from './repeat.ts';
import { markov, sequentialRules } from './sequential-rules.ts';
import { sessionKnn } from './session-knn.ts';
import { behaviourTransformer } from './transformer/transformer.ts';

/** All that fit with no settings, baselines first. */
export const RECOMMENDERS: readonly Recommender[] = [
  popularity,
  recentPopularity,
  repeat,
  markov,
  sequentialRules,
  itemKnn,
  sessionKnn,
  behaviourTransformer,
];

/** @throws AppError USAGE naming the ids there are */
export function recommenderById(id: string): Recommender {
  const found = RECOMMENDERS.find((recommender) => recommender.id === id);
  if (found) return found;
  const known = RECOMMENDERS.map((recommender) => recommender.id).join(', ');
  throw new AppError('USAGE', `expected one of the recommenders ${known}, got "${id.slice(0, 40)}"`);
}

/** @throws AppError BAD_FILE for a recommender this version does not know, VERSION for another format */
export function loadNextItemModel(saved: SavedModel): NextItemModel {
  const found = RECOMMENDERS.find((recommender) => recommender.id === saved.estimator);
  if (found) return found.load(saved);
  throw new AppError(
    'BAD_FILE',
    `expected a recommender of this version, got one made by "${saved.estimator.slice(0, 40)}"; fit it again`,
  );
}
