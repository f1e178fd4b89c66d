// The journal of one shop: records that are on the disk before anybody is told so, numbered, read again after a crash.
import { AppError } from '../../core/errors.ts';
import { pause } from '../../core/pause.ts';
import type { JournalRecord } from './group.ts';
import type { JournalDisk } from './journal-disk.ts';
import { type RecordChange, rebuildSegment, replaceSegment } from './rebuild.ts';
import { type Recovery, recoverSegments, type Segment } from './recover.ts';
import { scanSegment, segmentName } from './segment.ts';
import { openTail, type SyncListener } from './tail.ts';

export interface JournalOptions {
  /** A segment is ended once it has so many bytes; default 8 MiB. It is read as a whole, in one turn of the event loop. */
  readonly segmentBytes?: number;
  /** So many bytes may wait for the disk, beyond that `append` refuses; default 64 MiB. */
  readonly maxWaitingBytes?: number;
  readonly onSynced?: SyncListener;
}

/** Receives a record and its position; the bytes are valid until it returns. */
export type RecordReader = (record: Uint8Array, position: number) => void;

export interface Journal {
  /** False once a write or a sync has failed: nothing more is acknowledged until the journal is opened anew. */
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly failure: AppError | undefined;
  /** What was found at opening. */
  readonly recovery: Recovery;
  /** Records at positions `[start, end)` are on the disk. A position is never used twice; some have no record. */
  readonly start: number;
  readonly end: number;
  /** Bytes of records accepted for writing and not yet on the disk. */
  readonly waitingBytes: number;
  /** Writes with their syncs since opening: how many records shared one is `end` over them. */
  readonly syncs: number;
  /** Bytes of the journal's segments on the disk. */
  readonly bytes: number;
  /**
   * Resolves only when every record is on the disk; records of one call stand together, calls in their order. Records that
   * wait at the same time share one write and one sync. Without records it resolves when all earlier ones are on the disk.
   *
   * @throws AppError DISK (also for all that waits, when a write or sync fails), BUSY when too much waits and nothing of this
   *   was taken, BAD_DATA for a record of 16 MiB or more
   */
  append(records: readonly JournalRecord[]): Promise<void>;
  /** The same for whoever must know at once: what is refused is thrown, what is returned has been given its positions. */
  take(records: readonly JournalRecord[]): Promise<void>;
  /**
   * Reads what is on the disk from a position on, in order.
   *
   * @returns the position to go on from
   * @throws AppError NOT_FOUND when the position lies before `start` or behind `end`, BAD_FILE when a segment is damaged
   */
  read(from: number, reader: RecordReader, signal?: AbortSignal): Promise<number>;
  /** Ends the active segment: everything before the returned position can now be dropped. */
  seal(): Promise<number>;
  /** Drops the segments that lie wholly before a position. The newest keeps its place, emptied, so that positions go on. */
  dropBefore(position: number): Promise<void>;
  /**
   * Changes or erases records in place; positions stay. Each segment is replaced as a whole, by rename.
   *
   * @returns how many records were changed or erased
   */
  rewrite(change: RecordChange, signal?: AbortSignal): Promise<number>;
  /** Waits for what was accepted, ends the segment, and lets nothing in any more. */
  close(): Promise<void>;
}

/**
 * Opens the journal on a disk, mending what a crash has left. One process at a time: take a lock first.
 *
 * @throws AppError BAD_FILE; whatever the disk throws
 */
export async function openJournal(disk: JournalDisk, options: JournalOptions = {}): Promise<Journal> {
  const recovered = await recoverSegments(disk);
  const { recovery } = recovered;
  let segments: readonly Segment[] = recovered.segments;
  const first = segments.at(-1)?.end ?? 0;
  const tail = openTail({
    disk,
    first,
    segmentBytes: options.segmentBytes ?? 2 ** 23,
    maxWaitingBytes: options.maxWaitingBytes ?? 2 ** 26,
    ...(options.onSynced && { onSynced: options.onSynced }),
    onSealed(segment) {
      segments = [...segments, segment];
    },
  });
  /** Leading segments without a record have been dropped, or erased to the last; nothing can be read from within them. */
  const start = (): number =>
    segments.find(({ records }) => records > 0)?.first ?? tail.active?.first ?? tail.end;

  /** Reading and changing segments happens one after the other. */
  let queue: Promise<unknown> = Promise.resolve();
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = queue.then(work);
    queue = turn.catch(() => undefined);
    return turn;
  }

  /** Puts other bytes in the place of a sealed segment. */
  async function replace(segment: Segment, whole: Uint8Array): Promise<void> {
    await replaceSegment(disk, segment.first, whole);
    const { records } = scanSegment(whole, segment.first);
    const changed = { ...segment, records, bytes: whole.length };
    segments = segments.map((other) => (other === segment ? changed : other));
  }

  async function dropBefore(position: number): Promise<void> {
    for (const segment of segments) {
      if (segment.end > position) return;
      // The newest file is what remembers how far the positions have come.
      if (segment === segments.at(-1) && !tail.active) {
        if (segment.records === 0) return;
        const bytes = await readSegment(disk, segment);
        return replace(
          segment,
          rebuildSegment(bytes, segment, () => undefined),
        );
      }
      await disk.remove(segmentName(segment.first));
      // One by one: of two removals a power cut may keep only the later, and that would look like a lost segment.
      await disk.syncFolder();
      segments = segments.filter((other) => other !== segment);
    }
  }

  async function rewrite(change: RecordChange, signal?: AbortSignal): Promise<number> {
    await tail.seal();
    let changed = 0;
    for (const segment of segments) {
      const bytes = await readSegment(disk, segment);
      const before = changed;
      const whole = rebuildSegment(bytes, segment, (record, position) => {
        const kept = change(record, position);
        if (kept !== record) changed++;
        return kept;
      });
      if (changed > before) await replace(segment, whole);
      await pause(signal);
    }
    return changed;
  }

  async function read(from: number, reader: RecordReader, signal?: AbortSignal): Promise<number> {
    const until = tail.end;
    if (from < start() || from > until) throw notKept(from, start(), until);
    for (const segment of tail.active ? [...segments, tail.active] : segments) {
      if (segment.end <= from) continue;
      const bytes = await readSegment(disk, segment);
      scanSegment(bytes, segment.first, (begin, end, number) => {
        const position = segment.first + number;
        if (position >= from) reader(bytes.subarray(begin, end), position);
      });
      await pause(signal);
    }
    return until;
  }

  return {
    recovery,
    get ready() {
      return tail.failure === undefined;
    },
    get failure() {
      return tail.failure;
    },
    get start() {
      return start();
    },
    get end() {
      return tail.end;
    },
    get waitingBytes() {
      return tail.waitingBytes;
    },
    get syncs() {
      return tail.syncs;
    },
    get bytes() {
      return segments.reduce((sum, segment) => sum + segment.bytes, tail.active?.bytes ?? 0);
    },
    append: async (records) => tail.take(records),
    take: tail.take,
    read: (from, reader, signal) => inTurn(() => read(from, reader, signal)),
    async seal() {
      await tail.seal();
      return segments.at(-1)?.end ?? tail.end;
    },
    dropBefore: (position) => inTurn(() => dropBefore(position)),
    rewrite: (change, signal) => inTurn(() => rewrite(change, signal)),
    close: () => inTurn(() => tail.close()),
  };
}

/** A segment's bytes as far as they are on the disk, checked. */
async function readSegment(disk: JournalDisk, segment: Segment): Promise<Uint8Array> {
  const bytes = (await disk.read(segmentName(segment.first))).subarray(0, segment.bytes);
  const { tears, numbers } = scanSegment(bytes, segment.first);
  if (tears.length > 0 || numbers !== segment.end - segment.first) {
    throw new AppError(
      'BAD_FILE',
      `expected a whole segment of the journal, ${segmentName(segment.first)} was damaged since it was opened: start again, which sets the damage aside`,
    );
  }
  return bytes;
}

const notKept = (from: number, start: number, end: number): AppError =>
  new AppError(
    'NOT_FOUND',
    `expected a position from ${start} to ${end} of the journal, got ${from}: what lies before is in the lake, begin there`,
  );
