// How new each event is among all there are: what happened lately says more about what happens next.
import type { Sequences } from '../../../core/sequences.ts';

/**
 * Weights that halve with every `halfLife` of the events that came later: measured in shares of the log, so that neither
 * its length nor a growing shop changes what the setting means.
 *
 * @param halfLife share of all events, above 0; 0 for no decay
 * @returns [events], in (0, 1]; all ones where no times are known
 */
export function recencyWeights({ items, timesMs }: Sequences, halfLife: number): Float64Array {
  const weights = new Float64Array(items.length).fill(1);
  if (!timesMs || halfLife === 0) return weights;
  const sorted = timesMs.slice().sort();
  for (let event = 0; event < weights.length; event++) {
    const laterShare = (sorted.length - firstAfter(sorted, timesMs[event])) / sorted.length;
    weights[event] = 2 ** (-laterShare / halfLife);
  }
  return weights;
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
export function rowsByAge({ entities, offsets, timesMs }: Sequences): Int32Array {
  const lastMs = (row: number): number =>
    timesMs && offsets[row + 1] > offsets[row] ? timesMs[offsets[row + 1] - 1] : 0;
  return Int32Array.from(entities.keys()).sort((a, b) => {
    const apart = lastMs(a) - lastMs(b);
    if (apart !== 0) return apart;
    return entities[a] < entities[b] ? -1 : entities[a] > entities[b] ? 1 : 0;
  });
}
