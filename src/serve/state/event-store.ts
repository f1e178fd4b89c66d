// The kept events of every user: appended in a few bytes where they come in order, written anew where one comes late.
import { compareTexts } from '../../core/text-order.ts';
import type { PastEvents } from '../../data/features/past-events.ts';
import {
  type ByteReader,
  openWriter,
  readText,
  readWhole,
  writeBytes,
  writeText,
  writeWhole,
} from './byte-stream.ts';
import { openChunkStore } from './chunk-store.ts';
import { openContexts } from './contexts.ts';
import { type Dictionary, openDictionary } from './dictionary.ts';
import {
  type DecodedEvents,
  type Dictionaries,
  type EventCells,
  emptyCells,
  fillFromEvents,
  type LastTexts,
  OWN_TEXTS,
  readEvents,
  writeEvent,
} from './event-codec.ts';
import { PAST_UNTIL_BYTES, readPast, readPastUntil, writePast } from './past-codec.ts';
import { openUserTable, type UserTable } from './user-table.ts';

/** Texts that users share are kept once, up to so many; more than that are written where they stand. */
export interface DictionarySizes {
  readonly items: number;
  readonly contexts: number;
}

export interface KeptEvents {
  readonly events: DecodedEvents;
  /** Ids of the events of the newest moment, the last of `events`, in their order. */
  readonly newestIds: readonly string[];
}

/** One event of one of several sources, to be written. */
export type FillCells = (cells: EventCells, place: number) => void;

export interface EventStore {
  readonly users: UserTable;
  readonly dictionaries: Dictionaries;
  /** Names of digests. */
  readonly digestKeys: Dictionary;
  /** Memory of everything here. */
  readonly bytes: number;
  /** @returns false where it is not the newest: nothing was written */
  append(user: number, cells: EventCells, eventId: string): boolean;
  read(user: number): KeptEvents;
  /** Puts other events in the place of a user's. */
  replace(user: number, count: number, fill: FillCells, newestIds: readonly string[]): void;
  /** Wipes the events and what earlier ones left behind. */
  clear(user: number): void;
  past(user: number): PastEvents | undefined;
  /** Until when events are gone; −∞ where none is. Much less work than to read all they left behind. */
  pastUntil(user: number): number;
  setPast(user: number, past: PastEvents): void;
  /** Bytes of the events, of what stands behind them and of the past, as they go into a file. */
  raw(user: number, into: { bytes: Uint8Array }): number;
  /** Takes such bytes for somebody who has none. */
  setRaw(user: number, bytes: Uint8Array): void;
}

const NO_TEXTS: LastTexts = OWN_TEXTS.map(() => null);

const hasNoText = ({ texts }: EventCells): boolean =>
  texts.order_id === null && texts.session_id === null && texts.query === null && texts.props === null;

interface Tail {
  readonly last: LastTexts;
  readonly ids: string[];
}

export function openEventStore(sizes: DictionarySizes): EventStore {
  const users = openUserTable();
  const chunks = openChunkStore();
  const dictionaries = { items: openDictionary(sizes.items), contexts: openContexts(sizes.contexts) };
  const digestKeys = openDictionary(Number.POSITIVE_INFINITY);
  const writer = openWriter();
  const cells = emptyCells();
  let scratch = new Uint8Array(1024);

  /** Bytes of a chain in the scratch. */
  function load(chunk: number, kept: number, length: number): ByteReader {
    if (length > scratch.length) scratch = new Uint8Array(2 * length);
    chunks.read(chunk, kept, length, scratch);
    return { bytes: scratch, at: 0 };
  }

  function readTail(user: number): Tail {
    const length = users.tailBytes[user];
    const reader = load(users.end[user], users.eventBytes[user], length);
    const last = OWN_TEXTS.map((): string | null => {
      const size = readWhole(reader);
      return size === 0 ? null : readText(reader, size - 1);
    });
    const ids: string[] = [];
    while (reader.at < length) ids.push(readText(reader, readWhole(reader)));
    return { last, ids };
  }

  /** What is in the writer and then the tail, behind the user's first `kept` bytes. */
  function store(user: number, kept: number, { last, ids }: Tail): void {
    const mark = writer.length;
    for (const text of last) {
      if (text === null) writeWhole(writer, 0);
      else writeText(writer, text, 1);
    }
    for (const id of ids) writeText(writer, id);
    put(user, kept, mark);
  }

  /** The writer's bytes behind the user's first `kept`; of them `mark` are of events. */
  function put(user: number, kept: number, mark: number): void {
    if (users.head[user] === 0) users.head[user] = chunks.start();
    const from = kept === 0 ? users.head[user] : users.end[user];
    users.end[user] = chunks.write(from, kept, { bytes: writer.bytes, length: writer.length, mark });
    users.eventBytes[user] = kept + mark;
    users.tailBytes[user] = writer.length - mark;
  }

  function appendTo(user: number, event: EventCells, tail: Tail): void {
    const before = users.count[user] === 0 ? undefined : users.newest[user];
    writer.length = 0;
    writeEvent(writer, event, { before, last: tail.last, dictionaries });
    users.count[user]++;
    users.newest[user] = event.time;
    store(user, users.eventBytes[user], tail);
  }

  /** The usual event, later than all and without texts of its own: the last texts go on as the bytes they are. */
  function appendPlain(user: number, event: EventCells, eventId: string): void {
    const kept = users.eventBytes[user];
    const tail = load(users.end[user], kept, users.tailBytes[user]);
    for (let text = 0; text < OWN_TEXTS.length; text++) {
      const size = readWhole(tail);
      if (size > 0) tail.at += size - 1;
    }
    writer.length = 0;
    writeEvent(writer, event, { before: users.newest[user], last: NO_TEXTS, dictionaries });
    const mark = writer.length;
    writeBytes(writer, scratch, tail.at);
    writeText(writer, eventId);
    users.count[user]++;
    users.newest[user] = event.time;
    put(user, kept, mark);
  }

  function replace(user: number, count: number, fill: FillCells, newestIds: readonly string[]): void {
    const last: LastTexts = OWN_TEXTS.map(() => null);
    let before: number | undefined;
    writer.length = 0;
    for (let place = 0; place < count; place++) {
      fill(cells, place);
      writeEvent(writer, cells, { before, last, dictionaries });
      before = cells.time;
    }
    users.count[user] = count;
    users.newest[user] = before ?? Number.NEGATIVE_INFINITY;
    store(user, 0, { last, ids: [...newestIds] });
  }

  function clear(user: number): void {
    if (users.head[user] !== 0) chunks.free(users.head[user]);
    if (users.past[user] !== 0) chunks.free(users.past[user]);
    for (const column of ['head', 'end', 'eventBytes', 'tailBytes', 'count', 'past', 'pastBytes'] as const)
      users[column][user] = 0;
    users.newest[user] = Number.NEGATIVE_INFINITY;
    scratch.fill(0);
    writer.bytes.fill(0);
  }

  function storePast(user: number, bytes: Uint8Array, length: number): void {
    if (users.past[user] === 0) users.past[user] = chunks.start();
    chunks.write(users.past[user], 0, { bytes, length, mark: 0 });
    users.pastBytes[user] = length;
  }

  return {
    users,
    dictionaries,
    digestKeys,
    get bytes() {
      return users.bytes + chunks.bytes + dictionaries.items.bytes + dictionaries.contexts.bytes;
    },
    append(user, event, eventId) {
      const count = users.count[user];
      if (count === 0) {
        appendTo(user, event, { last: OWN_TEXTS.map(() => null), ids: [eventId] });
        return true;
      }
      const newest = users.newest[user];
      if (event.time < newest) return false;
      if (event.time > newest && hasNoText(event)) {
        appendPlain(user, event, eventId);
        return true;
      }
      const { last, ids } = readTail(user);
      const isTie = event.time === newest;
      if (isTie && compareTexts(eventId, ids[ids.length - 1]) < 0) return false;
      appendTo(user, event, { last, ids: isTie ? [...ids, eventId] : [eventId] });
      return true;
    },
    read(user) {
      const count = users.count[user];
      const reader = load(users.head[user], 0, users.eventBytes[user]);
      const events = readEvents(reader, count, dictionaries);
      return { events, newestIds: count === 0 ? [] : readTail(user).ids };
    },
    replace,
    clear,
    past(user) {
      if (users.past[user] === 0) return undefined;
      return readPast(load(users.past[user], 0, users.pastBytes[user]), digestKeys);
    },
    pastUntil(user) {
      if (users.past[user] === 0) return Number.NEGATIVE_INFINITY;
      return readPastUntil(load(users.past[user], 0, Math.min(PAST_UNTIL_BYTES, users.pastBytes[user])));
    },
    setPast(user, past) {
      writer.length = 0;
      writePast(writer, past, digestKeys);
      storePast(user, writer.bytes, writer.length);
    },
    raw(user, into) {
      const length = users.eventBytes[user] + users.tailBytes[user];
      const whole = length + users.pastBytes[user];
      if (into.bytes.length < whole) into.bytes = new Uint8Array(2 * whole);
      chunks.read(users.head[user], 0, length, into.bytes);
      chunks.read(users.past[user], 0, users.pastBytes[user], into.bytes.subarray(length));
      return whole;
    },
    setRaw(user, bytes) {
      const mark = users.eventBytes[user];
      const length = mark + users.tailBytes[user];
      if (users.count[user] > 0) {
        users.head[user] = chunks.start();
        users.end[user] = chunks.write(users.head[user], 0, { bytes, length, mark });
      }
      if (users.pastBytes[user] > 0) storePast(user, bytes.subarray(length), users.pastBytes[user]);
    },
  };
}

/** Writes events of another user, or the same, as they were read. */
export const fillFrom =
  (events: DecodedEvents): FillCells =>
  (cells, place) =>
    fillFromEvents(cells, events, place);
