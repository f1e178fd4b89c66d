// Protobuf's wire format, reading: the fields of a message by number, without a schema compiler.
import { AppError } from '../../core/errors.ts';

/** Nested messages deeper than this are refused, as protobuf's own parsers do. */
const DEPTH_LIMIT = 100;

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

const WORD = 2 ** 32;

/**
 * A parsed message: the last value of a single field, all values of a repeated one, packed or not.
 * Absent fields give protobuf's defaults (0, '', nothing); fields nobody asks for are skipped.
 * Blocks of bytes are views of the file, not copies.
 *
 * @throws AppError BAD_FILE from any method, when the field holds something else than asked for
 */
export interface Message {
  /** What is being read, for error messages. */
  readonly where: string;
  has(field: number): boolean;
  /** Beyond 2⁵³ the nearest double. */
  int(field: number): number;
  ints(field: number): readonly number[];
  /** Every whole number as its two halves: what must stay exact beyond 2⁵³. */
  eachInt(field: number, visit: (low: number, high: number) => void): void;
  float(field: number): number;
  floats(field: number): readonly number[];
  /** All numbers of a repeated float (4) or double (8) as little-endian bytes. */
  fixedBytes(field: number, width: 4 | 8): Uint8Array;
  text(field: number): string;
  texts(field: number): readonly string[];
  bytes(field: number): Uint8Array;
  message(field: number, where: string): Message | undefined;
  messages(field: number, where: string): readonly Message[];
}

/** A place in the bytes that only moves forward and never past their end. */
interface Cursor {
  readonly bytes: Uint8Array;
  readonly where: string;
  at: number;
  /** The varint last read, as two's complement halves: `low` unsigned, `high` signed. */
  low: number;
  high: number;
}

/** A value and the bytes it covers. */
interface Value {
  readonly wireType: number;
  readonly start: number;
  readonly end: number;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Indexes the fields of one message; nested messages are parsed when asked for.
 *
 * @param where what the bytes should be, for error messages
 * @throws AppError BAD_FILE when the bytes end early or are no protobuf message
 */
export function parseMessage(bytes: Uint8Array, where: string, depth = 0): Message {
  if (depth > DEPTH_LIMIT) throw damaged(where, `nested deeper than ${DEPTH_LIMIT} messages`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const cursor: Cursor = { bytes, where, at: 0, low: 0, high: 0 };
  const places = indexFields(cursor);

  const valuesOf = (field: number, wireTypes: readonly number[]): readonly Value[] =>
    (places.get(field) ?? []).map((place) => {
      cursor.at = place;
      const value = readValue(cursor);
      if (!wireTypes.includes(value.wireType))
        throw damaged(where, `field ${field} has wire type ${value.wireType}, not ${wireTypes.join(' or ')}`);
      return value;
    });
  const blocksOf = (field: number) =>
    valuesOf(field, [DELIMITED]).map(({ start, end }) => bytes.subarray(start, end));

  const eachInt = (field: number, visit: (low: number, high: number) => void) => {
    for (const { start, end } of valuesOf(field, [VARINT, DELIMITED])) {
      const packed: Cursor = { bytes: bytes.subarray(0, end), where, at: start, low: 0, high: 0 };
      while (packed.at < end) {
        readVarint(packed);
        visit(packed.low, packed.high);
      }
    }
  };
  const ints = (field: number) => {
    const numbers: number[] = [];
    eachInt(field, (low, high) => numbers.push(high * WORD + low));
    return numbers;
  };
  const fixedBytes = (field: number, width: 4 | 8) => {
    const values = valuesOf(field, [width === 4 ? FIXED32 : FIXED64, DELIMITED]);
    const uneven = values.find(({ start, end }) => (end - start) % width !== 0);
    if (uneven) throw damaged(where, `field ${field} is not made of ${width}-byte numbers`);
    if (values.length === 1) return bytes.subarray(values[0].start, values[0].end);
    const joined = new Uint8Array(values.reduce((sum, { start, end }) => sum + end - start, 0));
    let at = 0;
    for (const { start, end } of values) {
      joined.set(bytes.subarray(start, end), at);
      at += end - start;
    }
    return joined;
  };
  const decode = (block: Uint8Array) => {
    try {
      return utf8.decode(block);
    } catch (cause) {
      throw damaged(where, 'a text is not UTF-8', cause);
    }
  };
  const nested = (block: Uint8Array, name: string) => parseMessage(block, `${where} › ${name}`, depth + 1);

  return {
    where,
    has: (field) => places.has(field),
    int: (field) => ints(field).at(-1) ?? 0,
    ints,
    eachInt,
    float(field) {
      const last = valuesOf(field, [FIXED32]).at(-1);
      return last ? view.getFloat32(last.start, true) : 0;
    },
    floats(field) {
      const block = fixedBytes(field, 4);
      const floats = new DataView(block.buffer, block.byteOffset, block.byteLength);
      return Array.from({ length: block.length / 4 }, (_, i) => floats.getFloat32(i * 4, true));
    },
    fixedBytes,
    text: (field) => decode(blocksOf(field).at(-1) ?? new Uint8Array()),
    texts: (field) => blocksOf(field).map(decode),
    bytes: (field) => blocksOf(field).at(-1) ?? new Uint8Array(),
    message(field, name) {
      const block = blocksOf(field).at(-1);
      return block && nested(block, name);
    },
    messages: (field, name) => blocksOf(field).map((block, i) => nested(block, `${name} ${i}`)),
  };
}

/** Where each field's tags stand: numbers only, so that a file of a million small fields stays cheap. */
function indexFields(cursor: Cursor): ReadonlyMap<number, readonly number[]> {
  const places = new Map<number, number[]>();
  while (cursor.at < cursor.bytes.length) {
    const place = cursor.at;
    readVarint(cursor);
    const field = cursor.low >>> 3;
    if (field === 0 || cursor.high !== 0) throw damaged(cursor.where, `no field number at byte ${place}`);
    const known = places.get(field);
    if (known) known.push(place);
    else places.set(field, [place]);
    cursor.at = place;
    readValue(cursor);
  }
  return places;
}

/** Reads a tag and steps over its value. */
function readValue(cursor: Cursor): Value {
  readVarint(cursor);
  const wireType = cursor.low & 7;
  let start = cursor.at;
  if (wireType === VARINT) readVarint(cursor);
  else if (wireType === FIXED32) step(cursor, 4);
  else if (wireType === FIXED64) step(cursor, 8);
  else if (wireType === DELIMITED) {
    readVarint(cursor);
    start = cursor.at;
    step(cursor, cursor.high * WORD + cursor.low);
  } else throw damaged(cursor.where, `unknown wire type ${wireType} before byte ${start}`);
  return { wireType, start, end: cursor.at };
}

function step(cursor: Cursor, count: number): void {
  const left = cursor.bytes.length - cursor.at;
  if (count < 0 || count > left)
    throw damaged(cursor.where, `a value of ${count} bytes starts where ${left} are left`);
  cursor.at += count;
}

/** At most ten bytes, seven bits each, low first. */
function readVarint(cursor: Cursor): void {
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    if (cursor.at >= cursor.bytes.length) throw damaged(cursor.where, 'a number is cut off at the end');
    const byte = cursor.bytes[cursor.at++];
    const bits = byte & 127;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) {
      low |= bits << 28;
      high |= bits >>> 4;
    } else high |= bits << (shift - 32);
    if (byte < 128) {
      cursor.low = low >>> 0;
      cursor.high = high;
      return;
    }
  }
  throw damaged(cursor.where, 'a number is longer than 64 bits');
}

const damaged = (where: string, what: string, cause?: unknown) =>
  new AppError('BAD_FILE', `${where}: ${what}; the file is damaged or not an ONNX model`, {}, cause);
