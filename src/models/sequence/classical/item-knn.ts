// "Taken together": items near those of the history, by how many sequences they share.
import { name } from '../../../core/name.ts';
import type { Sequences } from '../../../core/sequences.ts';
import type { FitRun } from '../../estimator.ts';
import { recencyWeights } from './event-recency.ts';
import { add } from './evidence.ts';
import { GRAPH_BOUNDS, type GraphSettings, graphRecommender } from './graph-recommender.ts';
import { growItemGraph, type ItemGraph, occurrencesOf } from './item-graph.ts';

export interface ItemKnnSettings extends GraphSettings {
  /** Events further apart than this are not together. */
  readonly window: number;
  /** Added to the denominator: a pair seen once or twice proves little. */
  readonly shrinkage: number;
  /** Power of the neighbour's own count in the denominator: .5 for the cosine, 0 for the conditional probability. */
  readonly popularityPower: number;
  /** Power of the history item's inverse frequency: rare items say more of what somebody is after. */
  readonly idfPower: number;
}

const OWN_BOUNDS = {
  window: { kind: 'number', low: 1, high: 10_000, integer: true },
  shrinkage: { kind: 'number', low: 0, high: 1e6 },
  popularityPower: { kind: 'number', low: 0, high: 1 },
  idfPower: { kind: 'number', low: 0, high: 4 },
} as const;

/**
 * Grows the neighbourhoods: pair (i, j) weighs together / (nᵢ^(1 − p) · nⱼ^p + shrinkage) · ln(1 + events / nᵢ)^q, all
 * counts weighted by recency, p the popularity power and q the idf power. A sequence that has an item twice counts pairs
 * of it twice; an item is no neighbour of itself.
 *
 * @see Sarwar et al. 2001, "Item-based collaborative filtering recommendation algorithms"; shrinkage as in Bell and Koren 2007
 */
export async function growItemKnn(
  train: Sequences,
  settings: ItemKnnSettings,
  run: FitRun,
): Promise<ItemGraph> {
  const { items, offsets } = train;
  const { window, shrinkage, popularityPower, idfPower, halfLife } = settings;
  const recency = recencyWeights(train, halfLife);
  const { offsets: starts, places, rows } = occurrencesOf(train);
  const counts = new Float64Array(train.itemIds.length);
  for (const place of places) counts[items[place]] += recency[place];
  const events = counts.reduce((sum, count) => sum + count, 0);
  const growth = { task: 'neighbours', items: train.itemIds.length, most: settings.neighbours, run };
  return growItemGraph(growth, (item, tally) => {
    for (let at = starts[item]; at < starts[item + 1]; at++) {
      const own = places[at];
      const first = Math.max(own - window, offsets[rows[own]]);
      const last = Math.min(own + window, offsets[rows[own] + 1] - 1);
      for (let other = first; other <= last; other++) {
        if (items[other] >= 0 && items[other] !== item)
          add(tally, items[other], recency[Math.max(own, other)]);
      }
    }
    const said = Math.log(1 + events / counts[item]) ** idfPower;
    const scale = counts[item] ** (1 - popularityPower);
    for (let i = 0; i < tally.count; i++) {
      const other = tally.touched[i];
      tally.sums[other] *= said / (scale * counts[other] ** popularityPower + shrinkage);
    }
  });
}

/**
 * The whole history counts here, for being together knows no direction; its last items most. A quarter of the popularity is
 * divided out: the cosine favours rare items so much that those seen twice would come first.
 */
export const itemKnn = graphRecommender<ItemKnnSettings>(
  {
    id: 'item-knn',
    label: name('Items near those seen', '相近商品'),
    bounds: { ...GRAPH_BOUNDS, ...OWN_BOUNDS },
    space: {
      window: { kind: 'number', low: 1, high: 50, log: true, integer: true },
      shrinkage: { kind: 'number', low: 0.1, high: 100, log: true },
      popularityPower: { kind: 'number', low: 0, high: 0.7 },
      idfPower: { kind: 'number', low: 0, high: 2 },
      lookBack: { kind: 'number', low: 1, high: 50, log: true, integer: true },
      decay: { kind: 'number', low: 0.1, high: 1 },
      halfLife: { kind: 'number', low: 0.02, high: 2, log: true },
      popularShare: { kind: 'number', low: 0.001, high: 0.3, log: true },
    },
    grow: growItemKnn,
  },
  {
    window: 10,
    shrinkage: 5,
    popularityPower: 0.25,
    idfPower: 1,
    halfLife: 0.5,
    neighbours: 200,
    lookBack: 10,
    decay: 0.7,
    popularShare: 0.05,
  },
);
