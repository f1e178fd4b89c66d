// The journal of one shop in service: opened anew by itself after the disk has failed, the state told of what it missed.
import { setTimeout as delay } from 'node:timers/promises';
import type { EventRow } from '../data/event.ts';
import { type EventJournal, openEventJournal } from '../data/journal/event-journal.ts';
import type { JournalDisk } from '../data/journal/journal-disk.ts';
import { reopeningJournal } from '../data/journal/reopening-journal.ts';
import type { SyncListener } from '../data/journal/tail.ts';
import type { Workspace } from '../data/workspace.ts';
import type { ServiceMonitor } from './operation/service-monitor.ts';

export interface ServiceJournalParts {
  /** Takes events that are on the disk although their senders were refused. */
  readonly onRecovered: (rows: readonly EventRow[]) => void;
  /** Hears of failures, and shows each sync: how long it took and how many records shared it. */
  readonly monitor?: Pick<ServiceMonitor, 'name' | 'metrics' | 'logger'>;
  /** The workspace's own folder when absent. */
  readonly disk?: JournalDisk;
  readonly signal?: AbortSignal;
}

/** @throws AppError BUSY naming the process that has it open, BAD_FILE, DISK */
export function openServiceJournal(
  workspace: Workspace,
  { onRecovered, monitor, disk, signal }: ServiceJournalParts,
): Promise<EventJournal> {
  return openEventJournal(workspace, {
    ...(signal && { signal }),
    ...(disk && { disk }),
    ...(monitor && { onSynced: showSyncs(monitor) }),
    around: (first, open) =>
      reopeningJournal(first, open, {
        onRecovered,
        onFailure: (error) =>
          monitor?.logger.error(
            'the disk refused the journal: nothing is acknowledged until it is opened anew',
            {
              error,
            },
          ),
        onReopened: () => monitor?.logger.warn('the journal is open again'),
        wait: (ms, stop) => delay(ms, undefined, { signal: stop, ref: false }),
      }),
  });
}

/** A sync is a few milliseconds and carries many requests: two histograms cost it nothing. */
function showSyncs({ name, metrics }: Pick<ServiceMonitor, 'name' | 'metrics'>): SyncListener {
  const own = { 'foresell.workspace': name };
  const duration = metrics.recorder('foresell.journal.sync.duration', own);
  const size = metrics.recorder('foresell.journal.batch.size', own);
  return (records, durationMs) => {
    duration(durationMs / 1000);
    if (records > 0) size(records);
  };
}
