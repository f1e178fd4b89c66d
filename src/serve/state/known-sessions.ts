// Whose session it is: the person behind each session id that was used lately.
import { placeAfter } from '../../data/features/user-log.ts';
import { READ_AROUND_MS } from '../../data/visits/visit-examples.ts';
import type { EventStore } from './event-store.ts';
import { USER_SIGNS } from './user-table.ts';

export interface KnownSessions {
  /** The user number of whoever used this id last; undefined where nobody did lately. */
  find(sessionId: string): number | undefined;
  note(sessionId: string, user: number): void;
  /** Forgets the sessions of these people. */
  forget(users: ReadonlySet<number>): void;
}

/** So many sessions are kept at least, and twice as many at most: 35 to 70 MB, where a shop has as many within a day. */
const SESSIONS_KEPT = 2 ** 18;

/** Two generations: an id that is used stays in the newer one, the older is dropped as a whole. */
export function openKnownSessions(most = SESSIONS_KEPT): KnownSessions {
  let newer = new Map<string, number>();
  let older = new Map<string, number>();
  return {
    find: (sessionId) => newer.get(sessionId) ?? older.get(sessionId),
    note(sessionId, user) {
      if (newer.get(sessionId) === user) return;
      if (newer.size >= most) {
        older = newer;
        newer = new Map();
      }
      newer.set(sessionId, user);
    },
    forget(users) {
      for (const sessions of [newer, older])
        for (const [sessionId, user] of sessions) if (users.has(user)) sessions.delete(sessionId);
    },
  };
}

/** Whoever is on a visit when a server starts is among those who did something last. */
const LATEST_PEOPLE = 20_000;

/** Notes the sessions of the last day of those who did something last, the latest at the end. */
export function noteLatestVisits(
  store: EventStore,
  visits: Pick<KnownSessions, 'note'>,
  most = LATEST_PEOPLE,
): void {
  const { users } = store;
  const moments = users.newest.slice(0, users.keys.size).sort();
  const sinceMs = moments[Math.max(0, moments.length - most)];
  const latest: number[] = [];
  for (let user = 0; user < users.keys.size; user++)
    if (
      users.newest[user] >= sinceMs &&
      users.count[user] > 0 &&
      users.keys.sign(user) !== USER_SIGNS.session
    )
      latest.push(user);
  latest.sort((a, b) => users.newest[a] - users.newest[b]);
  for (const user of latest) {
    const { events } = store.read(user);
    const sessions = events.texts('session_id');
    for (
      let at = placeAfter(events.times, events.length, users.newest[user] - READ_AROUND_MS);
      at < events.length;
      at++
    ) {
      const sessionId = sessions[at];
      if (sessionId) visits.note(sessionId, user);
    }
  }
}
