// A recommender that is an item graph: grown from sequences, walked from the last items of a history.
import { throwIfAborted } from '../../../core/errors.ts';
import type { Name } from '../../../core/name.ts';
import type { Sequences } from '../../../core/sequences.ts';
import type { FitRun, SearchSpace, Settings } from '../../estimator.ts';
import { asJson } from '../../saved.ts';
import type { NextItemModel, Recommender } from '../recommender.ts';
import { checkTrain, refusesEmpty } from '../refusal.ts';
import { type RecommenderState, readRecommender, readValues } from '../saved-recommender.ts';
import { tellSettings } from '../told.ts';
import { type BackOff, scoreByEvidence } from './evidence.ts';
import { gatherNeighbours, graphArrays, type ItemGraph, readGraph } from './item-graph.ts';
import { popularityShares } from './popularity.ts';

const FORMAT = 1;

/** What every such recommender can be told. */
export interface GraphSettings extends Settings {
  /** Share of the log after which an event counts half; 0 for no decay. Needs times. */
  readonly halfLife: number;
  /** Neighbours kept an item. */
  readonly neighbours: number;
  /** Events of the history that count. */
  readonly lookBack: number;
  /** Weight of each event of the history against the one after it. */
  readonly decay: number;
  /** Probability that popularity keeps where there are neighbours. */
  readonly popularShare: number;
}

export const GRAPH_BOUNDS = {
  halfLife: { kind: 'number', low: 0, high: 100 },
  neighbours: { kind: 'number', low: 1, high: 100_000, integer: true },
  lookBack: { kind: 'number', low: 1, high: 10_000, integer: true },
  decay: { kind: 'number', low: 0, high: 1 },
  popularShare: { kind: 'number', low: 1e-9, high: 0.999 },
} as const satisfies SearchSpace;

export interface GraphDefinition<S extends GraphSettings> {
  readonly id: string;
  readonly label: Name;
  readonly bounds: SearchSpace;
  readonly space: SearchSpace;
  readonly grow: (train: Sequences, settings: S, run: FitRun) => Promise<ItemGraph>;
}

interface GraphState<S> extends RecommenderState {
  readonly settings: S & Settings;
}

export function graphRecommender<S extends GraphSettings>(
  definition: GraphDefinition<S>,
  settings: S,
): Recommender {
  const { id, label, bounds, space, grow } = definition;
  const model = ({ itemIds, settings }: GraphState<S>, graph: ItemGraph, shares: Float64Array) =>
    modelOf({ id, itemIds, settings }, graph, { popularity: shares, share: settings.popularShare });
  const recommender: Recommender = {
    id,
    label,
    role: 'model',
    space,
    withSettings: (changes) => graphRecommender(definition, tellSettings(id, settings, bounds, changes)),
    refuses: refusesEmpty,
    async fit(train, _valid, run) {
      throwIfAborted(run.signal);
      checkTrain(recommender, train);
      const graph = await grow(train, settings, run);
      return model({ itemIds: train.itemIds, settings }, graph, popularityShares(train, settings.halfLife));
    },
    load(saved) {
      const state = readRecommender<GraphState<S>>(saved, id, FORMAT);
      const items = state.itemIds.length;
      return model(state, readGraph(saved, items), readValues(saved, 'shares', 'float64', items));
    },
  };
  return recommender;
}

function modelOf(
  { id, itemIds, settings }: GraphState<GraphSettings> & { readonly id: string },
  graph: ItemGraph,
  backOff: BackOff,
): NextItemModel {
  const gather = gatherNeighbours(graph, settings);
  return {
    recommender: id,
    itemIds,
    score: (before) => scoreByEvidence(before, gather, backOff),
    save: () => ({
      estimator: id,
      format: FORMAT,
      state: asJson({ itemIds, settings }),
      arrays: { ...graphArrays(graph), shares: backOff.popularity },
    }),
  };
}
