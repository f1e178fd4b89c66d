// Reads a pinned file as it was at its moment, to the last whole line or frame, piece by piece.
import { constants } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { AppError } from '../../core/errors.ts';
import { SEGMENT_HEADER_BYTES, scanSegment, segmentFirst } from '../journal/segment.ts';
import type { PinnedFile } from './pin-workspace.ts';

const PIECE_BYTES = 2 ** 20;

/** A file about to be copied: how much of it counts, and its bytes. */
export interface PinnedContent {
  readonly bytes: number;
  /** Exactly `bytes` in all; each piece is valid until the next is asked for. */
  pieces(): AsyncGenerator<Uint8Array>;
}

/**
 * @returns undefined for a segment that does not hold a whole header yet: nothing in it was acknowledged
 * @throws AppError BUSY when the file was erased, or written over, since it was pinned
 */
export async function readPinned(file: PinnedFile): Promise<PinnedContent | undefined> {
  if (file.kind === 'segment') return readSegment(file);
  const bytes = file.kind === 'lines' ? await wholeLines(file) : file.bytes;
  return { bytes, pieces: () => pieces(file, bytes) };
}

async function* pieces(file: PinnedFile, bytes: number): AsyncGenerator<Uint8Array> {
  const handle = await opened(file);
  try {
    yield* piecesOf(handle, bytes, () => moved(file.path));
    const { mtimeMs } = await handle.stat();
    if (file.kind === 'whole' && Math.floor(mtimeMs) !== file.modifiedMs) throw moved(file.path);
  } finally {
    await handle.close();
  }
}

/** Reads so many bytes from the beginning. @throws what `short` gives when there are fewer */
export async function* piecesOf(
  handle: FileHandle,
  bytes: number,
  short: () => Error,
): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, Math.max(1, bytes)));
  for (let at = 0; at < bytes; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, bytes - at), at);
    if (bytesRead === 0) throw short();
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The journal's newest segment without a frame that is being written. */
async function readSegment(file: PinnedFile): Promise<PinnedContent | undefined> {
  const whole = (await read(file)).subarray(0, file.bytes);
  if (whole.length < SEGMENT_HEADER_BYTES) return undefined;
  const name = file.path.slice(file.path.lastIndexOf('/') + 1);
  const { tears, isSealed } = scanSegment(whole, segmentFirst(name) ?? 0);
  const last = tears.at(-1);
  const cut = !isSealed && last?.end === whole.length && last.count === 0 ? last.at : whole.length;
  const kept = whole.subarray(0, cut);
  return {
    bytes: cut,
    async *pieces() {
      yield kept;
    },
  };
}

/** A file that is being written to ends with its last whole line; one at rest is taken as it is. */
async function wholeLines(file: PinnedFile): Promise<number> {
  const handle = await opened(file);
  try {
    const { size, mtimeMs } = await handle.stat();
    if (size === file.bytes && Math.floor(mtimeMs) === file.modifiedMs && Date.now() - mtimeMs > REST_MS)
      return size;
    const buffer = Buffer.alloc(PIECE_BYTES);
    for (let end = file.bytes; end > 0; ) {
      const from = Math.max(0, end - buffer.length);
      const { bytesRead } = await handle.read(buffer, 0, end - from, from);
      const newline = buffer.subarray(0, bytesRead).lastIndexOf(0x0a);
      if (newline >= 0) return from + newline + 1;
      end = from;
    }
    return 0;
  } finally {
    await handle.close();
  }
}

const REST_MS = 5000;

const opened = (file: PinnedFile): Promise<FileHandle> =>
  open(file.from, constants.O_RDONLY).catch((cause) => Promise.reject(explained(file, cause)));
const read = (file: PinnedFile): Promise<Buffer> =>
  readFile(file.from).catch((cause) => Promise.reject(explained(file, cause)));

const explained = ({ path }: PinnedFile, cause: unknown): unknown =>
  (cause as NodeJS.ErrnoException).code === 'ENOENT' ? moved(path) : cause;

const moved = (path: string): AppError =>
  new AppError(
    'BUSY',
    `expected ${path} to stay as it was while it was copied, it was erased or written over: run the backup again`,
  );
