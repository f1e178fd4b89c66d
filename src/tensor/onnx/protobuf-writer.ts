// Protobuf's wire format, writing: a message out of its fields, without a schema compiler.
import { AppError } from '../../core/errors.ts';

/** Protobuf's own limit on one message: 2³¹ − 1 bytes. */
export const MESSAGE_LIMIT_BYTES = 2 ** 31 - 1;

const VARINT = 0;
const DELIMITED = 2;
const FIXED32 = 5;

const WORD = 2 ** 32;

/** Adds fields to the message being written; a repeated field is written by calling again (unpacked). */
export interface FieldWriter {
  /** int32, int64, enum or bool; 2⁶³, which a double cannot tell from int64's last number, is written as 2⁶³ − 1. */
  int(field: number, value: number): void;
  float(field: number, value: number): void;
  text(field: number, value: string): void;
  bytes(field: number, value: Uint8Array): void;
  message(field: number, body: () => void): void;
}

/** Where bytes go: the first pass only counts them, the second keeps them. */
interface Sink {
  byte(value: number): void;
  block(value: Uint8Array): void;
  /** Bytes so far. */
  size(): number;
  /** The length of the nested message about to be written: a guess while counting, exact while keeping. */
  nestedLength(): { readonly length: number; close(length: number): void };
}

/**
 * Encodes one message. `body` runs twice, first to learn every length, then to write, so that the bytes are
 * allocated once at their exact size and every block is copied once.
 *
 * @param checkSize told the size before anything is allocated; may throw
 */
export function encodeMessage(
  body: (out: FieldWriter) => void,
  checkSize: (bytes: number) => void = () => {},
): Uint8Array {
  const lengths: number[] = [];
  let size = 0;
  const write = (out: Sink) => body(fieldWriter(out));
  write({
    byte: () => {
      size++;
    },
    block: (value) => {
      size += value.length;
    },
    size: () => size,
    nestedLength() {
      const slot = lengths.push(0) - 1;
      return {
        length: 0,
        close(length) {
          lengths[slot] = length;
          // The one guessed byte becomes as many as the length really needs.
          size += varintSize(length) - 1;
        },
      };
    },
  });
  checkSize(size);

  const bytes = new Uint8Array(size);
  let at = 0;
  let next = 0;
  write({
    byte(value) {
      bytes[at++] = value;
    },
    block(value) {
      bytes.set(value, at);
      at += value.length;
    },
    size: () => at,
    nestedLength: () => ({ length: lengths[next++], close() {} }),
  });
  return bytes;
}

function fieldWriter(out: Sink): FieldWriter {
  const scratch = new Uint8Array(4);
  const float32 = new DataView(scratch.buffer);
  const utf8 = new TextEncoder();
  const tag = (field: number, wireType: number) => writeVarint(out, field * 8 + wireType);
  const bytes = (field: number, value: Uint8Array) => {
    tag(field, DELIMITED);
    writeVarint(out, value.length);
    out.block(value);
  };
  return {
    int(field, value) {
      tag(field, VARINT);
      writeVarint(out, value);
    },
    float(field, value) {
      tag(field, FIXED32);
      float32.setFloat32(0, value, true);
      out.block(scratch);
    },
    text: (field, value) => bytes(field, utf8.encode(value)),
    bytes,
    message(field, body) {
      tag(field, DELIMITED);
      const nested = out.nestedLength();
      writeVarint(out, nested.length);
      const start = out.size();
      body();
      nested.close(out.size() - start);
    },
  };
}

/** Two's complement in 64 bits, seven at a time, low first; a negative number takes all ten bytes. */
function writeVarint(out: Sink, value: number): void {
  if (!Number.isInteger(value) || Math.abs(value) > 2 ** 63)
    throw new AppError('USAGE', `expected a whole number of 64 bits, got ${value}`);
  let high = value === 2 ** 63 ? 0x7fffffff : Math.floor(value / WORD);
  let low = value === 2 ** 63 ? 0xffffffff : value - high * WORD;
  high >>>= 0;
  while (high > 0 || low > 127) {
    out.byte((low & 127) | 128);
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  out.byte(low);
}

function varintSize(length: number): number {
  let size = 1;
  for (let rest = length; rest > 127; rest = Math.floor(rest / 128)) size++;
  return size;
}
