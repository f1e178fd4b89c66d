// What somebody already had: the distinct items of a history, how long ago and how often, as features of coming back.
import type { Sequences } from '../../../core/sequences.ts';

/** Distinct items of a history, latest first, [own] each. */
export interface OwnItems {
  readonly items: Int32Array;
  /** Steps from the end to the last occurrence: 1 for the last event. */
  readonly back: Int32Array;
  readonly counts: Int32Array;
  /** Events of the history. */
  readonly events: number;
}

/** Items further back are as good as new: this bounds the work for those whose history is a whole life. */
const MOST_OWN = 200;

export function ownItemsOf(history: Int32Array): OwnItems {
  const places = new Map<number, number>();
  const [items, back, counts] = [
    new Int32Array(MOST_OWN),
    new Int32Array(MOST_OWN),
    new Int32Array(MOST_OWN),
  ];
  for (let steps = 1; steps <= history.length; steps++) {
    const item = history[history.length - steps];
    const place = places.get(item);
    if (place !== undefined) counts[place]++;
    else if (places.size < MOST_OWN) {
      items[places.size] = item;
      back[places.size] = steps;
      counts[places.size] = 1;
      places.set(item, places.size);
    }
  }
  const own = places.size;
  return {
    items: items.subarray(0, own),
    back: back.subarray(0, own),
    counts: counts.subarray(0, own),
    events: history.length,
  };
}

/** Smoothing towards the rate of all items, in occurrences. */
const RATE_PRIOR = 20;

/**
 * How readily people come back to each item: the logit of the share of its occurrences, among those not last in their
 * sequence, that the sequence has again later; less the logit over all items.
 *
 * @returns [items], 0 for an item never seen
 */
export function returnLogits(train: Sequences): Float32Array {
  const { items, offsets, itemIds } = train;
  const again = new Float64Array(itemIds.length);
  const chances = new Float64Array(itemIds.length);
  const nextSeen = new Int32Array(itemIds.length).fill(-1);
  for (let row = 0; row < offsets.length - 1; row++) {
    for (let event = offsets[row + 1] - 1; event >= offsets[row]; event--) {
      const item = items[event];
      if (item < 0) continue;
      if (event < offsets[row + 1] - 1) {
        chances[item]++;
        if (nextSeen[item] === row) again[item]++;
      }
      nextSeen[item] = row;
    }
  }
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  const rate = (sum(again) + 1) / (sum(chances) + 2);
  return Float32Array.from(again, (count, item) => {
    const own = (count + RATE_PRIOR * rate) / (chances[item] + RATE_PRIOR);
    return logit(own) - logit(rate);
  });
}

export const logit = (probability: number): number => Math.log(probability) - Math.log(1 - probability);

/** Whether the next item is one of the own: as many features. */
export const RETURN_FEATURES = 6;
/** With these the base's own opinion stands as it is. */
export const RETURN_PRIOR: readonly number[] = [0, 1, 0, 0, 0, 0];

/**
 * Constant, the base's log odds of an own item, log length, share of events that were new items, whether the last event came
 * back to something, and how readily people come back to the last item.
 *
 * @param baseLogit log odds of the base for all own items together
 */
export function returnFeatures(
  { items, counts, events }: OwnItems,
  baseLogit: number,
  returns: Float32Array,
): Float64Array {
  return Float64Array.of(
    1,
    baseLogit,
    Math.log(events),
    items.length / events,
    counts[0] > 1 ? 1 : 0,
    returns[items[0]],
  );
}

/** Which of the own items it is: as many features of each. */
export const CHOICE_FEATURES = 5;
export const CHOICE_PRIOR: readonly number[] = [1, 0, 0, 0, 0];

/**
 * The base's log share, log of the steps back, whether it is the last event, log of the count, and how readily people come
 * back to it.
 *
 * @param baseLogShares of the own items, [own]
 * @returns [own, features]
 */
export function choiceFeatures(
  { items, back, counts }: OwnItems,
  baseLogShares: Float64Array,
  returns: Float32Array,
): Float64Array {
  const features = new Float64Array(items.length * CHOICE_FEATURES);
  for (let i = 0; i < items.length; i++) {
    features.set(
      [baseLogShares[i], Math.log(back[i]), back[i] === 1 ? 1 : 0, Math.log(counts[i]), returns[items[i]]],
      i * CHOICE_FEATURES,
    );
  }
  return features;
}
