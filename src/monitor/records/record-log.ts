// Lines that are only ever added, in files by day, several callers sharing one forced write.
import { AppError } from '../../core/errors.ts';
import { formatDay } from '../../core/time.ts';
import type { JournalDisk, JournalFile } from '../../data/journal/journal-disk.ts';
import { type SegmentName, segmentName, segmentsOf } from './segment-name.ts';

export interface RecordLogOptions {
  /** Whether `append` waits until the line is on the disk itself, not only with the system. */
  readonly durable: boolean;
  /** Letters waiting at most before `append` refuses; 8 MiB when absent. */
  readonly mostWaiting?: number;
  /** Bytes of one file, about; 64 MiB when absent. */
  readonly segmentBytes?: number;
  /** Files kept at most: whenever one is begun the oldest beyond it go; all are kept when absent. */
  readonly mostSegments?: number;
}

export interface RecordLog {
  /**
   * Resolves when the line is written (on the disk, where durable).
   *
   * @param line  one line without its end, or several with ends between them
   * @param atMs  decides the day's file
   * @throws AppError BUSY when too much waits, DISK when it could not be written: it may or may not be there
   */
  append(line: string, atMs: number): Promise<void>;
  /** Writes what waits, then closes. */
  close(): Promise<void>;
}

interface Waiting {
  readonly bytes: Buffer;
  readonly day: string;
  resolve(): void;
  reject(error: unknown): void;
}

const MOST_WAITING = 8 * 2 ** 20;
const SEGMENT_BYTES = 64 * 2 ** 20;

/**
 * Opens a log in the disk's folder. A file is never opened twice: a process, or a failed write, begins a new one, so what a
 * crash tore stays at the end of its file, where readers leave it out.
 */
export async function openRecordLog(disk: JournalDisk, options: RecordLogOptions): Promise<RecordLog> {
  const { durable, mostWaiting = MOST_WAITING, segmentBytes = SEGMENT_BYTES, mostSegments } = options;
  await disk.makeFolder();
  let number = Math.max(0, ...segmentsOf(await disk.list()).map((segment) => segment.number));
  let open: { readonly file: JournalFile; readonly segment: SegmentName; bytes: number } | undefined;
  let queue: Waiting[] = [];
  let waitingBytes = 0;
  let working: Promise<void> | undefined;
  let closed = false;

  const fileFor = async (day: string): Promise<JournalFile> => {
    if (open && open.segment.day === day && open.bytes < segmentBytes) return open.file;
    await closeFile();
    number++;
    const segment = { day, number };
    const file = await disk.create(segmentName(segment));
    if (mostSegments !== undefined)
      for (const old of segmentsOf(await disk.list()).slice(0, -mostSegments))
        await disk.remove(segmentName(old));
    await disk.syncFolder();
    open = { file, segment, bytes: 0 };
    return file;
  };
  const closeFile = async (): Promise<void> => {
    if (!open) return;
    const { file } = open;
    open = undefined;
    if (!durable) await file.datasync();
    await file.close();
  };
  const abandon = async (): Promise<void> => {
    const file = open?.file;
    open = undefined;
    await file?.close().catch(() => {});
  };

  const work = async (): Promise<void> => {
    while (queue.length > 0) {
      const day = queue[0].day;
      const turn = queue.findIndex((waiting) => waiting.day !== day);
      const batch = turn < 0 ? queue : queue.slice(0, turn);
      queue = turn < 0 ? [] : queue.slice(turn);
      const bytes = Buffer.concat(batch.map((waiting) => waiting.bytes));
      waitingBytes -= bytes.length;
      try {
        const file = await fileFor(day);
        for (let at = 0; at < bytes.length; ) at += await file.write(bytes, at, bytes.length);
        if (durable) await file.datasync();
        if (open) open.bytes += bytes.length;
        for (const waiting of batch) waiting.resolve();
      } catch (cause) {
        await abandon();
        const error = new AppError(
          'DISK',
          'the disk refused a record: free some space or mend the folder, then try again',
          {},
          cause,
        );
        for (const waiting of batch) waiting.reject(error);
      }
    }
    // In the same step in which the queue was found empty: who appends after this starts a new turn.
    working = undefined;
  };

  return {
    append(line, atMs) {
      const bytes = Buffer.from(`${line}\n`);
      if (closed)
        return Promise.reject(new AppError('BUSY', 'expected an open log, this one has been closed'));
      if (waitingBytes + bytes.length > mostWaiting)
        return Promise.reject(
          new AppError('BUSY', `expected at most ${mostWaiting} bytes to wait for the disk: it is too slow`),
        );
      waitingBytes += bytes.length;
      return new Promise((resolve, reject) => {
        queue.push({ bytes, day: formatDay(atMs), resolve, reject });
        working ??= Promise.resolve().then(work);
      });
    },
    async close() {
      closed = true;
      await working;
      await closeFile();
    },
  };
}
