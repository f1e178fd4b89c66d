// Vectors an encoder has given before, on the disk: one growing file an encoder, safe for several processes at once.
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { crc32c } from '../../nn/record/crc32c.ts';

/** Open on one encoder's file; holds digests and places, no vectors. */
export interface VectorCache {
  readonly size: number;
  /** @param key as `vectorKey` gives it */
  get(key: string): Float32Array | undefined;
  /** Adds vectors, [keys, width], in one append; keys it has already are passed over. @throws AppError DISK */
  add(keys: readonly string[], vectors: Float32Array): void;
}

/*
 * A record: mark (4 bytes), SHA-256 of what it is of (32), vector, check sum of both (4). Records are added whole, by one
 * write to a file opened for appending: the system puts the writes of several processes one after the other. A record
 * that was torn (a full disk, a power cut) fails its check sum, and reading goes on at the next mark.
 */
const MARK = Buffer.from([0xf5, 0x56, 0x45, 0x43]);
const HEAD_BYTES = MARK.length + 32;
const SUM_BYTES = 4;
const CHUNK_BYTES = 1 << 20;

/** SHA-256 of a text or of a picture's bytes, hex. */
export const vectorKey = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');

/**
 * The vectors in `folder` of one encoder. Files only grow; deleting one while nobody uses it loses time and nothing else.
 *
 * @param encoder its hash, which names the file, with whatever else its vectors depend on: another encoder never finds
 *   these vectors
 * @throws AppError DISK where the folder cannot be written
 */
export function openVectorCache(
  folder: string,
  encoder: { readonly hash: string; readonly width: number },
): VectorCache {
  const path = join(folder, `${encoder.hash}.vectors`);
  const recordBytes = HEAD_BYTES + 4 * encoder.width + SUM_BYTES;
  /** Digest → where its vector begins. */
  const places = new Map<string, number>();
  let scanned = 0;

  const withFile = <T>(work: (file: number) => T): T => {
    try {
      mkdirSync(folder, { recursive: true });
      const file = openSync(path, 'a+');
      try {
        return work(file);
      } finally {
        closeSync(file);
      }
    } catch (cause) {
      throw new AppError(
        'DISK',
        `vectors cannot be kept in "${folder}": free some space or mend its rights`,
        {},
        cause,
      );
    }
  };
  /** Takes in what has been added since, by whomever. */
  const scan = (file: number): void => {
    for (let { size } = fstatSync(file); size - scanned >= recordBytes; ) {
      const chunk = Buffer.alloc(Math.min(size - scanned, Math.max(CHUNK_BYTES, recordBytes)));
      const read = readSync(file, chunk, 0, chunk.length, scanned);
      if (read < recordBytes) return;
      scanned += takeRecords(chunk.subarray(0, read), recordBytes, (key, at) =>
        places.set(key, scanned + at),
      );
    }
  };
  const vectorAt = (file: number, place: number): Float32Array => {
    const bytes = new Uint8Array(4 * encoder.width);
    readSync(file, bytes, 0, bytes.length, place);
    return new Float32Array(bytes.buffer);
  };

  withFile(scan);
  return {
    get size() {
      return places.size;
    },
    get: (key) => {
      const place = places.get(key);
      return place === undefined ? undefined : withFile((file) => vectorAt(file, place));
    },
    add: (keys, vectors) =>
      withFile((file) => {
        scan(file);
        const fresh = [...new Map(keys.map((key, i) => [key, i]))].filter(([key]) => !places.has(key));
        const records = fresh.map(([key, i]) =>
          recordOf(key, vectors.subarray(i * encoder.width, (i + 1) * encoder.width)),
        );
        const bytes = Buffer.concat(records);
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
        scan(file);
      }),
  };
}

/**
 * Says where the vectors of whole records begin.
 *
 * @returns how far the bytes are done with
 */
function takeRecords(bytes: Buffer, recordBytes: number, take: (key: string, at: number) => void): number {
  let at = 0;
  while (at + recordBytes <= bytes.length) {
    const record = bytes.subarray(at, at + recordBytes);
    if (isWhole(record)) {
      take(record.toString('hex', MARK.length, HEAD_BYTES), at + HEAD_BYTES);
      at += recordBytes;
      continue;
    }
    const next = bytes.indexOf(MARK, at + 1);
    at = next === -1 ? Math.max(at + 1, bytes.length - MARK.length + 1) : next;
  }
  return at;
}

function recordOf(key: string, vector: Float32Array): Buffer {
  const body = Buffer.concat([
    Buffer.from(key, 'hex'),
    Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
  ]);
  const sum = Buffer.alloc(SUM_BYTES);
  sum.writeUInt32LE(crc32c(body));
  return Buffer.concat([MARK, body, sum]);
}

const isWhole = (record: Buffer): boolean =>
  record.subarray(0, MARK.length).equals(MARK) &&
  record.readUInt32LE(record.length - SUM_BYTES) === crc32c(record.subarray(MARK.length, -SUM_BYTES));
