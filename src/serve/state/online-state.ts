// What is known of everybody at this moment: their newest events, and what older ones left behind, in typed arrays.
import { AppError } from '../../core/errors.ts';
import type { EventRow } from '../../data/event.ts';
import type { FeatureView } from '../../data/features/definition.ts';
import type { FieldContext } from '../../data/features/fields.ts';
import { compileRecall, type PastEvents, type RecallEvents } from '../../data/features/past-events.ts';
import { rowEvents, type UserEvents } from '../../data/features/user-events.ts';
import { placeAfter } from '../../data/features/user-log.ts';
import { emptyCells, fillFromEvents, fillFromRow, type KeptFlags } from './event-codec.ts';
import { type EventStore, fillFrom, openEventStore } from './event-store.ts';
import { ALL_COLUMNS, columnsOfViews, type KeptColumn } from './kept-columns.ts';
import { type KnownSessions, noteLatestVisits, openKnownSessions } from './known-sessions.ts';
import { mergeKept } from './merge-users.ts';
import { USER_SIGNS, type UserSign } from './user-table.ts';

export interface StateOptions {
  /** What models are given: their columns are kept, and what they need of events that are not kept any more. */
  readonly views: readonly FeatureView[];
  readonly context: FieldContext;
  /** Columns kept besides those the views read, for a timeline. */
  readonly columns?: readonly KeptColumn[];
  /** A user's events beyond so many leave only their digests; 1,000 when absent. */
  readonly eventsPerUser?: number;
  /** Items known by a number; 2^20 when absent. */
  readonly mostItems?: number;
}

/** By what somebody is known; the first that is given counts. */
export interface Person {
  readonly user_id?: string | null;
  readonly anonymous_id?: string | null;
  readonly session_id?: string | null;
  /** Whoever is on the visit of this session id, be it a user, a visitor, or somebody of whom only the session is known. */
  readonly visit_id?: string | null;
}

/** Somebody's events as columns, a copy of their own, and what earlier ones left behind. */
export interface KnownPerson {
  readonly events: UserEvents;
  readonly past?: PastEvents;
}

export interface StateCounts {
  /** People and visitors with events. */
  readonly people: number;
  readonly events: number;
  /** Events of nobody, or of no moment: passed over. */
  readonly passedOver: number;
  /** Events that came after later ones. */
  readonly late: number;
  /** Of these, some at a moment of others whose order among them is not known any more. */
  readonly looseTies: number;
  /** Memory, without what the runtime itself needs. */
  readonly bytes: number;
}

export interface State {
  /** Each row once, in any order. Never throws for what stands in a row. */
  apply(rows: readonly EventRow[]): void;
  /**
   * Makes a visitor's events the user's, and those to come without a user id.
   *
   * Where the visitor had more events than are kept, features over all history are not exact afterwards, and say so.
   */
  adopt(anonymousId: string, userId: string): void;
  isAdopted(anonymousId: string): boolean;
  /** Undefined where nothing is known. */
  find(person: Person): KnownPerson | undefined;
  /**
   * Wipes everything known by this id, as user or visitor, and the visitors who became the user.
   *
   * @returns whether anything was known
   */
  erase(id: string): boolean;
  /**
   * Wipes visitors without an account who have done nothing since; there is no end to them.
   *
   * @returns how many
   */
  forgetVisitors(beforeMs: number): number;
  /**
   * Answers with other models from now on. Of people whose oldest events have gone, features over all history that no model
   * asked for before are not exact, and say so.
   *
   * @throws AppError VERSION naming columns that are not kept: start anew, from the lake
   */
  changeViews(views: readonly FeatureView[]): void;
  /**
   * From now on it is known who is on which visit: of the people who did something last from their events, of the others with
   * their next one. Called once the state stands: filling it would note every session there ever was.
   */
  followVisits(): void;
  counts(): StateCounts;
}

/** The state with what a snapshot is made of. */
export interface OpenState extends State {
  readonly store: EventStore;
  /** Columns that are kept. */
  readonly columns: ReadonlySet<KeptColumn>;
  /** Told by whoever is writing everybody down. */
  watcher: StateWatcher | undefined;
}

export interface StateWatcher {
  beforeChange(user: number): void;
  beforeErase(user: number): void;
}

const EVENTS_PER_USER = 1000;
const MOST_ITEMS = 2 ** 20;
const MOST_CONTEXTS = 2 ** 16;

/** @throws AppError BAD_DEFINITION when a view cannot be used */
export function openState(options: StateOptions): OpenState {
  const { views, context, columns = [], eventsPerUser = EVENTS_PER_USER } = options;
  const kept: ReadonlySet<KeptColumn> = new Set([...columnsOfViews(views), ...columns]);
  const flags = Object.fromEntries(ALL_COLUMNS.map((column) => [column, kept.has(column)])) as KeptFlags;
  let recall = compileRecall(views, context);
  const store = openEventStore({ items: options.mostItems ?? MOST_ITEMS, contexts: MOST_CONTEXTS });
  const { users } = store;
  /** Trimmed a little more seldom than one event at a time: each trimming writes the user's events anew. */
  const most = eventsPerUser + Math.ceil(eventsPerUser / 8);
  const cells = emptyCells();
  let visits: KnownSessions | undefined;
  const tally = { passedOver: 0, late: 0, looseTies: 0 };

  function ownNumber(person: Person): number {
    const sign = signOf(person);
    return sign === 0 ? -1 : users.keys.find(idOf(person, sign), sign);
  }

  /** Who somebody is by now; −1 where nobody known. */
  function resolve(person: Person): number {
    const sign = signOf(person);
    const visitor = sign === 0 && person.visit_id ? visits?.find(person.visit_id) : undefined;
    const user = visitor ?? ownNumber(sign === 0 ? { session_id: person.visit_id } : person);
    return user < 0 || users.alias[user] === 0 ? user : users.alias[user] - 1;
  }

  function insertLate(user: number, row: EventRow): void {
    tally.late++;
    const { events, newestIds } = store.read(user);
    const isNewest = row.timestamp === users.newest[user];
    const until = placeAfter(events.times, events.length, row.timestamp);
    const behind = isNewest
      ? newestIds.filter((id) => Buffer.compare(Buffer.from(id), Buffer.from(row.event_id)) > 0)
      : [];
    const place = until - behind.length;
    if (!isNewest && place > 0 && events.times[place - 1] === row.timestamp) tally.looseTies++;
    const ids = isNewest ? newestIds.toSpliced(newestIds.length - behind.length, 0, row.event_id) : newestIds;
    store.replace(
      user,
      events.length + 1,
      (into, at) => {
        if (at === place) fillFromRow(into, row, flags);
        else fillFromEvents(into, events, at < place ? at : at - 1);
      },
      ids,
    );
  }

  function applyRow(row: EventRow): void {
    const sign = signOf(row);
    if (sign === 0 || !Number.isSafeInteger(row.timestamp)) {
      tally.passedOver++;
      return;
    }
    let user = users.add(idOf(row, sign), sign);
    if (users.alias[user] !== 0) user = users.alias[user] - 1;
    if (visits && row.session_id && sign !== USER_SIGNS.session) visits.note(row.session_id, user);
    state.watcher?.beforeChange(user);
    if (row.timestamp < store.pastUntil(user)) {
      tally.late++;
      store.setPast(user, recall(store.past(user), rowEvents([row])));
      return;
    }
    fillFromRow(cells, row, flags);
    if (!store.append(user, cells, row.event_id)) insertLate(user, row);
    if (users.count[user] > most) trim(store, user, { recall, keep: eventsPerUser });
  }

  const state: OpenState = {
    store,
    columns: kept,
    watcher: undefined,
    apply(rows) {
      for (const row of rows) applyRow(row);
    },
    adopt(anonymousId, userId) {
      const visitor = users.add(anonymousId, USER_SIGNS.visitor);
      const user = users.add(userId, USER_SIGNS.user);
      if (users.alias[visitor] === user + 1) return;
      state.watcher?.beforeChange(visitor);
      state.watcher?.beforeChange(user);
      mergeKept(store, { from: visitor, to: user, recall });
      store.clear(visitor);
      users.alias[visitor] = user + 1;
      if (users.count[user] > most) trim(store, user, { recall, keep: eventsPerUser });
    },
    isAdopted(anonymousId) {
      const visitor = users.keys.find(anonymousId, USER_SIGNS.visitor);
      return visitor >= 0 && users.alias[visitor] !== 0;
    },
    find(person) {
      const user = resolve(person);
      if (user < 0 || (users.count[user] === 0 && users.past[user] === 0)) return undefined;
      const past = store.past(user);
      return { events: store.read(user).events, ...(past && { past }) };
    },
    erase(id) {
      const gone = new Set<number>();
      for (const sign of Object.values(USER_SIGNS)) {
        const user = users.keys.find(id, sign);
        if (user < 0) continue;
        for (let other = 0; other < users.keys.size; other++) {
          if (other !== user && users.alias[other] !== user + 1) continue;
          forget(state, other);
          gone.add(other);
        }
      }
      visits?.forget(gone);
      return gone.size > 0;
    },
    forgetVisitors(beforeMs) {
      const gone = new Set<number>();
      for (let user = 0; user < users.keys.size; user++) {
        const isVisitor = users.keys.sign(user) > USER_SIGNS.user && users.alias[user] === 0;
        if (!isVisitor || users.newest[user] >= beforeMs) continue;
        // Nobody asked for it: a snapshot may still hold them.
        state.watcher?.beforeChange(user);
        wipe(store, user);
        gone.add(user);
      }
      visits?.forget(gone);
      return gone.size;
    },
    changeViews(next) {
      const missing = columnsOfViews(next).filter((column) => !kept.has(column));
      if (missing.length > 0)
        throw new AppError(
          'VERSION',
          `expected the columns ${missing.join(', ')} in the online state, it was opened for models that do not read them: start again, and it is made anew from the lake`,
        );
      recall = compileRecall(next, context);
    },
    followVisits() {
      visits = openKnownSessions();
      noteLatestVisits(store, visits);
    },
    counts() {
      let people = 0;
      let events = 0;
      for (let user = 0; user < users.keys.size; user++) {
        if (users.count[user] > 0) people++;
        events += users.count[user];
      }
      return { people, events, ...tally, bytes: store.bytes };
    },
  };
  return state;
}

function forget({ store, watcher }: OpenState, user: number): void {
  watcher?.beforeErase(user);
  wipe(store, user);
}

function wipe(store: EventStore, user: number): void {
  store.clear(user);
  store.users.alias[user] = 0;
  store.users.keys.remove(user);
}

/** By which of their ids somebody is known; 0 where by none. */
function signOf({ user_id, anonymous_id, session_id }: Person): UserSign | 0 {
  if (user_id) return USER_SIGNS.user;
  if (anonymous_id) return USER_SIGNS.visitor;
  return session_id ? USER_SIGNS.session : 0;
}

function idOf({ user_id, anonymous_id, session_id }: Person, sign: UserSign): string {
  const id = sign === USER_SIGNS.user ? user_id : sign === USER_SIGNS.visitor ? anonymous_id : session_id;
  return id as string;
}

/** Keeps the newest events; what the others leave behind is added to the past. */
function trim(
  store: EventStore,
  user: number,
  { recall, keep }: { readonly recall: RecallEvents; readonly keep: number },
): void {
  const { events, newestIds } = store.read(user);
  const gone = events.length - keep;
  const past = recall(store.past(user), { ...events, length: gone });
  const fill = fillFrom(events);
  const ids = newestIds.slice(-keep);
  store.replace(user, keep, (cells, at) => fill(cells, at + gone), ids);
  store.setPast(user, past);
}
