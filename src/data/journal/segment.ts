// A segment: one file of the journal, numbered frames after a short header, and what a scan finds of it.
import { crc32 } from './crc32.ts';
import {
  closeFrame,
  FRAME,
  FRAME_HEADER_BYTES,
  type FrameKind,
  type FramePlace,
  frameBody,
  frameEnd,
  frameGroup,
  frameKind,
  frameNumber,
  frameSpan,
  isFrame,
  readInteger,
  writeInteger,
} from './frame.ts';

/** No UTF-8 text begins so; the last byte is the version of the format. */
const MAGIC = Uint8Array.of(0xf8, 0x46, 0x4a, 0x4f, 0x55, 0x52, 0x4e, 0x01);

/** Magic 8 · position of the first record 8 · checksum of both 4. */
export const SEGMENT_HEADER_BYTES = 20;

const ENDING = '.journal';

/** Segments sort by name as by position. */
export const segmentName = (first: number): string => `${String(first).padStart(16, '0')}${ENDING}`;

/** The position a segment's name tells; undefined for other files. */
export function segmentFirst(name: string): number | undefined {
  return /^\d{16}\.journal$/.test(name) ? Number(name.slice(0, 16)) : undefined;
}

export function writeSegmentHeader(bytes: Uint8Array, first: number): void {
  bytes.set(MAGIC);
  writeInteger(bytes, 8, first >>> 0);
  writeInteger(bytes, 12, Math.floor(first / 2 ** 32));
  writeInteger(bytes, 16, crc32(bytes, 0, 16));
}

/** What every checksum of a segment begins with. */
export function segmentSalt(first: number): number {
  const bytes = new Uint8Array(8);
  writeInteger(bytes, 0, first >>> 0);
  writeInteger(bytes, 4, Math.floor(first / 2 ** 32));
  return crc32(bytes, 0, 8);
}

function hasSegmentHeader(bytes: Uint8Array, first: number): boolean {
  if (bytes.length < SEGMENT_HEADER_BYTES) return false;
  if (MAGIC.some((byte, at) => bytes[at] !== byte)) return false;
  if (readInteger(bytes, 8) + readInteger(bytes, 12) * 2 ** 32 !== first) return false;
  return crc32(bytes, 0, 16) === readInteger(bytes, 16);
}

/** A stretch of a segment that holds no whole frame (or not the header it should), or numbers that no frame stands for. */
export interface Tear {
  /** Bytes `[at, end)`; equal where only numbers are missing. */
  readonly at: number;
  readonly end: number;
  /** Numbers `[number, number + count)` are missing; at the end of a segment nobody knows how many, and `count` is 0. */
  readonly number: number;
  readonly count: number;
  /** It belongs to the segment's last write, which may be an unfinished one that nobody was told of. */
  readonly isLastWrite: boolean;
}

export interface SegmentScan {
  /** Numbers `[0, numbers)` are spoken for, by records or by gaps. */
  readonly numbers: number;
  readonly records: number;
  readonly isSealed: boolean;
  readonly tears: readonly Tear[];
}

/** Receives a record's bytes `[start, end)` and its number in the segment. */
export type RecordVisitor = (start: number, end: number, number: number) => void;

/**
 * Reads a segment from end to end: every checksum is checked, and after a damaged stretch the next whole frame is looked
 * for byte by byte. Nothing is changed.
 */
export function scanSegment(bytes: Uint8Array, first: number, visit?: RecordVisitor): SegmentScan {
  const salt = segmentSalt(first);
  const tears: Omit<Tear, 'isLastWrite'>[] = [];
  let at = Math.min(SEGMENT_HEADER_BYTES, bytes.length);
  if (!hasSegmentHeader(bytes, first)) tears.push({ at: 0, end: at, number: 0, count: 0 });
  let numbers = 0;
  let records = 0;
  let isSealed = false;
  let lastWrite = 0;
  while (at < bytes.length && !isSealed) {
    const found = findFrame(bytes, at, salt, numbers);
    if (found < 0) {
      tears.push({ at, end: bytes.length, number: numbers, count: 0 });
      break;
    }
    const number = frameNumber(bytes, found);
    if (found > at || number > numbers) {
      tears.push({ at, end: found, number: numbers, count: number - numbers });
    }
    lastWrite = frameGroup(bytes, found);
    const kind = frameKind(bytes, found);
    if (kind === FRAME.record) {
      records++;
      visit?.(frameBody(found), frameEnd(bytes, found), number);
    }
    numbers = number + frameSpan(bytes, found);
    at = frameEnd(bytes, found);
    isSealed = kind === FRAME.seal;
  }
  // Bytes behind a seal were never written by us.
  if (isSealed && at < bytes.length) tears.push({ at, end: bytes.length, number: numbers, count: 0 });
  const told = tears.map((tear) => ({ ...tear, isLastWrite: tear.number >= lastWrite }));
  return { numbers, records, isSealed, tears: told };
}

/** Visits the records of a file of the journal by its name; of other files none. */
export function visitRecords(name: string, bytes: Uint8Array, visit: (record: Uint8Array) => void): void {
  const first = segmentFirst(name);
  if (first !== undefined) scanSegment(bytes, first, (start, end) => visit(bytes.subarray(start, end)));
}

/** Where the next whole frame with a number from `least` on begins, or -1. */
function findFrame(bytes: Uint8Array, from: number, salt: number, least: number): number {
  for (let at = from; at + FRAME_HEADER_BYTES <= bytes.length; at++) {
    const kind = bytes[at + 4];
    if (kind < FRAME.record || kind > FRAME.seal) continue;
    if (frameNumber(bytes, at) >= least && isFrame(bytes, at, salt)) return at;
  }
  return -1;
}

/** Collects frames of one segment in a growing array. */
export interface SegmentWriter {
  record(bytes: Uint8Array, number: number, group: number): void;
  /** Numbers `[number, number + count)` have no record. */
  gap(number: number, count: number): void;
  /** The whole segment, sealed at `numbers`. */
  finish(numbers: number): Uint8Array;
}

export function segmentWriter(first: number, expectedBytes: number): SegmentWriter {
  const salt = segmentSalt(first);
  let bytes = new Uint8Array(Math.max(expectedBytes, 256));
  let used = SEGMENT_HEADER_BYTES;
  writeSegmentHeader(bytes, first);
  const room = (length: number): void => {
    const needed = used + FRAME_HEADER_BYTES + length;
    if (needed <= bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, bytes.length * 2));
    grown.set(bytes);
    bytes = grown;
  };
  const close = (length: number, kind: FrameKind, place: FramePlace): void => {
    closeFrame(bytes, used, length, { ...place, kind });
    used += FRAME_HEADER_BYTES + length;
  };
  return {
    record(body, number, group) {
      room(body.length);
      bytes.set(body, frameBody(used));
      close(body.length, FRAME.record, { salt, number, group });
    },
    gap(number, count) {
      room(4);
      writeInteger(bytes, frameBody(used), count);
      close(4, FRAME.gap, { salt, number, group: number });
    },
    finish(numbers) {
      room(0);
      close(0, FRAME.seal, { salt, number: numbers, group: numbers });
      return bytes.subarray(0, used);
    },
  };
}
