// A journal that opens itself anew after the disk has failed: unready meanwhile, and nothing that was acknowledged is lost.
import { AppError } from '../../core/errors.ts';
import type { EventRow } from '../event.ts';
import type { EventJournal } from './event-journal.ts';

export interface ReopenParts {
  /**
   * Hears of events that are on the disk although whoever sent them was refused, in order, before anything new is taken:
   * sent again they are duplicates, so whoever keeps a state must take them now.
   */
  readonly onRecovered: (rows: readonly EventRow[]) => void;
  /** Hears why the disk failed, and what failed when it was tried again. */
  readonly onFailure?: (cause: unknown) => void;
  readonly onReopened?: () => void;
  /** Waits; may end early when the signal fires. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;

/**
 * The first try is made after a second, then after two, four, up to a minute. A segment whose sync has failed is never
 * trusted: opening reads what is there and writes it to a new file, with a sync of its own.
 *
 * @param open opens the journal on the same disk; one that is open must have been closed before
 */
export function reopeningJournal(
  first: EventJournal,
  open: () => Promise<EventJournal>,
  parts: ReopenParts,
): EventJournal {
  const { onRecovered, onFailure, onReopened, wait } = parts;
  const closing = new AbortController();
  let current = first;
  let healing: Promise<void> | undefined;

  const heal = async (): Promise<void> => {
    const { journal } = current;
    onFailure?.(journal.failure);
    const from = journal.end;
    await current.close().catch(() => undefined);
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, 2 * waitMs)) {
      await wait(waitMs, closing.signal).catch(() => undefined);
      if (closing.signal.aborted) return;
      const next = await open().catch((cause: unknown) => {
        onFailure?.(cause);
        return undefined;
      });
      if (!next) continue;
      try {
        const rows: EventRow[] = [];
        await next.read(Math.max(from, next.journal.start), (row) => rows.push(row));
        if (rows.length > 0) onRecovered(rows);
        current = next;
        onReopened?.();
        return;
      } catch (cause) {
        onFailure?.(cause);
        await next.close().catch(() => undefined);
      }
    }
  };
  const look = (): void => {
    if (current.ready || healing || closing.signal.aborted) return;
    healing = heal().finally(() => {
      healing = undefined;
    });
  };
  /** Looks after each piece of work whether the disk has failed. */
  const watched = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } finally {
      look();
    }
  };
  const refuseWhileHealing = (): void => {
    if (healing)
      throw new AppError(
        'DISK',
        'the disk refused the journal: nothing is acknowledged until it can be opened anew, which is tried again and again',
      );
  };
  return {
    get journal() {
      return current.journal;
    },
    get ready() {
      // Compaction writes to the journal itself: its failures are met by whoever asks next.
      look();
      return !healing && current.ready;
    },
    async append(events) {
      refuseWhileHealing();
      return watched(current.append(events));
    },
    read: (from, reader, signal) => watched(current.read(from, reader, signal)),
    dropBefore: (position) => watched(current.dropBefore(position)),
    async close() {
      closing.abort();
      await healing;
      await current.close();
    },
  };
}
