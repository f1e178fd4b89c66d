// "What everybody takes": items by how often they occurred, over all time or lately.
import { throwIfAborted } from '../../../core/errors.ts';
import { type Name, name } from '../../../core/name.ts';
import type { Sequences } from '../../../core/sequences.ts';
import type { SearchSpace, Settings } from '../../estimator.ts';
import { asJson } from '../../saved.ts';
import type { NextItemModel, Recommender } from '../recommender.ts';
import { checkTrain, refusesEmpty } from '../refusal.ts';
import { type RecommenderState, readRecommender, readValues } from '../saved-recommender.ts';
import { tellSettings } from '../told.ts';
import { recencyWeights, rowsByAge } from './event-recency.ts';
import { scoreByEvidence } from './evidence.ts';

const FORMAT = 1;

export interface PopularitySettings extends Settings {
  /** Share of the log after which an event counts half; 0 for no decay. Needs times. */
  readonly halfLife: number;
}

const BOUNDS: SearchSpace = { halfLife: { kind: 'number', low: 0, high: 100 } };

/** An item never seen counts as this many events, so that its share is small and not nothing. */
const UNSEEN_COUNT = 0.01;

/**
 * Shares of the catalogue, above 0 for every item.
 *
 * @param halfLife as of {@link recencyWeights}
 * @returns [items], adding up to 1
 */
export function popularityShares(train: Sequences, halfLife: number): Float64Array {
  const shares = new Float64Array(train.itemIds.length).fill(UNSEEN_COUNT);
  const weights = recencyWeights(train, halfLife);
  for (const row of rowsByAge(train)) {
    for (let event = train.offsets[row]; event < train.offsets[row + 1]; event++) {
      if (train.items[event] >= 0) shares[train.items[event]] += weights[event];
    }
  }
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}

function popularityOf(id: string, label: Name, settings: PopularitySettings): Recommender {
  const recommender: Recommender = {
    id,
    label,
    role: 'baseline',
    refuses: refusesEmpty,
    ...(settings.halfLife > 0 && {
      space: { halfLife: { kind: 'number', low: 0.01, high: 1, log: true } },
    }),
    withSettings: (changes) => popularityOf(id, label, tellSettings(id, settings, BOUNDS, changes)),
    async fit(train, _valid, run) {
      throwIfAborted(run.signal);
      checkTrain(recommender, train);
      const shares = popularityShares(train, settings.halfLife);
      run.progress.step({ task: id, done: 1, total: 1 });
      return popularityModel(id, { itemIds: train.itemIds, settings }, shares);
    },
    load(saved) {
      const state = readRecommender<RecommenderState>(saved, id, FORMAT);
      return popularityModel(id, state, readValues(saved, 'shares', 'float64', state.itemIds.length));
    },
  };
  return recommender;
}

function popularityModel(id: string, state: RecommenderState, shares: Float64Array): NextItemModel {
  return {
    recommender: id,
    itemIds: state.itemIds,
    score: (before) => scoreByEvidence(before, () => {}, { popularity: shares, share: 1 }),
    save: () => ({
      estimator: id,
      format: FORMAT,
      state: asJson({ itemIds: state.itemIds, settings: state.settings }),
      arrays: { shares },
    }),
  };
}

/** Items by how often they occurred over all time. */
export const popularity = popularityOf('popularity', name('Popularity', '热门商品'), { halfLife: 0 });

/**
 * Items by how often they occurred lately; the same as `popularity` where no times are known. A twentieth of the log is the
 * half-life: days for a busy shop, weeks for a quiet one.
 */
export const recentPopularity = popularityOf('recent-popularity', name('Popular lately', '近期热门'), {
  halfLife: 0.05,
});
