// A snapshot of the state read for its people and texts: how an erasure proves that nobody who is gone stands in it.
import type { FileReader } from '../../data/erase/file-reader.ts';
import type { EventRow } from '../../data/event.ts';
import { TEXT_COLUMNS } from '../../data/features/user-events.ts';
import { type EventStore, openEventStore } from './event-store.ts';
import { readBlock } from './load-snapshot.ts';
import { checkBlocks } from './snapshot-blocks.ts';
import { USER_SIGNS } from './user-table.ts';

const COLUMNS = TEXT_COLUMNS;
/** As many as there are in any file. */
const SIZES = { items: Number.POSITIVE_INFINITY, contexts: Number.POSITIVE_INFINITY };

export const stateSnapshotReader: FileReader = {
  reads: (file) => /^state\/[^/]+\.snapshot(\.new)?$/.test(file),
  *rows(bytes, file) {
    const store = openEventStore(SIZES);
    for (const block of checkBlocks(bytes, file)) readBlock({ bytes: block, at: 0 }, store);
    for (let user = 0; user < store.users.keys.size; user++) yield* personRows(store, user);
  },
};

/** Whose key it is, and the texts of each of their events. */
export function* personRows(store: EventStore, user: number): Generator<Partial<EventRow>> {
  const key = store.users.keys.text(user);
  if (key === undefined) return;
  const sign = store.users.keys.sign(user);
  const id = key.slice(1);
  yield sign === USER_SIGNS.user
    ? { user_id: id }
    : sign === USER_SIGNS.visitor
      ? { anonymous_id: id }
      : { session_id: id };
  if (store.users.count[user] === 0) return;
  const { events } = store.read(user);
  const texts = COLUMNS.map((column) => [column, events.texts(column)] as const);
  for (let at = 0; at < events.length; at++)
    yield Object.fromEntries(texts.map(([column, values]) => [column, values[at]]));
}
