// TensorBoard's Event message, the part we write and read: a moment, a step, a file version or named scalars.
import { AppError, invariant } from '../../core/errors.ts';

/** What the first event of every file says; TensorBoard refuses a file without it. */
export const EVENT_FILE_VERSION = 'brain.Event:2';

/** One moment of a training run. */
export interface ScalarEvent {
  /** Seconds since 1970, with fractions. */
  readonly wallTime: number;
  readonly step: number;
  /** On the first event of a file only. */
  readonly fileVersion?: string;
  /** Values by tag, kept as float32. */
  readonly scalars: Readonly<Record<string, number>>;
}

// Field numbers of tensorboard/compat/proto/{event,summary}.proto, each with its wire type in the low three bits.
const WALL_TIME = (1 << 3) | 1;
const STEP = 2 << 3;
const FILE_VERSION = (3 << 3) | 2;
const SUMMARY = (5 << 3) | 2;
const VALUE = (1 << 3) | 2;
const TAG = (1 << 3) | 2;
const SIMPLE_VALUE = (2 << 3) | 5;

/** The event as a protocol buffer, byte for byte as Google's writers lay it out. */
export function encodeScalarEvent(event: ScalarEvent): Uint8Array {
  invariant(Number.isSafeInteger(event.step) && event.step >= 0, `a step is a count, got ${event.step}`);
  const parts: Uint8Array[] = [];
  if (event.wallTime !== 0) parts.push(Uint8Array.of(WALL_TIME), float64(event.wallTime));
  if (event.step !== 0) parts.push(Uint8Array.of(STEP), varint(event.step));
  if (event.fileVersion !== undefined) parts.push(...field(FILE_VERSION, text(event.fileVersion)));
  const values = Object.entries(event.scalars).flatMap(([tag, value]) =>
    field(VALUE, joined([...field(TAG, text(tag)), Uint8Array.of(SIMPLE_VALUE), float32(value)])),
  );
  if (values.length > 0) parts.push(...field(SUMMARY, joined(values)));
  return joined(parts);
}

/**
 * Reads an event back; fields we never write are passed over.
 *
 * @throws AppError BAD_FILE where the bytes are no protocol buffer
 */
export function decodeScalarEvent(bytes: Uint8Array): ScalarEvent {
  let event: ScalarEvent = { wallTime: 0, step: 0, scalars: {} };
  for (const { key, number, content } of fields(bytes)) {
    if (key === WALL_TIME) event = { ...event, wallTime: viewOf(content).getFloat64(0, true) };
    if (key === STEP) event = { ...event, step: number };
    if (key === FILE_VERSION) event = { ...event, fileVersion: new TextDecoder().decode(content) };
    if (key === SUMMARY) event = { ...event, scalars: decodeSummary(content) };
  }
  return event;
}

function decodeSummary(bytes: Uint8Array): Record<string, number> {
  const scalars: [string, number][] = [];
  for (const value of fields(bytes)) {
    if (value.key !== VALUE) continue;
    const inner = [...fields(value.content)];
    const tag = inner.find(({ key }) => key === TAG);
    const scalar = inner.find(({ key }) => key === SIMPLE_VALUE);
    if (tag && scalar) {
      scalars.push([new TextDecoder().decode(tag.content), viewOf(scalar.content).getFloat32(0, true)]);
    }
  }
  return Object.fromEntries(scalars);
}

interface WireField {
  readonly key: number;
  /** The value of a varint field, 0 for the others. */
  readonly number: number;
  readonly content: Uint8Array;
}

/** The fields of a message in their order, nested messages as bytes. */
function* fields(bytes: Uint8Array): Generator<WireField> {
  let at = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let scale = 1; at < bytes.length && scale < 2 ** 70; scale *= 128) {
      const byte = bytes[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw broken();
  };
  while (at < bytes.length) {
    const key = readVarint();
    const wireType = key & 7;
    const number = wireType === 0 ? readVarint() : 0;
    const length = wireType === 1 ? 8 : wireType === 5 ? 4 : wireType === 2 ? readVarint() : 0;
    if (wireType === 3 || wireType === 4 || wireType > 5 || at + length > bytes.length) throw broken();
    yield { key, number, content: bytes.subarray(at, at + length) };
    at += length;
  }
}

const broken = (): AppError =>
  new AppError(
    'BAD_FILE',
    'expected a TensorBoard event, got bytes that end inside a field; the file is damaged',
  );

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const float64 = (value: number): Uint8Array => new Uint8Array(Float64Array.of(value).buffer);

const float32 = (value: number): Uint8Array => new Uint8Array(Float32Array.of(value).buffer);

const field = (key: number, content: Uint8Array): Uint8Array[] => [
  Uint8Array.of(key),
  varint(content.length),
  content,
];

/** Seven bits a byte, lowest first; division, not shifts, so that steps past 2^31 stay whole. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
