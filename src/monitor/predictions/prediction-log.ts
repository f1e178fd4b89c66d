// The log of answers: written beside the answering, never in its way; a person can be taken out of it.
import type { JournalDisk } from '../../data/journal/journal-disk.ts';
import { readSegments } from '../records/read-records.ts';
import { openRecordLog } from '../records/record-log.ts';
import { replaceDurably } from '../records/replace-file.ts';
import { segmentName } from '../records/segment-name.ts';
import { isKept, type PredictionRecord, parsePrediction } from './prediction-record.ts';

export interface PredictionLog {
  /** Returns at once. What the disk cannot take is given up and counted: an answer matters more than its log. */
  add(records: readonly PredictionRecord[]): void;
  /** Answers that were given up. */
  readonly dropped: number;
  /**
   * Takes persons out, in every file.
   *
   * @returns how many answers went
   */
  forget(userIds: ReadonlySet<string>): Promise<number>;
  /** Removes whole days before this moment. @returns how many files went */
  expire(beforeMs: number): Promise<number>;
  close(): Promise<void>;
}

export interface PredictionLogParts {
  /** Of a folder of its own, such as `predictions/live` in the workspace. */
  readonly disk: JournalDisk;
  /** UTC ms. */
  readonly now: () => number;
  /** Share of persons whose answers are kept, in (0, 1]; 1 when absent. */
  readonly share?: number;
  readonly onDrop?: (count: number) => void;
}

export async function openPredictionLog(parts: PredictionLogParts): Promise<PredictionLog> {
  const { disk, now, share = 1, onDrop } = parts;
  let log = await openRecordLog(disk, { durable: false });
  let dropped = 0;
  let turn: Promise<unknown> = Promise.resolve();
  /** Files are changed only while none is open: what is added meanwhile waits in a log of its own. */
  const between = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(async () => {
      const before = log;
      log = await openRecordLog(disk, { durable: false });
      await before.close();
      return work();
    });
    turn = result.catch(() => undefined);
    return result;
  };
  return {
    add(records) {
      const atMs = now();
      for (const record of records) {
        if (!isKept(record.user_id, share)) continue;
        log.append(JSON.stringify(record), atMs).catch(() => {
          dropped++;
          onDrop?.(1);
        });
      }
    },
    get dropped() {
      return dropped;
    },
    // Twice: what was added while the first pass opened its log stands in files the second pass finds closed.
    forget: async (userIds) =>
      (await between(() => forgetIn(disk, userIds))) + (await between(() => forgetIn(disk, userIds))),
    expire: (beforeMs) =>
      between(async () => {
        const day = new Date(beforeMs).toISOString().slice(0, 10);
        let removed = 0;
        for await (const { segment } of readSegments(disk, (own) => own.day < day)) {
          await disk.remove(segmentName(segment));
          removed++;
        }
        await disk.syncFolder();
        return removed;
      }),
    async close() {
      await turn;
      await log.close();
    },
  };
}

async function forgetIn(disk: JournalDisk, userIds: ReadonlySet<string>): Promise<number> {
  let gone = 0;
  for await (const { segment, lines, rest } of readSegments(disk)) {
    const left = lines.filter((line) => {
      const record = parsePrediction(line);
      // What cannot be read may be anybody's.
      return record !== undefined && !userIds.has(record.user_id);
    });
    if (left.length === lines.length && rest === '') continue;
    gone += lines.filter((line) => userIds.has(parsePrediction(line)?.user_id ?? '')).length;
    await replaceDurably(disk, segmentName(segment), left);
  }
  return gone;
}
