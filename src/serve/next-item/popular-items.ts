// What to offer somebody of whom nothing is known: what is taken lately, by people alike where that is known.
import type { Sequences } from '../../core/sequences.ts';
import { recencyWeights } from '../../models/sequence/classical/event-recency.ts';
import { popularityShares } from '../../models/sequence/classical/popularity.ts';

/** Items lately by everybody, and by each segment of them. */
export interface PopularItems {
  /** Share of each item among what is taken lately, adding up to 1: [items] */
  readonly shares: Float64Array;
  /** The same within each segment, [segments] of [items]; none where segments are not known. */
  readonly segments: readonly Float64Array[];
}

/** A twentieth of the log: after so many events one counts half. */
const HALF_LIFE = 0.05;
/** So many events of everybody stand beside a segment's own: few of its own prove little. */
const SHARED_EVENTS = 50;

/** @param segmentOf segment of each entity from 0, −1 where it is not known, [entities] */
export function popularItems(sequences: Sequences, segmentOf?: Int32Array): PopularItems {
  const shares = popularityShares(sequences, HALF_LIFE);
  if (!segmentOf) return { shares, segments: [] };
  const { offsets, items } = sequences;
  const weights = recencyWeights(sequences, HALF_LIFE);
  const count = segmentOf.reduce((most, segment) => Math.max(most, segment + 1), 0);
  const segments = Array.from({ length: count }, () => shares.map((share) => SHARED_EVENTS * share));
  const totals = new Float64Array(count).fill(SHARED_EVENTS);
  segmentOf.forEach((segment, row) => {
    if (segment < 0) return;
    for (let event = offsets[row]; event < offsets[row + 1]; event++) {
      if (items[event] < 0) continue;
      segments[segment][items[event]] += weights[event];
      totals[segment] += weights[event];
    }
  });
  return { shares, segments: segments.map((own, s) => own.map((share) => share / totals[s])) };
}
