// "Again": the items of this very sequence, the most frequent and latest first, then whatever is popular.
import { throwIfAborted } from '../../../core/errors.ts';
import { name } from '../../../core/name.ts';
import type { SearchSpace, Settings } from '../../estimator.ts';
import { asJson } from '../../saved.ts';
import type { NextItemModel, Recommender } from '../recommender.ts';
import { checkTrain, refusesEmpty } from '../refusal.ts';
import { type RecommenderState, readRecommender, readValues } from '../saved-recommender.ts';
import { tellSettings } from '../told.ts';
import { add, type Gather, scoreByEvidence } from './evidence.ts';
import { popularityShares } from './popularity.ts';

const ID = 'repeat';
const FORMAT = 1;

export interface RepeatSettings extends Settings {
  /** An occurrence d steps back counts d^−fading: 0 ranks by count alone, large values by recency alone. */
  readonly fading: number;
}

const SPACE: SearchSpace = { fading: { kind: 'number', low: 0, high: 4 } };

/** Count decides and recency among equal counts, for sessions shorter than a thousand events: the usual baseline. */
const DEFAULTS: RepeatSettings = { fading: 0.1 };

/** So small that no popular item comes before an own one. */
const POPULAR_SHARE = 1e-9;

interface RepeatState extends RecommenderState {
  readonly settings: RepeatSettings;
}

function repeatOf(settings: RepeatSettings): Recommender {
  const recommender: Recommender = {
    id: ID,
    label: name('Repeats of this session', '本次会话重复'),
    role: 'baseline',
    space: SPACE,
    withSettings: (changes) => repeatOf(tellSettings(ID, settings, SPACE, changes)),
    refuses: refusesEmpty,
    async fit(train, _valid, run) {
      throwIfAborted(run.signal);
      checkTrain(recommender, train);
      const shares = popularityShares(train, 0);
      run.progress.step({ task: ID, done: 1, total: 1 });
      return repeatModel({ itemIds: train.itemIds, settings }, shares);
    },
    load(saved) {
      const state = readRecommender<RepeatState>(saved, ID, FORMAT);
      return repeatModel(state, readValues(saved, 'shares', 'float64', state.itemIds.length));
    },
  };
  return recommender;
}

/** Each occurrence speaks for its own item, the less the longer ago. */
export const gatherRepeats =
  (fading: number): Gather =>
  (history, tally) => {
    for (let back = 1; back <= history.length; back++) {
      add(tally, history[history.length - back], back ** -fading);
    }
  };

function repeatModel({ itemIds, settings }: RepeatState, shares: Float64Array): NextItemModel {
  const gather = gatherRepeats(settings.fading);
  return {
    recommender: ID,
    itemIds,
    score: (before) => scoreByEvidence(before, gather, { popularity: shares, share: POPULAR_SHARE }),
    save: () => ({
      estimator: ID,
      format: FORMAT,
      state: asJson({ itemIds, settings }),
      arrays: { shares },
    }),
  };
}

export const repeat = repeatOf(DEFAULTS);
