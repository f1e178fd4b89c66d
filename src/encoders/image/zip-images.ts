// Pictures out of a zip archive, one at a time: its list of contents is read once, each picture when its turn comes.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { AppError } from '../../core/errors.ts';
import { type ImageSource, isImageName } from './image-source.ts';

interface Entry {
  readonly name: string;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly at: number;
}

const END_MARK = 0x06054b50;
const LIST_MARK = 0x02014b50;
const FILE_MARK = 0x04034b50;
const END_BYTES = 22;
const LIST_BYTES = 46;
const FILE_BYTES = 30;
const MOST_COMMENT = 65_535;
const MOST_LIST_BYTES = 256 * 2 ** 20;
/** Sizes and places that say "see the 64-bit record". */
const WIDE = 0xffffffff;
const ENCRYPTED = 1;

/** An archive open for reading; close it when done. */
export interface ImageArchive {
  readonly images: readonly ImageSource[];
  close(): void;
}

/**
 * Names are names only: nothing is unpacked to the disk, and those that climb out of their folder are passed over. A picture
 * that unpacks to more than it states, or than it may, is refused when it is read.
 *
 * @throws AppError NOT_FOUND; BAD_FILE for what is no zip archive, is cut short, is of the 64-bit kind, or holds no picture
 */
export function openImageArchive(path: string): ImageArchive {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    throw new AppError(
      'NOT_FOUND',
      `expected a zip archive at "${path}", there is none that can be read`,
      {},
      cause,
    );
  }
  try {
    const entries = readList(file).filter(({ name }) => isImageName(name) && isPlainName(name));
    if (entries.length === 0) throw new AppError('BAD_FILE', `expected pictures in "${path}", it holds none`);
    const images = entries.map((entry) => ({
      name: entry.name.slice(entry.name.lastIndexOf('/') + 1),
      read: (mostBytes: number) => readEntry(file, entry, mostBytes),
    }));
    return { images, close: () => closeSync(file) };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

const isPlainName = (name: string): boolean =>
  !name.startsWith('/') && !name.includes('\\') && !name.includes('\0') && !name.split('/').includes('..');

const damaged = (what: string): AppError =>
  new AppError('BAD_FILE', `expected a zip archive that is whole, ${what}: make it again`);

function bytesAt(file: number, from: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let read = 0;
  while (read < size) {
    const more = readSync(file, bytes, read, size - read, from + read);
    if (more === 0) throw damaged('it ends too early');
    read += more;
  }
  return bytes;
}

/** The central directory; it says where each file begins, and stands at the end. */
function readList(file: number): readonly Entry[] {
  const { size } = fstatSync(file);
  if (size < END_BYTES) throw damaged('it is too short for one');
  const tail = bytesAt(
    file,
    Math.max(0, size - END_BYTES - MOST_COMMENT),
    Math.min(size, END_BYTES + MOST_COMMENT),
  );
  let at = tail.length - END_BYTES;
  while (at >= 0 && tail.readUInt32LE(at) !== END_MARK) at--;
  if (at < 0) throw damaged('its end is missing');
  const [count, bytes, from] = [
    tail.readUInt16LE(at + 10),
    tail.readUInt32LE(at + 12),
    tail.readUInt32LE(at + 16),
  ];
  if (from === WIDE || count === 0xffff)
    throw new AppError(
      'BAD_FILE',
      'expected a zip archive of less than 4 GB and 65,535 files: cut it into smaller ones',
    );
  if (bytes > MOST_LIST_BYTES || from + bytes > size) throw damaged('its list does not fit in it');
  const list = bytesAt(file, from, bytes);
  const entries: Entry[] = [];
  for (let i = 0, place = 0; i < count; i++) {
    if (place + LIST_BYTES > list.length || list.readUInt32LE(place) !== LIST_MARK)
      throw damaged('its list is broken');
    const [name, extra, comment] = [28, 30, 32].map((field) => list.readUInt16LE(place + field));
    if ((list.readUInt16LE(place + 8) & ENCRYPTED) === 0)
      entries.push({
        name: list.toString('utf8', place + LIST_BYTES, place + LIST_BYTES + name),
        method: list.readUInt16LE(place + 10),
        packed: list.readUInt32LE(place + 20),
        size: list.readUInt32LE(place + 24),
        at: list.readUInt32LE(place + 42),
      });
    place += LIST_BYTES + name + extra + comment;
  }
  return entries;
}

function readEntry(file: number, { method, packed, size, at }: Entry, mostBytes: number): Uint8Array {
  if (size > mostBytes || packed > mostBytes)
    throw new AppError(
      'BAD_FILE',
      `expected a picture of at most ${mostBytes} bytes, got ${Math.max(size, packed)}`,
    );
  const head = bytesAt(file, at, FILE_BYTES);
  if (head.readUInt32LE(0) !== FILE_MARK) throw damaged('a file does not stand where its list says');
  const bytes = bytesAt(file, at + FILE_BYTES + head.readUInt16LE(26) + head.readUInt16LE(28), packed);
  if (method === 0) return bytes;
  if (method !== 8)
    throw new AppError('BAD_FILE', 'expected a picture stored or deflated, it is packed another way');
  try {
    // What it states is the most it may be: a bomb stops there.
    return inflateRawSync(bytes, { maxOutputLength: Math.max(1, size) });
  } catch (cause) {
    throw new AppError('BAD_FILE', 'the picture cannot be unpacked: the archive is damaged', {}, cause);
  }
}
