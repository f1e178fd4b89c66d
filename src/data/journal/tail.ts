// Group commit: whatever comes while one write is being synced goes to the disk with the next, in one write and one sync.
import { AppError } from '../../core/errors.ts';
import { FRAME_HEADER_BYTES } from './frame.ts';
import {
  addRecord,
  addSeal,
  type Group,
  type JournalRecord,
  newGroupBuffer,
  recordBytes,
  startGroup,
} from './group.ts';
import type { JournalDisk, JournalFile } from './journal-disk.ts';
import { writeAll } from './rebuild.ts';
import type { Segment } from './recover.ts';
import { segmentName } from './segment.ts';

/**
 * Hears of each group that is on the disk; cheap and synchronous, it never throws.
 *
 * @param records that shared the sync; 0 where a seal went alone
 * @param durationMs of the sync alone, without the write before it
 */
export type SyncListener = (records: number, durationMs: number) => void;

export interface TailOptions {
  readonly disk: JournalDisk;
  /** Position of the next record. */
  readonly first: number;
  /** A segment is sealed once it has so many bytes. */
  readonly segmentBytes: number;
  /** So many bytes may wait for the disk; what comes beyond is refused. */
  readonly maxWaitingBytes: number;
  /** Called with each segment once it is whole and on the disk. */
  onSealed(segment: Segment): void;
  readonly onSynced?: SyncListener;
}

/** The end of the journal, where it is written. */
export interface Tail {
  /** Why nothing is acknowledged any more, once that is so. */
  readonly failure: AppError | undefined;
  /** Position after the last record that is on the disk. */
  readonly end: number;
  readonly waitingBytes: number;
  /** Groups written and synced since opening. */
  readonly syncs: number;
  /** The unsealed segment, as far as it is on the disk. */
  readonly active: Segment | undefined;
  take(records: readonly JournalRecord[]): Promise<void>;
  /** Resolves when all that waits is on the disk and the active segment has ended. */
  seal(): Promise<void>;
  /** Seals, and lets nothing in any more. */
  close(): Promise<void>;
}

/** A buffer that one burst has blown up beyond this is not kept for the next. */
const MOST_KEPT_BYTES = 1 << 23;

export function openTail(options: TailOptions): Tail {
  const { disk, first, segmentBytes, maxWaitingBytes, onSealed, onSynced } = options;
  const spare: Buffer[] = [];
  let failure: AppError | undefined;
  let isClosed = false;
  let isWriting = false;
  let isSealing = false;
  let file: JournalFile | undefined;
  let active: Segment | undefined;
  let end = first;
  let syncs = 0;
  let waiting = startGroup(newGroupBuffer(), first, 0);
  let writing: Group | undefined;

  const isEmpty = (group: Group): boolean => group.to === group.from;

  function refuseIfOver(): void {
    if (failure) throw failure;
    if (isClosed) throw new AppError('DISK', 'expected an open journal, this one is closed; open it again');
  }

  /** After the current turn of the event loop, so that all its requests share the first write. */
  function wake(): void {
    if (isWriting) return;
    isWriting = true;
    setImmediate(() => void writeGroups());
  }

  async function writeGroups(): Promise<void> {
    while (!failure && (!isEmpty(waiting) || (isSealing && active))) {
      const { group, seals } = takeGroup();
      try {
        await writeGroup(group, seals);
      } catch (cause) {
        await fail(cause, group);
        break;
      }
      if (group.bytes.length <= MOST_KEPT_BYTES) spare.push(group.bytes);
      writing = undefined;
      group.resolve();
    }
    isWriting = false;
  }

  /** Ends the waiting group and starts the next; whether the segment ends with it decides what the next one's numbers are. */
  function takeGroup(): { group: Group; seals: boolean } {
    const group = waiting;
    const size = (active?.bytes ?? 0) + group.used + FRAME_HEADER_BYTES;
    const seals = isSealing || size >= segmentBytes;
    isSealing = false;
    if (seals) addSeal(group);
    writing = group;
    const buffer = spare.pop() ?? newGroupBuffer();
    waiting = seals
      ? startGroup(buffer, group.first + group.to, 0)
      : startGroup(buffer, group.first, group.to);
    return { group, seals };
  }

  /**
   * The order is the promise: bytes, then their sync, then (for a new file) the sync of its name, and only then the answer.
   */
  async function writeGroup(group: Group, seals: boolean): Promise<void> {
    const begins = file === undefined;
    file ??= await disk.create(segmentName(group.first));
    await writeAll(file, group.bytes, group.used);
    const began = onSynced ? performance.now() : 0;
    await file.datasync();
    onSynced?.(group.to - group.from, performance.now() - began);
    if (begins) await disk.syncFolder();
    syncs++;
    end = group.first + group.to;
    active = {
      first: group.first,
      end,
      records: group.to,
      bytes: (active?.bytes ?? 0) + group.used,
    };
    if (!seals) return;
    const sealed = active;
    await file.close();
    file = undefined;
    active = undefined;
    onSealed(sealed);
  }

  /**
   * After a failed write or sync nobody can know which of the file's pages are on the disk, and a second sync that succeeds
   * proves nothing (the first has marked the lost pages clean). So there is no second try: what waits is refused, and the
   * journal stays closed until it is opened anew, which writes the segment's content to a new file.
   */
  async function fail(cause: unknown, group: Group): Promise<void> {
    const word = (cause as NodeJS.ErrnoException)?.code ?? 'unknown error';
    failure = new AppError(
      'DISK',
      `the disk refused the journal (${word}): nothing more is acknowledged; free some space or mend the disk, then start again`,
      {},
      cause,
    );
    group.reject(failure);
    waiting.reject(failure);
    await file?.close().catch(() => undefined);
    file = undefined;
  }

  /** Waits for the group that will carry the seal: one with records, or, where all is on the disk, an empty one. */
  async function endSegment(): Promise<void> {
    while (writing && isEmpty(waiting)) await writing.done;
    if (isEmpty(waiting) && !active) return;
    isSealing = true;
    const { done } = waiting;
    wake();
    await done;
  }

  return {
    get failure() {
      return failure;
    },
    get end() {
      return end;
    },
    get waitingBytes() {
      return waiting.used + (writing?.used ?? 0);
    },
    get syncs() {
      return syncs;
    },
    get active() {
      return active;
    },
    take(records) {
      refuseIfOver();
      if (records.length === 0) return isEmpty(waiting) ? (writing?.done ?? Promise.resolve()) : waiting.done;
      let bytes = waiting.used;
      for (const record of records) bytes += FRAME_HEADER_BYTES + recordBytes(record);
      if (bytes > maxWaitingBytes) throw tooMuch(waiting.used);
      for (const record of records) addRecord(waiting, record);
      wake();
      return waiting.done;
    },
    async seal() {
      refuseIfOver();
      await endSegment();
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      if (!failure) await endSegment();
    },
  };
}

const tooMuch = (bytes: number): AppError =>
  new AppError(
    'BUSY',
    `expected the disk to keep up, ${bytes} bytes of records wait for it already; send this again a little later`,
  );
