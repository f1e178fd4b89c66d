// "After this comes that": rules from one item to a later one, counted the less the further apart they stood.
import { name } from '../../../core/name.ts';
import type { Sequences } from '../../../core/sequences.ts';
import type { FitRun } from '../../estimator.ts';
import { recencyWeights } from './event-recency.ts';
import { add } from './evidence.ts';
import { GRAPH_BOUNDS, type GraphSettings, graphRecommender } from './graph-recommender.ts';
import { growItemGraph, type ItemGraph, occurrencesOf } from './item-graph.ts';

export interface RuleSettings extends GraphSettings {
  /** A rule leads at most so many events ahead: 1 for a Markov chain. */
  readonly steps: number;
  /** Whether the weights of an item's rules are divided by their sum, so that rare items speak as loud as popular ones. */
  readonly shares: boolean;
}

const BOUNDS = {
  ...GRAPH_BOUNDS,
  steps: { kind: 'number', low: 1, high: 10_000, integer: true },
  shares: { kind: 'choice', options: [false, true] },
} as const;

/**
 * Grows the rules: each pair of events d ≤ steps apart adds 1 / d, times the recency of the later one.
 *
 * @see Ludewig and Jannach 2018, "Evaluation of session-based recommendation algorithms", §3.1 (SR, MC), arXiv:1803.09587
 */
export async function growRules(train: Sequences, settings: RuleSettings, run: FitRun): Promise<ItemGraph> {
  const { items, offsets } = train;
  const recency = recencyWeights(train, settings.halfLife);
  const { offsets: starts, places, rows } = occurrencesOf(train);
  const growth = { task: 'rules', items: train.itemIds.length, most: settings.neighbours, run };
  return growItemGraph(growth, (item, tally) => {
    for (let at = starts[item]; at < starts[item + 1]; at++) {
      const from = places[at];
      const end = Math.min(from + settings.steps, offsets[rows[from] + 1] - 1);
      for (let to = from + 1; to <= end; to++) {
        if (items[to] >= 0) add(tally, items[to], recency[to] / (to - from));
      }
    }
    if (!settings.shares) return;
    let total = 0;
    for (let i = 0; i < tally.count; i++) total += tally.sums[tally.touched[i]];
    for (let i = 0; i < tally.count; i++) tally.sums[tally.touched[i]] /= total;
  });
}

/** Enough that no rule worth having is lost, few enough that a million items fit in memory. */
const NEIGHBOURS = 200;

/** The next item given the last one alone. */
export const markov = graphRecommender<RuleSettings>(
  {
    id: 'markov',
    label: name('Markov chain', '马尔可夫链'),
    bounds: BOUNDS,
    space: {
      halfLife: { kind: 'number', low: 0.02, high: 2, log: true },
      popularShare: { kind: 'number', low: 0.001, high: 0.3, log: true },
    },
    grow: growRules,
  },
  {
    steps: 1,
    shares: true,
    halfLife: 0.5,
    neighbours: NEIGHBOURS,
    lookBack: 1,
    decay: 1,
    popularShare: 0.05,
  },
);

/** Ten steps as in the paper; rules of the last three items, the older the fainter, so that one odd click does not decide. */
export const sequentialRules = graphRecommender<RuleSettings>(
  {
    id: 'sequential-rules',
    label: name('Sequential rules', '序列规则'),
    bounds: BOUNDS,
    space: {
      steps: { kind: 'number', low: 1, high: 30, log: true, integer: true },
      lookBack: { kind: 'number', low: 1, high: 10, integer: true },
      decay: { kind: 'number', low: 0.1, high: 1 },
      shares: { kind: 'choice', options: [false, true] },
      halfLife: { kind: 'number', low: 0.02, high: 2, log: true },
      popularShare: { kind: 'number', low: 0.001, high: 0.3, log: true },
    },
    grow: growRules,
  },
  {
    steps: 10,
    shares: true,
    halfLife: 0.5,
    neighbours: NEIGHBOURS,
    lookBack: 3,
    decay: 0.5,
    popularShare: 0.05,
  },
);
