// "People like you went on with": the past sessions nearest to this one, and what stood near the same item in them.
import { throwIfAborted } from '../../../core/errors.ts';
import { name } from '../../../core/name.ts';
import { pause } from '../../../core/pause.ts';
import type { SavedModel, SearchSpace, Settings } from '../../estimator.ts';
import { asJson } from '../../saved.ts';
import type { NextItemModel, Recommender } from '../recommender.ts';
import { checkTrain, refusesEmpty } from '../refusal.ts';
import {
  type RecommenderState,
  readItems,
  readOffsets,
  readRecommender,
  readValues,
} from '../saved-recommender.ts';
import { tellSettings } from '../told.ts';
import { recencyWeights } from './event-recency.ts';
import { add, type Gather, scoreByEvidence } from './evidence.ts';
import {
  indexSessions,
  type Nearness,
  type SessionIndex,
  type SessionLog,
  searcherOf,
  sessionLog,
} from './neighbour-sessions.ts';
import { popularityShares } from './popularity.ts';

const ID = 'session-knn';
const FORMAT = 1;

export interface SessionKnnSettings extends Nearness, Settings {
  /** Share of the log after which an event counts half; 0 for no decay. Needs times. */
  readonly halfLife: number;
  /** Weight of an item of a neighbour against one a step nearer to the shared item. */
  readonly spread: number;
  /** Weight of items before the shared one against those after it: 0 for what followed alone. */
  readonly backward: number;
  /** Weight of the shared item itself, which stands nearest to itself. */
  readonly shared: number;
  /** Probability that popularity keeps where there are neighbours. */
  readonly popularShare: number;
  /** Events of a past session that are kept, its last. */
  readonly longest: number;
}

const BOUNDS: SearchSpace = {
  lookBack: { kind: 'number', low: 1, high: 1000, integer: true },
  decay: { kind: 'number', low: 0, high: 1 },
  idfPower: { kind: 'number', low: 0, high: 10 },
  lengthPower: { kind: 'number', low: 0, high: 2 },
  sample: { kind: 'number', low: 1, high: 1e9, integer: true },
  neighbours: { kind: 'number', low: 1, high: 1e9, integer: true },
  halfLife: { kind: 'number', low: 0, high: 100 },
  spread: { kind: 'number', low: 0, high: 1 },
  backward: { kind: 'number', low: 0, high: 1 },
  shared: { kind: 'number', low: 0, high: 1 },
  popularShare: { kind: 'number', low: 1e-9, high: 0.999 },
  longest: { kind: 'number', low: 2, high: 1e9, integer: true },
};

const SPACE: SearchSpace = {
  decay: { kind: 'number', low: 0.1, high: 1 },
  idfPower: { kind: 'number', low: 0, high: 3 },
  lengthPower: { kind: 'number', low: 0, high: 1 },
  neighbours: { kind: 'number', low: 50, high: 2000, log: true, integer: true },
  halfLife: { kind: 'number', low: 0.02, high: 2, log: true },
  spread: { kind: 'number', low: 0.2, high: 1 },
  backward: { kind: 'number', low: 0, high: 1 },
  shared: { kind: 'number', low: 0, high: 1 },
  popularShare: { kind: 'number', low: 0.0001, high: 0.2, log: true },
};

const DEFAULTS: SessionKnnSettings = {
  // What somebody wanted before the last few items says little of now, and each costs a search.
  lookBack: 20,
  decay: 0.6,
  idfPower: 1,
  lengthPower: 0.5,
  // Popular items are in many sessions, of which the newest are as good as all.
  sample: 2500,
  neighbours: 500,
  halfLife: 0.5,
  spread: 0.7,
  backward: 0.5,
  // Most go on to something else; whether somebody comes back is better learned than assumed.
  shared: 0.3,
  popularShare: 0.01,
  // Keeps the cost of a neighbour bounded where sequences are whole lives of customers.
  longest: 200,
};

interface SessionKnnState extends RecommenderState {
  readonly settings: SessionKnnSettings;
}

function sessionKnnOf(settings: SessionKnnSettings): Recommender {
  const recommender: Recommender = {
    id: ID,
    label: name('Nearest sessions', '最相近会话'),
    role: 'model',
    space: SPACE,
    withSettings: (changes) => sessionKnnOf(tellSettings(ID, settings, BOUNDS, changes)),
    refuses: refusesEmpty,
    async fit(train, _valid, run) {
      throwIfAborted(run.signal);
      checkTrain(recommender, train);
      const log = sessionLog(train, recencyWeights(train, settings.halfLife), settings.longest);
      run.progress.step({ task: ID, done: 1, total: 2 });
      await pause(run.signal);
      const shares = popularityShares(train, settings.halfLife);
      run.progress.step({ task: ID, done: 2, total: 2 });
      return sessionKnnModel({ itemIds: train.itemIds, settings }, log, shares);
    },
    load(saved) {
      const state = readRecommender<SessionKnnState>(saved, ID, FORMAT);
      const items = state.itemIds.length;
      return sessionKnnModel(state, readLog(saved, items), readValues(saved, 'shares', 'float64', items));
    },
  };
  return recommender;
}

/** @throws AppError BAD_FILE */
function readLog(saved: SavedModel, items: number): SessionLog {
  const offsets = readOffsets(saved, 'sessionOffsets');
  return {
    offsets,
    items: readItems(saved, 'sessionItems', offsets[offsets.length - 1], items),
    recency: readValues(saved, 'recency', 'float64', offsets.length - 1),
  };
}

function sessionKnnModel(
  { itemIds, settings }: SessionKnnState,
  log: SessionLog,
  shares: Float64Array,
): NextItemModel {
  const gather = gatherFromNeighbours(indexSessions(log, itemIds.length), settings);
  return {
    recommender: ID,
    itemIds,
    score: (before) => scoreByEvidence(before, gather, { popularity: shares, share: settings.popularShare }),
    save: () => ({
      estimator: ID,
      format: FORMAT,
      state: asJson({ itemIds, settings }),
      arrays: { sessionOffsets: log.offsets, sessionItems: log.items, recency: log.recency, shares },
    }),
  };
}

/**
 * Each neighbour speaks for its items with its similarity, the fainter the further they stand from the shared item, of
 * all it shares the latest in the history.
 */
export function gatherFromNeighbours(index: SessionIndex, settings: SessionKnnSettings): Gather {
  const { offsets, items } = index;
  const { spread, backward, shared } = settings;
  const { search, found } = searcherOf(index, settings);
  return (history, tally) => {
    search(history);
    for (let i = 0; i < found.count(); i++) {
      const session = found.sessions[i];
      const anchor = offsets[session] + found.anchors[session];
      if (shared > 0) add(tally, items[anchor], found.similarity[session] * shared);
      let weight = found.similarity[session] * spread;
      for (let event = anchor + 1; event < offsets[session + 1] && weight > 0; event++, weight *= spread) {
        add(tally, items[event], weight);
      }
      weight = found.similarity[session] * backward * spread;
      for (let event = anchor - 1; event >= offsets[session] && weight > 0; event--, weight *= spread) {
        add(tally, items[event], weight);
      }
    }
  };
}

export const sessionKnn = sessionKnnOf(DEFAULTS);
