// How likely one person buys each of some items: a model of pairs where it asks about them, else the shop's rate lifted by their own list.
import type { EventRow } from '../../data/event.ts';
import type { PredictionEntity, RerankedItem } from '../api.ts';
import type { ItemRecommender, Predictor } from '../ports.ts';
import type { PurchaseScores } from './search-catalogue.ts';

export interface IntentParts {
  /** P(purchase | shown) over everybody. */
  readonly shop: PurchaseScores;
  /** Undefined while no model of items is in service. */
  readonly recommender: ItemRecommender | undefined;
  readonly predictor: Predictor | undefined;
}

export interface Intent {
  /** In (0, 1). */
  readonly chance: number;
  readonly by: NonNullable<RerankedItem['intent_by']>;
}

export interface IntentQuestion {
  /** Absent: nobody in particular. */
  readonly person?: PredictionEntity;
  readonly items: readonly string[];
  readonly events?: readonly EventRow[];
  readonly asOf: number;
}

const PAIR_TASK = 'item-purchase';
const MOST_CHANCE = 0.99;

/**
 * Of an item the person touched lately what `item-purchase` answers, if it has a model. Of the others the shop's rate times
 * a lift by the place in the person's own list: of n items the one at rank r has n · d(r) / Σ d, d(r) = 1 / log₂(1 + r), so
 * that the lifts of all are 1 on average, whatever the scale of the model's scores. People without a history get the rate.
 *
 * @returns one an item, in order
 */
export async function purchaseIntents(
  { shop, recommender, predictor }: IntentParts,
  { person, items, events, asOf }: IntentQuestion,
): Promise<readonly Intent[]> {
  const told = { ...(events && { events }), asOf };
  const rate = (item: string): number => shop.of.get(item) ?? shop.usual;
  if (!person || items.length === 0)
    return items.map((item) => ({ chance: rate(item), by: 'popularity' as const }));
  const lifts = recommender && (await liftsOf(recommender, person, { items, ...told }));
  const pairs =
    predictor?.tasks.includes(PAIR_TASK) && person.session_id === undefined
      ? await predictor.predict({
          task: PAIR_TASK,
          entities: items.map((item_id) => ({ ...person, item_id })),
          ...told,
        })
      : undefined;
  return items.map((item, at): Intent => {
    const own = pairs?.[at].value;
    if (own !== null && own !== undefined) return { chance: own, by: 'item-purchase' };
    if (!lifts) return { chance: rate(item), by: 'popularity' };
    return { chance: Math.min(MOST_CHANCE, rate(item) * lifts[at]), by: 'next-item' };
  });
}

/** Undefined for somebody without a history: their list is that of everybody. */
async function liftsOf(
  recommender: ItemRecommender,
  person: PredictionEntity,
  { items, ...told }: Pick<IntentQuestion, 'items' | 'events' | 'asOf'>,
): Promise<Float64Array | undefined> {
  const [list] = await recommender.recommend({
    ...{ entities: [person], top: items.length, only: items, excludeSeen: 'no' },
    ...told,
  });
  if (list.items.length === 0 || list.items[0].made_by === 'trend') return undefined;
  const ranks = new Map(list.items.map(({ item_id, rank }) => [item_id, rank]));
  // What the model does not list stands behind all it lists.
  const last = Math.min(items.length, list.items.length + 1);
  const places = Float64Array.from(items, (item) => 1 / Math.log2(1 + (ranks.get(item) ?? last)));
  const total = places.reduce((sum, place) => sum + place, 0);
  return places.map((place) => (items.length * place) / total);
}
