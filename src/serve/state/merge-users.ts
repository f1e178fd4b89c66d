// Two users become one: their events in one order, and what is known of those that are gone.
import { compareTexts } from '../../core/text-order.ts';
import type { PastEvents, RecallEvents } from '../../data/features/past-events.ts';
import { type EventStore, fillFrom, type KeptEvents } from './event-store.ts';

/** Writes the events of both for `to`; those of `from` stay for the caller to wipe. */
export function mergeKept(
  store: EventStore,
  { from, to, recall }: { readonly from: number; readonly to: number; readonly recall: RecallEvents },
): void {
  const pasts = [store.past(to), store.past(from)];
  const own = store.read(to);
  const other = store.read(from);
  if (other.events.length === 0 && !pasts[1]) return;
  const past = pasts[1] ? unknownPast(pasts[0], pasts[1]) : pasts[0];
  // What came before the first event that is kept can only be added to the past.
  const tooOld = past ? countBefore(other.events.times, other.events.length, past.untilMs) : 0;
  if (past) {
    const more = tooOld > 0 ? recall(past, { ...other.events, length: tooOld }) : past;
    store.setPast(to, more);
  }
  const order = mergedOrder(own, other, tooOld);
  const fills = [fillFrom(own.events), fillFrom(other.events)];
  store.replace(
    to,
    order.places.length,
    (cells, at) => fills[order.sources[at]](cells, order.places[at]),
    order.newestIds,
  );
}

/** Digests of two histories do not add up to those of one: nothing over all history is known then. */
const unknownPast = (own: PastEvents | undefined, other: PastEvents): PastEvents => ({
  untilMs: Math.max(own?.untilMs ?? Number.NEGATIVE_INFINITY, other.untilMs),
  isDisordered: true,
  digests: new Map(),
});

function countBefore(times: Float64Array, length: number, ms: number): number {
  let count = 0;
  while (count < length && times[count] < ms) count++;
  return count;
}

interface MergedOrder {
  /** 0 for the user's own, 1 for the other's, [events]. */
  readonly sources: readonly number[];
  readonly places: readonly number[];
  readonly newestIds: readonly string[];
}

/** By moment; at the newest moment by event id, at others the user's own first. */
function mergedOrder(own: KeptEvents, other: KeptEvents, skipped: number): MergedOrder {
  const sides = [own, other];
  const sources: number[] = [];
  const places: number[] = [];
  const ids: string[] = [];
  const newest = Math.max(
    ...sides.map(({ events: { times, length } }) => times[length - 1] ?? Number.NEGATIVE_INFINITY),
  );
  const next = [0, skipped];
  const timeOf = (side: number) => sides[side].events.times[next[side]];
  const idOf = (side: number): string => {
    const { events, newestIds } = sides[side];
    return newestIds[next[side] - (events.length - newestIds.length)];
  };
  const isLeft = (side: number) => next[side] < sides[side].events.length;
  while (isLeft(0) || isLeft(1)) {
    const isOther =
      !isLeft(0) ||
      (isLeft(1) &&
        (timeOf(1) < timeOf(0) ||
          (timeOf(1) === timeOf(0) && timeOf(0) === newest && compareTexts(idOf(1), idOf(0)) < 0)));
    const side = isOther ? 1 : 0;
    if (timeOf(side) === newest) ids.push(idOf(side));
    sources.push(side);
    places.push(next[side]++);
  }
  return { sources, places, newestIds: ids };
}
