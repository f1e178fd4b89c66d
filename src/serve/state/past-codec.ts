// What earlier events left behind, as bytes: each digest by its key's code, each value with what kind it is.
import type { Atom, Digest } from '../../data/features/digests.ts';
import type { PastEvents } from '../../data/features/past-events.ts';
import {
  type ByteReader,
  type ByteWriter,
  readNumber,
  readText,
  readWhole,
  writeByte,
  writeNumber,
  writeText,
  writeWhole,
} from './byte-stream.ts';
import type { Dictionary } from './dictionary.ts';

/** Kinds of values: a text is written as its length and this many more. */
const NOTHING = 0;
const NUMBER = 1;
const TEXT = 2;

export function writePast(writer: ByteWriter, past: PastEvents, keys: Dictionary): void {
  writeNumber(writer, past.untilMs);
  writeByte(writer, past.isDisordered ? 1 : 0);
  writeWhole(writer, past.digests.size);
  for (const [key, digest] of past.digests) {
    writeWhole(writer, keys.add(key));
    writeWhole(writer, digest.length);
    for (const value of digest) writeAtom(writer, value);
  }
}

function writeAtom(writer: ByteWriter, value: Atom): void {
  if (value === null) writeByte(writer, NOTHING);
  else if (typeof value === 'string') writeText(writer, value, TEXT);
  else {
    writeByte(writer, NUMBER);
    writeNumber(writer, value);
  }
}

/** The moment stands first, and in no more bytes than these. */
export const PAST_UNTIL_BYTES = 9;
export const readPastUntil = (reader: ByteReader): number => readNumber(reader);

export function readPast(reader: ByteReader, keys: Dictionary): PastEvents {
  const untilMs = readPastUntil(reader);
  const isDisordered = reader.bytes[reader.at++] === 1;
  const digests = new Map<string, Digest>();
  const count = readWhole(reader);
  for (let d = 0; d < count; d++) {
    const key = keys.text(readWhole(reader));
    digests.set(
      key,
      Array.from({ length: readWhole(reader) }, () => readAtom(reader)),
    );
  }
  return { untilMs, isDisordered, digests };
}

function readAtom(reader: ByteReader): Atom {
  const kind = readWhole(reader);
  if (kind === NOTHING) return null;
  return kind === NUMBER ? readNumber(reader) : readText(reader, kind - TEXT);
}
