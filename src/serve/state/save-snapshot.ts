// Writes down the state as it is at one moment, while events go on coming.
import { AppError } from '../../core/errors.ts';
import { pause } from '../../core/pause.ts';
import type { JournalDisk } from '../../data/journal/journal-disk.ts';
import { writeAll } from '../../data/journal/rebuild.ts';
import {
  type ByteWriter,
  openWriter,
  writeByte,
  writeBytes,
  writeNumber,
  writeText,
  writeWhole,
} from './byte-stream.ts';
import type { OpenState } from './online-state.ts';
import { frameBlock, SNAPSHOT_MARK } from './snapshot-blocks.ts';

/** The first byte of a block: what it holds. */
export const BLOCKS = { header: 0, items: 1, contexts: 2, digests: 3, users: 4, end: 5 } as const;

/** What the header and the end say. */
export interface SnapshotHeader {
  /** Events of the journal before this position are in the snapshot, others are not. */
  readonly position: number;
  readonly columns: readonly string[];
}

export interface SnapshotEnd {
  readonly users: number;
}

export interface SnapshotPlace {
  readonly disk: JournalDisk;
  readonly name: string;
}

const BLOCK_BYTES = 2 ** 18;

/**
 * Whoever changes while this goes on is written down first, as they were: the snapshot is of the moment of the call. A
 * reader finds the old snapshot or the new one, and what is there is on the disk.
 *
 * @param position of the journal: everything before it has been applied, nothing else
 * @returns bytes of the file
 * @throws AppError BUSY when somebody was erased meanwhile, or another snapshot is under way; INTERRUPTED; what the disk throws
 */
export async function saveSnapshot(
  state: OpenState,
  position: number,
  { disk, name }: SnapshotPlace,
  signal?: AbortSignal,
): Promise<number> {
  if (state.watcher)
    throw new AppError('BUSY', 'a snapshot of the state is being written already: wait for it');
  const picture = takePicture(state, { position, columns: [...state.columns] });
  let bytes = 0;
  try {
    await disk.makeFolder();
    await disk.remove(`${name}.new`);
    const file = await disk.create(`${name}.new`);
    try {
      await writeAll(file, SNAPSHOT_MARK, SNAPSHOT_MARK.length);
      for (const block of picture.blocks()) {
        await writeAll(file, block, block.length);
        bytes += block.length;
        await pause(signal);
      }
      await file.datasync();
    } finally {
      await file.close();
    }
    if (picture.isSpoiled()) {
      await disk.remove(`${name}.new`);
      throw new AppError('BUSY', 'somebody was erased while the snapshot was being written: write it again');
    }
  } finally {
    state.watcher = undefined;
  }
  await disk.rename(`${name}.new`, name);
  await disk.syncFolder();
  return bytes + SNAPSHOT_MARK.length;
}

interface Picture {
  /** Blocks of the file, in order; between two of them the state may change. */
  blocks(): Generator<Uint8Array>;
  /** Somebody is in it who has been erased since. */
  isSpoiled(): boolean;
}

function takePicture(state: OpenState, header: SnapshotHeader): Picture {
  const { store } = state;
  const { users } = store;
  const known = users.keys.size;
  const sizes = {
    items: store.dictionaries.items.size,
    contexts: store.dictionaries.contexts.size,
    digests: store.digestKeys.size,
  };
  const written = new Uint8Array(known);
  const raw = { bytes: new Uint8Array(1024) };
  const block = openWriter(2 * BLOCK_BYTES);
  const waiting: Uint8Array[] = [];
  let place = 0;
  let count = 0;
  let isSpoiled = false;

  function finish(): Uint8Array {
    const framed = frameBlock(block.bytes, block.length, place++);
    block.length = 0;
    return framed;
  }

  function add(user: number): void {
    if (user >= known || written[user] === 1) return;
    written[user] = 1;
    const key = users.keys.text(user);
    if (key === undefined) return;
    if (block.length === 0) writeByte(block, BLOCKS.users);
    writeUser(block, key, state, user, raw);
    count++;
    if (block.length >= BLOCK_BYTES) waiting.push(finish());
  }

  state.watcher = {
    beforeChange: add,
    beforeErase(user) {
      if (user >= known) return;
      if (written[user] === 1) isSpoiled = true;
      written[user] = 1;
    },
  };

  return {
    isSpoiled: () => isSpoiled,
    *blocks() {
      // Who changes while these are written waits among the users.
      const ahead = openWriter(2 * BLOCK_BYTES);
      const framed = (): Uint8Array => frameBlock(ahead.bytes, ahead.length, place++);
      writeJson(ahead, BLOCKS.header, header);
      yield framed();
      for (const [kind, textOf, size] of [
        [BLOCKS.items, store.dictionaries.items.stored, sizes.items],
        [
          BLOCKS.contexts,
          (code: number) => JSON.stringify(store.dictionaries.contexts.context(code)),
          sizes.contexts,
        ],
        [BLOCKS.digests, store.digestKeys.stored, sizes.digests],
      ] as const)
        for (let from = 0; from < size; ) {
          from = writeTexts(ahead, { kind, textOf, from, size });
          yield framed();
        }
      for (let user = 0; user < known; user++) {
        add(user);
        while (waiting.length > 0) yield waiting.shift() as Uint8Array;
      }
      if (block.length > 0) yield finish();
      writeJson(ahead, BLOCKS.end, { users: count } satisfies SnapshotEnd);
      yield framed();
    },
  };
}

function writeJson(writer: ByteWriter, kind: number, value: SnapshotHeader | SnapshotEnd): void {
  writer.length = 0;
  writeByte(writer, kind);
  writeText(writer, JSON.stringify(value));
}

/** A block of a dictionary's texts. @returns the code to go on from */
function writeTexts(
  writer: ByteWriter,
  {
    kind,
    textOf,
    from,
    size,
  }: {
    readonly kind: number;
    readonly textOf: (code: number) => string;
    readonly from: number;
    readonly size: number;
  },
): number {
  writer.length = 0;
  writeByte(writer, kind);
  let code = from;
  for (; code < size && writer.length < BLOCK_BYTES; code++) writeText(writer, textOf(code));
  return code;
}

/**
 * Between the sign that says what kind of key it is and the zero behind it an id stands alone, so that a search of the file
 * for a whole word finds it.
 */
function writeUser(
  writer: ByteWriter,
  key: string,
  { store }: OpenState,
  user: number,
  raw: { bytes: Uint8Array },
): void {
  const { users } = store;
  writeText(writer, key);
  writeByte(writer, 0);
  const alias = users.alias[user] === 0 ? undefined : users.keys.text(users.alias[user] - 1);
  writeText(writer, alias ?? '');
  writeByte(writer, 0);
  writeWhole(writer, users.count[user]);
  if (users.count[user] > 0) writeNumber(writer, users.newest[user]);
  for (const column of ['eventBytes', 'tailBytes', 'pastBytes'] as const)
    writeWhole(writer, users[column][user]);
  const length = store.raw(user, raw);
  writeBytes(writer, raw.bytes, length);
}
