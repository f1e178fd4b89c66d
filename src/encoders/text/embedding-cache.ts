// Vectors of texts kept on the disk: one growing file for each way of making them, safe for several processes at once.
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { invariant } from '../../core/errors.ts';
import { guardDisk } from '../../nn/checkpoint/disk.ts';
import { crc32c } from '../../nn/record/crc32c.ts';

/** Vectors made in one way. */
export interface CachedVectors {
  /** Copies the vector of a text into `into`, [width]; false where it is not known. */
  read(text: string, into: Float32Array): boolean;
  /** Keeps vectors, [texts, width]. @throws AppError DISK */
  keep(texts: readonly string[], vectors: Float32Array): void;
  close(): void;
}

/** A folder of vectors. */
export interface EmbeddingCache {
  /**
   * @param maker everything a vector depends on besides its text: the encoder's hash, pooling, precision
   * @param width numbers of a vector
   */
  open(maker: string, width: number): CachedVectors;
}

/**
 * A cache of vectors in `folder`. Files only grow; deleting one, or the folder, while nobody uses it loses time and
 * nothing else.
 */
export function embeddingCache(folder: string): EmbeddingCache {
  return {
    open: (maker, width) => {
      guardDisk(() => mkdirSync(folder, { recursive: true }));
      const name = createHash('sha256').update(`${maker} ${width}`).digest('hex');
      return openVectors(join(folder, `${name}.vectors`), width);
    },
  };
}

/*
 * A record: mark (4 bytes), hash of the text (16), vector, check sum of hash and vector (4). Records are added whole, by
 * one write each batch to a file opened for appending: the system puts the writes of several processes one after the
 * other. A record that was torn (a full disk, a power cut) fails its check sum; reading goes on at the next mark.
 */
const MARK = Buffer.from([0xf5, 0x56, 0x45, 0x43]);
const KEY_BYTES = 16;
const HEAD_BYTES = MARK.length + KEY_BYTES;
const CHUNK_BYTES = 1 << 20;

const keyOf = (text: string): Buffer => createHash('sha256').update(text).digest().subarray(0, KEY_BYTES);

function openVectors(path: string, width: number): CachedVectors {
  const recordBytes = HEAD_BYTES + 4 * width + 4;
  const file = guardDisk(() => openSync(path, 'a+'));
  /** Hash of a text → where its vector begins. */
  const places = new Map<string, number>();
  let scanned = 0;

  /** Takes in what has been added since, by whomever. */
  const scan = (): void => {
    const size = fstatSync(file).size;
    while (size - scanned >= recordBytes) {
      const chunk = Buffer.alloc(Math.min(size - scanned, Math.max(CHUNK_BYTES, recordBytes)));
      const got = readSync(file, chunk, 0, chunk.length, scanned);
      const bytes = chunk.subarray(0, got);
      if (got < recordBytes) return;
      let at = 0;
      while (at + recordBytes <= got) {
        const record = bytes.subarray(at, at + recordBytes);
        if (isWhole(record)) {
          places.set(record.toString('latin1', MARK.length, HEAD_BYTES), scanned + at + HEAD_BYTES);
          at += recordBytes;
          continue;
        }
        const next = bytes.indexOf(MARK, at + 1);
        at = next === -1 ? Math.max(at + 1, got - MARK.length + 1) : next;
      }
      scanned += at;
    }
  };

  scan();
  const vectorBytes = Buffer.alloc(4 * width);
  return {
    read: (text, into) => {
      const key = keyOf(text).toString('latin1');
      if (!places.has(key) && fstatSync(file).size - scanned >= recordBytes) scan();
      const place = places.get(key);
      if (place === undefined) return false;
      readSync(file, vectorBytes, 0, vectorBytes.length, place);
      for (let i = 0; i < width; i++) into[i] = vectorBytes.readFloatLE(4 * i);
      return true;
    },
    keep: (texts, vectors) => {
      invariant(vectors.length === texts.length * width, 'a vector for each text');
      const records = Buffer.alloc(texts.length * recordBytes);
      for (const [i, text] of texts.entries()) {
        const record = records.subarray(i * recordBytes, (i + 1) * recordBytes);
        MARK.copy(record);
        keyOf(text).copy(record, MARK.length);
        for (let k = 0; k < width; k++) record.writeFloatLE(vectors[i * width + k], HEAD_BYTES + 4 * k);
        record.writeUInt32LE(sumOf(record), recordBytes - 4);
      }
      guardDisk(() => {
        for (let at = 0; at < records.length; ) at += writeSync(file, records, at);
      });
    },
    close: () => closeSync(file),
  };
}

const sumOf = (record: Buffer): number => crc32c(record.subarray(MARK.length, record.length - 4));

const isWhole = (record: Buffer): boolean =>
  record.subarray(0, MARK.length).equals(MARK) && record.readUInt32LE(record.length - 4) === sumOf(record);
