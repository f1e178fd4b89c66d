// What events are worth to an item by any model that can be asked: by how far the item falls when an event is left out.
import { pause } from '../../../core/pause.ts';
import type { Sequences } from '../../../core/sequences.ts';
import type { NextItemModel } from '../recommender.ts';
import { keptEvents } from './kept-events.ts';

export interface LeftOut {
  /** Place of the item among all, from 1, an item with its score before it. */
  readonly place: number;
  /** Its place with each event left out, oldest first. */
  readonly places: Int32Array;
  /** ln of how many times further down that is: the worth of an event, comparable between models, adding up to nothing. */
  readonly events: Float64Array;
}

/** Asked about at once: as many scores as these rows have items lie in memory. */
const AT_ONCE = 64;

/** @param before one history with events; @throws AppError INTERRUPTED */
export async function leaveOut(
  model: NextItemModel,
  before: Sequences,
  item: number,
  signal?: AbortSignal,
): Promise<LeftOut> {
  const size = before.offsets[1] - before.offsets[0];
  const found: number[] = [];
  for (let from = 0; from <= size; from += AT_ONCE) {
    await pause(signal);
    // The first asks with everything there, the others without one event each.
    const asked = Array.from({ length: Math.min(AT_ONCE, size + 1 - from) }, (_, k) => from + k - 1);
    const scores = await model.score(withoutEach(before, asked));
    const items = model.itemIds.length;
    asked.forEach((_, k) => void found.push(placeOf(scores.subarray(k * items, (k + 1) * items), item)));
  }
  const [place, ...places] = found;
  return {
    place,
    places: Int32Array.from(places),
    events: Float64Array.from(places, (without) => Math.log(without / place)),
  };
}

/** A history for each of the events, that one left out; all of it for −1. */
function withoutEach(before: Sequences, events: readonly number[]): Sequences {
  const all = Array.from({ length: before.offsets[1] - before.offsets[0] }, (_, place) => place);
  return keptEvents(
    before,
    events.map((event) => ({ row: 0, places: all.filter((place) => place !== event) })),
  );
}

/** From 1; what has the item's score stands before it. */
export function placeOf(scores: Float32Array, item: number): number {
  let ahead = 1;
  for (let other = 0; other < scores.length; other++)
    if (other !== item && scores[other] >= scores[item]) ahead++;
  return ahead;
}
