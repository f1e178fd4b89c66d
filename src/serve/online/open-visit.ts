// The visit somebody is on: their newest events cut as the log is cut into visits, the one under way found.
import { EVENT_TYPES } from '../../data/event.ts';
import { takeEvents, typeCode, type UserEvents } from '../../data/features/user-events.ts';
import { placeAfter } from '../../data/features/user-log.ts';
import { READ_AROUND_MS } from '../../data/visits/visit-examples.ts';
import { VISIT_GAP_MS, VISIT_TYPES } from '../../data/visits/visits.ts';

/** A visit under way in which nothing has been bought, as it stood at its last event. */
export interface OpenVisit {
  /** The session id, or when the visit began as ISO 8601. */
  readonly sessionId: string;
  /** UTC ms. */
  readonly startMs: number;
  readonly atMs: number;
  readonly events: UserEvents;
  /** The item met last; '' where none was. */
  readonly item: string;
}

const IS_VISIT = Uint8Array.from(EVENT_TYPES, (type) =>
  (VISIT_TYPES as readonly string[]).includes(type) ? 1 : 0,
);
const PURCHASE = typeCode('purchase');

interface Cut {
  readonly sessionId: string;
  readonly places: number[];
}

/**
 * The same visits as `cutVisits` makes in SQL of the day before the moment: events of one session id are one visit, those
 * without one belong to the session open less than half an hour before, else silence of half an hour cuts.
 *
 * @param events of one visitor
 * @param sessionId the visit wanted; the newest one open where absent
 * @returns undefined where none is open, or where it has bought already
 */
export function findOpenVisit(events: UserEvents, asOfMs: number, sessionId?: string): OpenVisit | undefined {
  const { times } = events;
  const open = cutsOf(events, asOfMs)
    .filter(({ places }) => times[places[places.length - 1]] > asOfMs - VISIT_GAP_MS)
    .filter(({ places }) => places.every((at) => events.types[at] !== PURCHASE))
    .map((cut) => ({ ...cut, sessionId: nameOf(cut, times) }))
    .filter((cut) => sessionId === undefined || cut.sessionId === sessionId);
  let newest = open[0];
  for (const cut of open) if (lastOf(cut, times) > lastOf(newest, times)) newest = cut;
  if (newest === undefined) return undefined;
  const { places } = newest;
  return {
    sessionId: newest.sessionId,
    startMs: times[places[0]],
    atMs: lastOf(newest, times),
    events: takeEvents(events, places),
    item: itemMetLast(events, places),
  };
}

const lastOf = ({ places }: Cut, times: Float64Array): number => times[places[places.length - 1]];

const nameOf = ({ sessionId, places }: Cut, times: Float64Array): string =>
  sessionId || new Date(times[places[0]]).toISOString();

function cutsOf(events: UserEvents, asOfMs: number): readonly Cut[] {
  const { times, types } = events;
  const sessions = events.texts('session_id');
  const named = new Map<string, Cut>();
  const cuts: Cut[] = [];
  let silent: Cut | undefined;
  let openId: string | null = null;
  let openMs = Number.NEGATIVE_INFINITY;
  const until = placeAfter(times, events.length, asOfMs);
  for (let at = placeAfter(times, events.length, asOfMs - READ_AROUND_MS); at < until; at++) {
    if (IS_VISIT[types[at]] !== 1) continue;
    const own = sessions[at];
    if (own !== null) {
      openId = own;
      openMs = times[at];
    }
    const sessionId = own ?? (times[at] - openMs <= VISIT_GAP_MS ? openId : null);
    if (sessionId !== null && sessionId !== '') {
      let cut = named.get(sessionId);
      if (!cut) {
        cut = { sessionId, places: [] };
        named.set(sessionId, cut);
        cuts.push(cut);
      }
      cut.places.push(at);
      continue;
    }
    if (!silent || times[at] - lastOf(silent, times) > VISIT_GAP_MS) {
      silent = { sessionId: '', places: [] };
      cuts.push(silent);
    }
    silent.places.push(at);
  }
  return cuts;
}

/** Of several at the last moment the greatest id, so that their order does not matter. */
function itemMetLast(events: UserEvents, places: readonly number[]): string {
  const items = events.texts('item_id');
  let item = '';
  let ms = Number.NEGATIVE_INFINITY;
  for (const at of places) {
    const own = items[at];
    if (own === null) continue;
    if (events.times[at] > ms || (events.times[at] === ms && own > item)) {
      item = own;
      ms = events.times[at];
    }
  }
  return item;
}
