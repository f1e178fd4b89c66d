// Vectors an encoder has given before, on the disk: one file an encoder, a record a text or picture, found by its digest.
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';

/** Open on one encoder's file. */
export interface VectorCache {
  readonly size: number;
  /** @param key as `vectorKey` gives it */
  get(key: string): Float32Array | undefined;
  /** Adds vectors, [keys, width], in one append; keys it has already are passed over. @throws AppError DISK */
  add(keys: readonly string[], vectors: Float32Array): void;
}

const MAGIC = 'foresell vectors 1\n';
const KEY_BYTES = 32;
const CHECK_BYTES = 8;

/** SHA-256 of a text or of a picture's bytes, hex. */
export const vectorKey = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');

/**
 * Each record carries a digest of itself: one that a crash left half-written is not read, and what follows it is written
 * over. Of two processes that append at once both records stay, or one is lost: a lost one is worked out again.
 *
 * @param encoder its hash, which names the file: another encoder never finds these vectors
 * @throws AppError DISK where the folder cannot be written
 */
export function openVectorCache(
  folder: string,
  encoder: { readonly hash: string; readonly width: number },
): VectorCache {
  const path = join(folder, `${encoder.hash}.vectors`);
  const head = Buffer.from(`${MAGIC}${encoder.width}\n`);
  const length = KEY_BYTES + 4 * encoder.width + CHECK_BYTES;
  const known = new Map<string, Float32Array>();
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      throw new AppError(
        'DISK',
        `vectors cannot be kept in "${folder}": free some space or mend its rights`,
        {},
        cause,
      );
    }
  };
  guarded(() => mkdirSync(folder, { recursive: true }));
  let isWhole = false;
  if (existsSync(path)) {
    const bytes = readFileSync(path);
    if (bytes.subarray(0, head.length).equals(head)) {
      let at = head.length;
      for (; at + length <= bytes.length; at += length) {
        const record = bytes.subarray(at, at + length);
        if (!digestOf(record.subarray(0, length - CHECK_BYTES)).equals(record.subarray(length - CHECK_BYTES)))
          continue;
        const values = Uint8Array.from(record.subarray(KEY_BYTES, length - CHECK_BYTES));
        known.set(record.toString('hex', 0, KEY_BYTES), new Float32Array(values.buffer));
      }
      isWhole = at === bytes.length;
    }
  }
  // A file with a half record at its end would put all that follows out of step.
  if (!isWhole)
    guarded(() => {
      const fresh = `${path}.${process.pid}.new`;
      writeFileSync(
        fresh,
        Buffer.concat([head, ...[...known].map(([key, vector]) => recordOf(key, vector))]),
      );
      renameSync(fresh, path);
    });
  return {
    get size() {
      return known.size;
    },
    get: (key) => known.get(key),
    add(keys, vectors) {
      const records: Buffer[] = [];
      keys.forEach((key, i) => {
        if (known.has(key)) return;
        const vector = vectors.slice(i * encoder.width, (i + 1) * encoder.width);
        known.set(key, vector);
        records.push(recordOf(key, vector));
      });
      if (records.length > 0) guarded(() => appendFileSync(path, Buffer.concat(records)));
    },
  };
}

function recordOf(key: string, vector: Float32Array): Buffer {
  const body = Buffer.concat([
    Buffer.from(key, 'hex'),
    Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
  ]);
  return Buffer.concat([body, digestOf(body)]);
}

const digestOf = (body: Uint8Array): Buffer =>
  createHash('sha256').update(body).digest().subarray(0, CHECK_BYTES);
