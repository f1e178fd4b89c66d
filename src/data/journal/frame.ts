// A frame: how one record lies in a segment, so that a torn, damaged or foreign piece is never taken for a record.
import { crc32 } from './crc32.ts';

/**
 * What a frame holds. The bytes never occur in UTF-8, so that no text inside a damaged record can pass for a frame.
 *
 * - `record`: the caller's bytes
 * - `gap`: numbers whose records are gone (erased, or damaged and set aside); its body is their count, 4 bytes
 * - `seal`: the end of a segment that is whole; its number counts the numbers before it
 */
export const FRAME = { record: 0xf5, gap: 0xf6, seal: 0xf7 } as const;
export type FrameKind = (typeof FRAME)[keyof typeof FRAME];

/** Little-endian: checksum 4 · kind 1 · length of the body 3 · number in the segment 4 · number of its group's first 4. */
export const FRAME_HEADER_BYTES = 16;

/** The longest body the three bytes of a length can tell. */
export const MAX_RECORD_BYTES = 2 ** 24 - 1;

export const frameKind = (bytes: Uint8Array, at: number): FrameKind => bytes[at + 4] as FrameKind;
export const frameLength = (bytes: Uint8Array, at: number): number => readInteger(bytes, at + 4) >>> 8;
export const frameNumber = (bytes: Uint8Array, at: number): number => readInteger(bytes, at + 8);
/** The number of the first record that was written together with this one. */
export const frameGroup = (bytes: Uint8Array, at: number): number => readInteger(bytes, at + 12);
export const frameBody = (at: number): number => at + FRAME_HEADER_BYTES;
export const frameEnd = (bytes: Uint8Array, at: number): number =>
  at + FRAME_HEADER_BYTES + frameLength(bytes, at);

/** How many numbers a frame stands for. */
export function frameSpan(bytes: Uint8Array, at: number): number {
  const kind = frameKind(bytes, at);
  if (kind === FRAME.record) return 1;
  return kind === FRAME.gap ? readInteger(bytes, frameBody(at)) : 0;
}

/** Where the frames of one write stand in their segment. */
export interface FramePlace {
  /** Of the segment: mixed into each checksum, so that a block of another file does not pass. */
  readonly salt: number;
  readonly number: number;
  readonly group: number;
}

/** Writes the header of a frame whose body of `length` bytes already stands behind it. */
export function closeFrame(
  bytes: Uint8Array,
  at: number,
  length: number,
  { kind, salt, number, group }: FramePlace & { readonly kind: FrameKind },
): void {
  writeInteger(bytes, at + 4, (kind | (length << 8)) >>> 0);
  writeInteger(bytes, at + 8, number);
  writeInteger(bytes, at + 12, group);
  writeInteger(bytes, at, crc32(bytes, at + 4, frameBody(at) + length, salt));
}

/** Whether a whole frame of this segment stands at `at`. */
export function isFrame(bytes: Uint8Array, at: number, salt: number): boolean {
  if (at + FRAME_HEADER_BYTES > bytes.length) return false;
  const kind = bytes[at + 4];
  if (kind !== FRAME.record && kind !== FRAME.gap && kind !== FRAME.seal) return false;
  const end = frameEnd(bytes, at);
  if (end > bytes.length || frameGroup(bytes, at) > frameNumber(bytes, at)) return false;
  return crc32(bytes, at + 4, end, salt) === readInteger(bytes, at);
}

export const readInteger = (bytes: Uint8Array, at: number): number =>
  (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;

export function writeInteger(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}
