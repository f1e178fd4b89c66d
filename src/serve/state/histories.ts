// What people have done, item after item, as models of sequences are asked: the online twin of `lakeSequences`.
import type { Sequences } from '../../core/sequences.ts';
import { HOUR_MS } from '../../core/time.ts';
import { EVENT_TYPES, type EventType } from '../../data/event.ts';
import { typeCode, type UserEvents } from '../../data/features/user-events.ts';
import { placeAfter } from '../../data/features/user-log.ts';

export interface HistoryOptions {
  /** The model's items, by code. */
  readonly itemIds: readonly string[];
  /** As the model learned: all a user did, or the session that is open. */
  readonly by: 'user' | 'session';
  /** Which events; all that name an item when absent. */
  readonly types?: readonly EventType[];
  /** A session without an id ends where nothing happened for longer than this, any where nothing has since; half an hour when absent. */
  readonly sessionGapMs?: number;
}

export interface AskedHistory {
  readonly id: string;
  /** Absent for somebody nothing is known of. */
  readonly events?: UserEvents;
}

/**
 * Events up to and including `untilMs`, oldest first; somebody without any has an empty history. Items the model does not
 * know are −1.
 */
export type ReadHistories = (people: readonly AskedHistory[], untilMs: number) => Sequences;

/** The model's items are numbered once, for one request after another. */
export function openHistories({
  itemIds,
  by,
  types,
  sessionGapMs = HOUR_MS / 2,
}: HistoryOptions): ReadHistories {
  const codes = new Map(itemIds.map((id, code) => [id, code]));
  const wanted = types && new Set(types.map(typeCode));
  return (people, untilMs) => {
    const items: number[] = [];
    const timesMs: number[] = [];
    const kinds: number[] = [];
    const offsets = new Uint32Array(people.length + 1);
    people.forEach(({ events }, person) => {
      if (events) {
        const ids = events.texts('item_id');
        const met = placesOf(
          events,
          (at) => ids[at] !== null && (wanted?.has(events.types[at]) ?? true),
          untilMs,
        );
        const told = by === 'user' ? met : openSession(events, met, { untilMs, sessionGapMs });
        for (const at of told) {
          items.push(codes.get(ids[at] as string) ?? -1);
          timesMs.push(events.times[at]);
          kinds.push(events.types[at]);
        }
      }
      offsets[person + 1] = items.length;
    });
    return {
      entities: people.map(({ id }) => id),
      offsets,
      items: Int32Array.from(items),
      timesMs: Float64Array.from(timesMs),
      types: Uint8Array.from(kinds),
      typeLevels: EVENT_TYPES,
      itemIds,
    };
  };
}

function placesOf({ times, length }: UserEvents, isMet: (at: number) => boolean, untilMs: number): number[] {
  const known = placeAfter(times, length, untilMs);
  const places: number[] = [];
  for (let at = 0; at < known; at++) if (isMet(at)) places.push(at);
  return places;
}

/** The events of the newest one's session id; or, where it has none, those without one and without a long silence between. */
function openSession(
  events: UserEvents,
  places: readonly number[],
  { untilMs, sessionGapMs }: { readonly untilMs: number; readonly sessionGapMs: number },
): readonly number[] {
  const { times } = events;
  const last = places.at(-1);
  if (last === undefined || times[last] <= untilMs - sessionGapMs) return [];
  const sessions = events.texts('session_id');
  const own = places.filter((at) => sessions[at] === sessions[last]);
  if (sessions[last] !== null) return own;
  let from = own.length - 1;
  while (from > 0 && times[own[from]] - times[own[from - 1]] <= sessionGapMs) from--;
  return own.slice(from);
}
