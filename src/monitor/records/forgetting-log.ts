// A record log that goes on being written while persons and old days are taken out of it.
import type { JournalDisk } from '../../data/journal/journal-disk.ts';
import { expireRecords } from './expire-records.ts';
import { forgetRecords } from './forget-records.ts';
import { openRecordLog, type RecordLogOptions } from './record-log.ts';

export interface ForgettingLog {
  /** As `RecordLog.append`. */
  append(lines: string, atMs: number): Promise<void>;
  /** Takes lines out of every file. @returns how many went */
  forget(isTheirs: (line: string) => boolean): Promise<number>;
  /** Removes whole days that ended before this moment. @returns how many files went */
  expire(beforeMs: number): Promise<number>;
  close(): Promise<void>;
}

export async function openForgettingLog(
  disk: JournalDisk,
  options: RecordLogOptions,
): Promise<ForgettingLog> {
  let log = await openRecordLog(disk, options);
  let turn: Promise<unknown> = Promise.resolve();
  /** Files are changed only while none is open: what is added meanwhile goes into a log of its own. */
  const between = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(async () => {
      const before = log;
      log = await openRecordLog(disk, options);
      await before.close();
      return work();
    });
    turn = result.catch(() => undefined);
    return result;
  };
  return {
    append: (lines, atMs) => log.append(lines, atMs),
    // Twice: what was added while the first pass opened its log stands in files the second pass finds closed.
    forget: async (isTheirs) =>
      (await between(() => forgetRecords(disk, isTheirs))) +
      (await between(() => forgetRecords(disk, isTheirs))),
    expire: (beforeMs) => between(() => expireRecords(disk, beforeMs)),
    async close() {
      await turn;
      await log.close();
    },
  };
}
