// Numbers and texts as bytes: short where they are small, exact always.
import { invariant } from '../../core/errors.ts';

export interface ByteWriter {
  /** What was written is `bytes[0, length)`; another array once it has grown. */
  bytes: Uint8Array;
  length: number;
}

export interface ByteReader {
  readonly bytes: Uint8Array;
  at: number;
}

export const openWriter = (size = 1024): ByteWriter => ({ bytes: new Uint8Array(size), length: 0 });

const encoder = new TextEncoder();

/** Makes room for `more` bytes. */
function reserve(writer: ByteWriter, more: number): void {
  if (writer.length + more <= writer.bytes.length) return;
  const wider = new Uint8Array(Math.max(2 * writer.bytes.length, writer.length + more));
  wider.set(writer.bytes.subarray(0, writer.length));
  writer.bytes = wider;
}

export function writeByte(writer: ByteWriter, value: number): void {
  reserve(writer, 1);
  writer.bytes[writer.length++] = value;
}

/** A whole number from 0 to 2^53 − 1, seven bits a byte, lowest first. */
export function writeWhole(writer: ByteWriter, value: number): void {
  reserve(writer, 8);
  let rest = value;
  while (rest >= 128) {
    // Of numbers beyond 32 bits a bitwise and takes the low ones.
    writer.bytes[writer.length++] = (rest & 127) | 128;
    rest = rest < 2 ** 31 ? rest >>> 7 : Math.floor(rest / 128);
  }
  writer.bytes[writer.length++] = rest;
}

export function readWhole(reader: ByteReader): number {
  const { bytes } = reader;
  let value = 0;
  let place = 1;
  for (;;) {
    const byte = bytes[reader.at++];
    invariant(byte !== undefined, 'a number ends where its bytes do');
    if (byte < 128) return value + byte * place;
    value += (byte & 127) * place;
    place *= 128;
  }
}

const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);
const LARGEST_SHORT = 2 ** 50;

/** Any number: whole ones and hundredths that are not negative in a few bytes, others in nine. */
export function writeNumber(writer: ByteWriter, value: number): void {
  const isShort = value >= 0 && value < LARGEST_SHORT && !Object.is(value, -0);
  const hundredths = Math.round(value * 100);
  if (isShort && Number.isInteger(value)) writeWhole(writer, value * 4);
  else if (isShort && hundredths < LARGEST_SHORT && hundredths / 100 === value)
    writeWhole(writer, hundredths * 4 + 1);
  else {
    writeByte(writer, 3);
    float[0] = value;
    writeBytes(writer, floatBytes, 8);
  }
}

export function readNumber(reader: ByteReader): number {
  const coded = readWhole(reader);
  const kind = coded % 4;
  if (kind === 0) return coded / 4;
  if (kind === 1) return (coded - 1) / 4 / 100;
  for (let i = 0; i < 8; i++) floatBytes[i] = reader.bytes[reader.at + i];
  reader.at += 8;
  return float[0];
}

export function writeBytes(writer: ByteWriter, bytes: Uint8Array, length = bytes.length): void {
  reserve(writer, length);
  for (let i = 0; i < length; i++) writer.bytes[writer.length + i] = bytes[i];
  writer.length += length;
}

/**
 * UTF-8 behind its length plus `more`, so that small numbers are free to mean something else.
 *
 * @param sign a byte under 128 that belongs to the text and stands before it; 0 for none
 */
export function writeText(writer: ByteWriter, text: string, more = 0, sign = 0): void {
  const { length } = text;
  const before = sign === 0 ? 0 : 1;
  reserve(writer, 3 * length + 9);
  // Most ids are plain: then the length is known before.
  let plain = 0;
  while (plain < length && text.charCodeAt(plain) < 128) plain++;
  const encoded = plain === length ? undefined : encoder.encode(text);
  writeWhole(writer, before + (encoded?.length ?? length) + more);
  if (before === 1) writer.bytes[writer.length++] = sign;
  if (encoded) writeBytes(writer, encoded);
  else {
    const { bytes } = writer;
    for (let i = 0; i < length; i++) bytes[writer.length + i] = text.charCodeAt(i);
    writer.length += length;
  }
}

/** The text of so many bytes. */
export function readText(reader: ByteReader, length: number): string {
  const text = textOf(reader.bytes, reader.at, reader.at + length);
  reader.at += length;
  return text;
}

export const textOf = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8');
