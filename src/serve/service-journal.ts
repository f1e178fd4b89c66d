// The journal of one shop in service: opened anew by itself after the disk has failed, the state told of what it missed.
import { setTimeout as delay } from 'node:timers/promises';
import type { EventRow } from '../data/event.ts';
import { type EventJournal, openEventJournal } from '../data/journal/event-journal.ts';
import type { JournalDisk } from '../data/journal/journal-disk.ts';
import { reopeningJournal } from '../data/journal/reopening-journal.ts';
import type { Workspace } from '../data/workspace.ts';
import type { Logger } from '../monitor/log/logger.ts';

export interface ServiceJournalParts {
  /** Takes events that are on the disk although their senders were refused. */
  readonly onRecovered: (rows: readonly EventRow[]) => void;
  readonly logger?: Logger;
  /** The workspace's own folder when absent. */
  readonly disk?: JournalDisk;
  readonly signal?: AbortSignal;
}

/** @throws AppError BUSY naming the process that has it open, BAD_FILE, DISK */
export function openServiceJournal(
  workspace: Workspace,
  { onRecovered, logger, disk, signal }: ServiceJournalParts,
): Promise<EventJournal> {
  return openEventJournal(workspace, {
    ...(signal && { signal }),
    ...(disk && { disk }),
    around: (first, open) =>
      reopeningJournal(first, open, {
        onRecovered,
        onFailure: (error) =>
          logger?.error('the disk refused the journal: nothing is acknowledged until it is opened anew', {
            error,
          }),
        onReopened: () => logger?.warn('the journal is open again'),
        wait: (ms, stop) => delay(ms, undefined, { signal: stop, ref: false }),
      }),
  });
}
