// A model as one file that travels: what it is, how long its parts are and their digest stand first, and are checked first.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { AppError } from '../core/errors.ts';
import type { SavedModel } from '../models/estimator.ts';
import { sha256 } from './manifest.ts';
import { readSavedModel, savedModelFiles } from './saved-model-files.ts';

const MAGIC = 'foresell portable 1\n';
const DIGEST_BYTES = 64;
/** Magic, digest of all that follows it as hexadecimal text, and two lengths of four bytes. */
const HEAD = MAGIC.length + DIGEST_BYTES + 8;
const MOST_JSON = 16 * 2 ** 20;
const MOST_BYTES = 1024 * 2 ** 20;
const PART = 'model';

export function portableBytes(saved: SavedModel): Uint8Array {
  const files = savedModelFiles(PART, saved);
  const text = Buffer.from(JSON.stringify(files[`${PART}.json`]));
  const bulk = Buffer.from((files[`${PART}.bin`] as Uint8Array | undefined) ?? new Uint8Array(0));
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(text.length, 0);
  lengths.writeUInt32LE(bulk.length, 4);
  const body = Buffer.concat([lengths, text, bulk]);
  return Buffer.concat([Buffer.from(MAGIC), Buffer.from(sha256(body)), body]);
}

/**
 * Nothing is parsed before the kind of the file, its sizes and its digest have been checked. The digest tells of damage; it
 * does not tell who made the file.
 *
 * @throws AppError NOT_FOUND, BAD_FILE, VERSION, TAMPERED
 */
export function readPortableFile(path: string): SavedModel {
  const bytes = boundedBytes(path);
  const lengths = bytes.subarray(MAGIC.length + DIGEST_BYTES, HEAD);
  const [text, bulk] = [lengths.readUInt32LE(0), lengths.readUInt32LE(4)];
  if (text > MOST_JSON || HEAD + text + bulk !== bytes.length)
    throw new AppError(
      'BAD_FILE',
      `expected a file of ${HEAD + text + bulk} bytes, got ${bytes.length}: it is cut short or not whole`,
    );
  const body = bytes.subarray(MAGIC.length + DIGEST_BYTES);
  if (sha256(body) !== bytes.subarray(MAGIC.length, MAGIC.length + DIGEST_BYTES).toString('latin1'))
    throw new AppError(
      'TAMPERED',
      'expected the bytes that were exported, the digest says otherwise: export the file again',
    );
  return readSavedModel(
    new Map<string, Uint8Array>([
      [`${PART}.json`, bytes.subarray(HEAD, HEAD + text)],
      // Arrays are read where they lie: from a place of their own they lie at multiples of eight.
      [`${PART}.bin`, Uint8Array.from(bytes.subarray(HEAD + text))],
    ]),
    PART,
  );
}

/** All bytes of a file that begins as one of ours and is no larger than one may be. */
function boundedBytes(path: string): Buffer {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    throw new AppError('NOT_FOUND', `expected a file at "${path}", there is none that can be read`);
  }
  try {
    const { size } = fstatSync(file);
    const start = Buffer.alloc(Math.min(size, MAGIC.length));
    readSync(file, start, 0, start.length, 0);
    if (!fstatSync(file).isFile() || start.toString('latin1') !== MAGIC) {
      const isNewer = start.toString('latin1').startsWith('foresell portable ');
      throw isNewer
        ? new AppError('VERSION', 'expected a portable model of format 1, got a newer one: update foresell')
        : new AppError('BAD_FILE', 'expected a file made by "trunk export", this is another');
    }
    if (size < HEAD || size > MOST_BYTES)
      throw new AppError('BAD_FILE', `expected between ${HEAD} and ${MOST_BYTES} bytes, got ${size}`);
    const bytes = Buffer.alloc(size);
    let read = 0;
    while (read < size) {
      const more = readSync(file, bytes, read, size - read, read);
      if (more === 0)
        throw new AppError('BAD_FILE', 'expected a whole file, it grew shorter while it was read');
      read += more;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}
