// Every next-item recommender by its id, and the way back from a saved one.
import { AppError } from '../../core/errors.ts';
import type { SavedModel } from '../estimator.ts';
import { CONTENT_KNN, contentKnn } from './classical/content-knn.ts';
import { itemKnn } from './classical/item-knn.ts';
import { popularity, recentPopularity } from './classical/popularity.ts';
import { repeat } from './classical/repeat.ts';
import { markov, sequentialRules } from './classical/sequential-rules.ts';
import { sessionKnn } from './classical/session-knn.ts';
import { memberIdsOf, mixtureOf } from './mixture.ts';
import { convolutionalNetwork } from './networks/cnn.ts';
import { recurrentNetwork } from './networks/gru.ts';
import { aggregateNetwork } from './networks/mlp.ts';
import type { NextItemModel, Recommender } from './recommender.ts';
import { remembered } from './remembered-fits.ts';
import { baseIdOf, withReturns } from './repeats/with-returns.ts';
import { behaviourTransformer } from './transformer/transformer.ts';

/** All that fit with no settings, baselines first. */
export const RECOMMENDERS: readonly Recommender[] = [
  popularity,
  recentPopularity,
  repeat,
  contentKnn,
  markov,
  sequentialRules,
  itemKnn,
  sessionKnn,
  aggregateNetwork,
  convolutionalNetwork,
  recurrentNetwork,
  behaviourTransformer,
];

/** Neighbours, what follows what, and what goes together: all that takes seconds, as one. */
const QUICK = [`${sessionKnn.id}:repeats`, sequentialRules.id, itemKnn.id];

/**
 * Those tried where none is named: of the networks only the one that leads the others, each costs minutes; and what all of
 * different kinds say together, without the network and with it.
 */
export const UNASKED_IDS: readonly string[] = [
  ...RECOMMENDERS.filter(({ id, within }) => !within && id !== CONTENT_KNN).map(({ id }) => id),
  QUICK[0],
  QUICK.join('+'),
  behaviourTransformer.id,
  [...QUICK, behaviourTransformer.id].join('+'),
];

/** Tried beside them where texts or pictures of the items are told: what people do, and what is alike. */
export const UNASKED_TOLD_IDS: readonly string[] = [`${behaviourTransformer.id}+${CONTENT_KNN}`];

/** Any of them, mended by how often people come back to what they had: `ID:repeats`. */
export const repeatsLearned = (base: Recommender): Recommender => withReturns(base, loadNextItemModel);

/** Several of them as one, `A+B`: weighted by the cases. */
export const mixture = (members: readonly Recommender[]): Recommender =>
  mixtureOf(members, loadNextItemModel);

/** By its id, `A+B` for a mixture, or either with `:repeats`. @throws AppError USAGE naming the ids there are */
export const recommenderById = (id: string): Recommender => composed(id, recommenderById);

/** The same by id, for one run: what is asked for alone, with repeats learned, and inside mixtures is fitted once. */
export function sharingFits(): (id: string) => Recommender {
  const known = new Map<string, Recommender>();
  const byId = (id: string): Recommender => {
    const found = known.get(id) ?? remembered(composed(id, byId));
    known.set(id, found);
    return found;
  };
  return byId;
}

/** Ids a recommender is made of: the members of a mixture, what repeats were learned for; of one that stands alone, none. */
export function partIdsOf(id: string): readonly string[] {
  const inside = baseIdOf(id);
  return inside === undefined ? (memberIdsOf(id) ?? []) : [inside];
}

function composed(id: string, byId: (id: string) => Recommender): Recommender {
  const inside = baseIdOf(id);
  if (inside !== undefined) return repeatsLearned(byId(inside));
  const members = memberIdsOf(id);
  if (members !== undefined) return mixture(members.map(byId));
  const found = RECOMMENDERS.find((recommender) => recommender.id === id);
  if (found) return found;
  const known = RECOMMENDERS.map((recommender) => recommender.id).join(', ');
  throw new AppError('USAGE', `expected one of the recommenders ${known}, got "${id.slice(0, 40)}"`);
}

/** @throws AppError BAD_FILE for a recommender this version does not know, VERSION for another format */
export function loadNextItemModel(saved: SavedModel): NextItemModel {
  if (baseIdOf(saved.estimator) !== undefined || memberIdsOf(saved.estimator) !== undefined)
    return recommenderById(saved.estimator).load(saved);
  const found = RECOMMENDERS.find((recommender) => recommender.id === saved.estimator);
  if (found) return found.load(saved);
  throw new AppError(
    'BAD_FILE',
    `expected a recommender of this version, got one made by "${saved.estimator.slice(0, 40)}"; fit it again`,
  );
}
