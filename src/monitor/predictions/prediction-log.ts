// The log of answers: written beside the answering, never in its way; a person can be taken out of it.
import type { JournalDisk } from '../../data/journal/journal-disk.ts';
import { openForgettingLog } from '../records/forgetting-log.ts';
import { isKept, type LoggedAnswer, parseLogged } from './prediction-record.ts';

export interface PredictionLog {
  /** Returns at once. What the disk cannot take is given up and counted: an answer matters more than its log. */
  add(records: readonly LoggedAnswer[]): void;
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
  const log = await openForgettingLog(disk, { durable: false });
  let dropped = 0;
  return {
    add(records) {
      const kept = share < 1 ? records.filter(({ user_id }) => isKept(user_id, share)) : records;
      if (kept.length === 0) return;
      let lines = JSON.stringify(kept[0]);
      for (let i = 1; i < kept.length; i++) lines += `\n${JSON.stringify(kept[i])}`;
      log.append(lines, now()).catch(() => {
        dropped += kept.length;
        onDrop?.(kept.length);
      });
    },
    get dropped() {
      return dropped;
    },
    forget: (userIds) => log.forget((line) => isOfPersons(line, userIds)),
    expire: (beforeMs) => log.expire(beforeMs),
    close: () => log.close(),
  };
}

/** What cannot be read may be anybody's. */
export function isOfPersons(line: string, userIds: ReadonlySet<string>): boolean {
  const logged = parseLogged(line);
  return logged === undefined || userIds.has(logged.user_id);
}
