// How new each event is among all there are: what happened lately says more about what happens next.
import type { Sequences } from '../../../core/sequences.ts';

/**
 * Weights that halve with every `halfLife` of the events that came later: measured in shares of the log, so that neither
 * its length nor a growing shop changes what the setting means.
 *
 * @param halfLife share of all events, above 0; 0 for no decay
 * @returns [events], in (0, 1]; all ones where neither moments nor an order are known
 */
export function recencyWeights(sequences: Sequences, halfLife: number): Float64Array {
  const weights = new Float64Array(sequences.items.length).fill(1);
  const moments = momentsOf(sequences);
  if (!moments || halfLife === 0) return weights;
  const sorted = moments.slice().sort();
  for (let event = 0; event < weights.length; event++) {
    const laterShare = (sorted.length - firstAfter(sorted, moments[event])) / sorted.length;
    weights[event] = 2 ** (-laterShare / halfLife);
  }
  return weights;
}

/** When each event was, on any scale: its moment, or else the place of its entity among the others. */
function momentsOf({ items, offsets, timesMs, order }: Sequences): Float64Array | undefined {
  if (timesMs || !order) return timesMs;
  const moments = new Float64Array(items.length);
  order.forEach((place, row) => void moments.fill(place, offsets[row], offsets[row + 1]));
  return moments;
}

/** Where the first value above `value` stands. */
function firstAfter(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows of sequences, oldest first: by their last event, then by who it was, so that the order they came in never matters. */
export function rowsByAge({ entities, offsets, timesMs, order }: Sequences): Int32Array {
  const lastMoment = (row: number): number => {
    if (!timesMs) return order?.[row] ?? 0;
    return offsets[row + 1] > offsets[row] ? timesMs[offsets[row + 1] - 1] : 0;
  };
  return Int32Array.from(entities.keys()).sort((a, b) => {
    const apart = lastMoment(a) - lastMoment(b);
    if (apart !== 0) return apart;
    return entities[a] < entities[b] ? -1 : entities[a] > entities[b] ? 1 : 0;
  });
}
