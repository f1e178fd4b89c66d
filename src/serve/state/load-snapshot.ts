// Reads the state back from its snapshot: every byte is checked before any is understood.
import { AppError } from '../../core/errors.ts';
import { pause } from '../../core/pause.ts';
import { type ByteReader, readNumber, readText, readWhole } from './byte-stream.ts';
import type { Context } from './contexts.ts';
import type { EventStore } from './event-store.ts';
import { type OpenState, openState, type StateOptions } from './online-state.ts';
import { BLOCKS, type SnapshotEnd, type SnapshotHeader, type SnapshotPlace } from './save-snapshot.ts';
import { checkBlocks, damaged } from './snapshot-blocks.ts';

export interface LoadedState {
  readonly state: OpenState;
  /** Events of the journal from this position on are to be applied. */
  readonly position: number;
}

/**
 * @returns undefined where there is no snapshot
 * @throws AppError BAD_FILE for a damaged file; VERSION for one of another format, or made when the models read other columns;
 *   INTERRUPTED
 */
export async function loadSnapshot(
  options: StateOptions,
  { disk, name }: SnapshotPlace,
  signal?: AbortSignal,
): Promise<LoadedState | undefined> {
  await disk.makeFolder();
  if (!(await disk.list()).includes(name)) return undefined;
  const blocks = checkBlocks(await disk.read(name), name);
  const { header, end } = endsOf(blocks, name);
  const state = openState(options);
  const missing = [...state.columns].filter((column) => !header.columns.includes(column));
  if (missing.length > 0)
    throw new AppError(
      'VERSION',
      `expected the columns ${missing.join(', ')} in ${name}, which was made when no model read them: remove it, it is made anew from the lake and the journal`,
    );
  let users = 0;
  for (const block of blocks) {
    users += readBlock({ bytes: block, at: 0 }, state.store);
    await pause(signal);
  }
  if (users !== end.users) throw damaged(name);
  return { state, position: header.position };
}

function endsOf(blocks: readonly Uint8Array[], name: string): { header: SnapshotHeader; end: SnapshotEnd } {
  const [first, last] = [blocks[0], blocks.at(-1)];
  if (first?.[0] !== BLOCKS.header || last?.[0] !== BLOCKS.end) throw damaged(name);
  const read = (block: Uint8Array): unknown => {
    const reader = { bytes: block, at: 1 };
    return JSON.parse(readText(reader, readWhole(reader)));
  };
  return { header: read(first) as SnapshotHeader, end: read(last) as SnapshotEnd };
}

/** @returns users in the block */
export function readBlock(reader: ByteReader, store: EventStore): number {
  switch (reader.bytes[reader.at++]) {
    case BLOCKS.items:
      return eachText(reader, store.dictionaries.items.restore);
    case BLOCKS.contexts:
      return eachText(reader, (text) => store.dictionaries.contexts.restore(JSON.parse(text) as Context));
    case BLOCKS.digests:
      return eachText(reader, store.digestKeys.restore);
    case BLOCKS.users: {
      let count = 0;
      for (; reader.at < reader.bytes.length; count++) readUser(reader, store);
      return count;
    }
    default:
      return 0;
  }
}

function eachText(reader: ByteReader, take: (text: string) => void): number {
  while (reader.at < reader.bytes.length) take(readText(reader, readWhole(reader)));
  return 0;
}

/** The text and the zero behind it. */
function readKey(reader: ByteReader): string {
  const key = readText(reader, readWhole(reader));
  reader.at++;
  return key;
}

function readUser(reader: ByteReader, store: EventStore): void {
  const { users } = store;
  const user = users.add(readKey(reader), 0);
  const alias = readKey(reader);
  if (alias !== '') {
    const other = users.add(alias, 0);
    users.alias[user] = other + 1;
  }
  users.count[user] = readWhole(reader);
  users.newest[user] = users.count[user] > 0 ? readNumber(reader) : Number.NEGATIVE_INFINITY;
  let length = 0;
  for (const column of ['eventBytes', 'tailBytes', 'pastBytes'] as const) {
    users[column][user] = readWhole(reader);
    length += users[column][user];
  }
  store.setRaw(user, reader.bytes.subarray(reader.at, reader.at + length));
  reader.at += length;
}
