// Records that go to the disk together: framed one behind the other in one buffer, with one promise for all who wait.
import { AppError } from '../../core/errors.ts';
import {
  closeFrame,
  FRAME,
  FRAME_HEADER_BYTES,
  type FrameKind,
  frameBody,
  MAX_RECORD_BYTES,
} from './frame.ts';
import { SEGMENT_HEADER_BYTES, segmentSalt, writeSegmentHeader } from './segment.ts';

/** The bytes of one record, or its text, which is kept as UTF-8. */
export type JournalRecord = Uint8Array | string;

/** Being filled until its turn comes; from then on only read. */
export interface Group {
  bytes: Buffer;
  used: number;
  /** Position of its segment's first record. */
  readonly first: number;
  readonly salt: number;
  /** Number in the segment of its first record; it begins the segment when it is 0. */
  readonly from: number;
  /** Number after its last record. */
  to: number;
  /** Settled once the group is on the disk, or once it is certain that it will not be acknowledged. */
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

const LEAST_BUFFER_BYTES = 1 << 16;

export const newGroupBuffer = (): Buffer => Buffer.allocUnsafeSlow(LEAST_BUFFER_BYTES);

export function startGroup(bytes: Buffer, first: number, from: number): Group {
  let resolve: () => void = () => undefined;
  let reject: (cause: unknown) => void = () => undefined;
  const done = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Those who wait hear of a failure; where nobody waits it is no unhandled one.
  done.catch(() => undefined);
  const begins = from === 0;
  if (begins) writeSegmentHeader(bytes, first);
  const used = begins ? SEGMENT_HEADER_BYTES : 0;
  return { bytes, used, first, salt: segmentSalt(first), from, to: from, done, resolve, reject };
}

/**
 * The most bytes a record can take.
 *
 * @throws AppError BAD_DATA when no frame can hold it
 */
export function recordBytes(record: JournalRecord): number {
  // A UTF-16 unit becomes three bytes at most: counting is for the few long ones.
  let length = typeof record === 'string' ? record.length * 3 : record.length;
  if (length > MAX_RECORD_BYTES && typeof record === 'string') length = Buffer.byteLength(record);
  if (length <= MAX_RECORD_BYTES) return length;
  throw new AppError(
    'BAD_DATA',
    `expected a record of at most ${MAX_RECORD_BYTES} bytes, got ${length}; send it in parts`,
  );
}

export function addRecord(group: Group, record: JournalRecord): void {
  const isText = typeof record === 'string';
  const body = makeRoom(group, isText ? record.length * 3 : record.length);
  let length = record.length;
  if (isText) length = group.bytes.write(record, body, 'utf8');
  else group.bytes.set(record, body);
  close(group, length, FRAME.record, group.from);
  group.to++;
}

/**
 * Ends the segment with this group.
 *
 * The seal belongs to the group's write when the group has records; alone it is a write of its own, which says that all
 * before it was on the disk.
 */
export function addSeal(group: Group): void {
  makeRoom(group, 0);
  close(group, 0, FRAME.seal, group.from);
}

function makeRoom(group: Group, length: number): number {
  const needed = group.used + FRAME_HEADER_BYTES + length;
  if (needed > group.bytes.length) {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, group.bytes.length * 2));
    group.bytes.copy(grown, 0, 0, group.used);
    group.bytes = grown;
  }
  return frameBody(group.used);
}

function close(group: Group, length: number, kind: FrameKind, from: number): void {
  const { bytes, used, salt, to } = group;
  closeFrame(bytes, used, length, { kind, salt, number: to, group: from });
  group.used += FRAME_HEADER_BYTES + length;
}
