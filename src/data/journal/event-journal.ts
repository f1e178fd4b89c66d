// The journal as events: each is kept once, however often it is sent, also across restarts.
import { invariant } from '../../core/errors.ts';
import type { EventRow } from '../event.ts';
import { acquireLock, type LockOptions } from '../lock.ts';
import { type Workspace, workspacePaths } from '../workspace.ts';
import { decodeEvent, encodeEvent } from './event-record.ts';
import { type Journal, type JournalOptions, openJournal } from './journal.ts';
import { type JournalDisk, nodeJournalDisk } from './journal-disk.ts';
import { decodeKnownIds, encodeKnownIds, type KnownIds, knownIds } from './known-ids.ts';
import { writeWhole } from './rebuild.ts';

export interface EventJournalOptions extends JournalOptions, LockOptions {
  /** Where it lies; default the workspace's own folder. */
  readonly disk?: JournalDisk;
  /** Event ids that are remembered, the latest; a power of two, default 2²² (64 MiB when full). */
  readonly idWindow?: number;
  /** What the journal is open for, as others will read it who find it taken; default `serve`. */
  readonly purpose?: string;
  /**
   * What stands between the caller and the journal, such as one that opens it anew after the disk has failed.
   *
   * @param open opens another on the same disk, under the same lock; the one before must have been closed
   */
  readonly around?: (first: EventJournal, open: () => Promise<EventJournal>) => EventJournal;
}

/** What became of an event handed to the journal. */
export type EventFate = 'accepted' | 'duplicate';

export interface EventJournal {
  readonly journal: Journal;
  /** False once the disk has refused a write or a sync: `append` then refuses until the journal is opened anew. */
  readonly ready: boolean;
  /**
   * Resolves only when every event is on the disk, those too whose id was known: an event that somebody else has sent a
   * moment ago is not acknowledged before it is safe. One fate an event, in order.
   *
   * Known are the ids of the window: from this call, from others under way, and from before a restart. Beyond the window the
   * lake's own check of ids sees to it that an event is kept once.
   *
   * @param events  as the lake keeps them, with pseudonyms where the workspace has them
   * @throws AppError DISK when none of it may be acknowledged, BUSY when too much waits and none of it was written,
   *   BAD_DATA for an event of 16 MiB or more
   */
  append(events: readonly EventRow[]): Promise<readonly EventFate[]>;
  /**
   * Reads events from a position on, see `Journal.read`.
   *
   * @returns the position to go on from
   */
  read(
    from: number,
    reader: (event: EventRow, position: number) => void,
    signal?: AbortSignal,
  ): Promise<number>;
  /** Drops the segments before a position, remembering the ids that were in them. */
  dropBefore(position: number): Promise<void>;
  close(): Promise<void>;
}

const IDS_FILE = 'known.ids';

/**
 * Opens a workspace's journal for this process alone.
 *
 * @throws AppError BUSY naming the process that has it open, BAD_FILE, DISK
 */
export async function openEventJournal(
  workspace: Workspace,
  options: EventJournalOptions = {},
): Promise<EventJournal> {
  const lock = await acquireLock(workspacePaths.journalLock(workspace), options.purpose ?? 'serve', options);
  try {
    const disk = options.disk ?? nodeJournalDisk(workspacePaths.journal(workspace));
    const open = () => openEventsOn(disk, { ...options, pseudonyms: workspace.settings.pseudonyms });
    const first = await open();
    const events = options.around?.(first, open) ?? first;
    const close = async (): Promise<void> => {
      try {
        await events.close();
      } finally {
        lock.release();
      }
    };
    return {
      get journal() {
        return events.journal;
      },
      get ready() {
        return events.ready;
      },
      append: (rows) => events.append(rows),
      read: (from, reader, signal) => events.read(from, reader, signal),
      dropBefore: (position) => events.dropBefore(position),
      close,
    };
  } catch (cause) {
    lock.release();
    throw cause;
  }
}

/** The same on any disk; that nobody else writes to it is the caller's to know. */
export async function openEventsOn(
  disk: JournalDisk,
  options: JournalOptions & { readonly idWindow?: number; readonly pseudonyms?: boolean } = {},
): Promise<EventJournal> {
  const journal = await openJournal(disk, options);
  const ids = await recallIds(journal, disk, options.idWindow ?? 2 ** 22);
  /** From here on every record taken has added one id: position and count go up together. */
  const origin = { added: ids.added, position: journal.end };

  /** Gives the events their positions at once: between the look at the ids and the writing nobody else may come. */
  function take(events: readonly EventRow[]): { done: Promise<void>; fates: EventFate[] } {
    const fates: EventFate[] = [];
    const records: string[] = [];
    const before = ids.added;
    try {
      for (const event of events) {
        const isNew = ids.add(event.event_id);
        fates.push(isNew ? 'accepted' : 'duplicate');
        if (isNew) records.push(encodeEvent(event));
      }
      const done = journal.take(records);
      // Of a duplicate the first copy may still be waiting.
      return { done: records.length < events.length ? journal.take([]) : done, fates };
    } catch (cause) {
      ids.forgetLast(ids.added - before);
      throw cause;
    }
  }

  return {
    journal,
    get ready() {
      return journal.ready;
    },
    async append(events) {
      if (options.pseudonyms) for (const event of events) checkPseudonyms(event);
      const { done, fates } = take(events);
      await done;
      return fates;
    },
    read: (from, reader, signal) =>
      journal.read(from, (record, position) => reader(decodeEvent(record), position), signal),
    async dropBefore(position) {
      const kept = Math.min(position, journal.end);
      const hashes = ids.hashes(origin.added + Math.max(0, kept - origin.position));
      await writeWhole(disk, `${IDS_FILE}.new`, encodeKnownIds(hashes, kept));
      await disk.rename(`${IDS_FILE}.new`, IDS_FILE);
      await disk.syncFolder();
      await journal.dropBefore(position);
    },
    close: journal.close,
  };
}

/** The window as it was: from the file of the last drop, and from what has been written since. */
async function recallIds(journal: Journal, disk: JournalDisk, most: number): Promise<KnownIds> {
  const saved = (await disk.list()).includes(IDS_FILE)
    ? decodeKnownIds(await disk.read(IDS_FILE))
    : undefined;
  const ids = knownIds(most, saved?.hashes);
  const from = Math.min(Math.max(saved?.position ?? 0, journal.start), journal.end);
  await journal.read(from, (record) => ids.add(decodeEvent(record).event_id));
  return ids;
}

/** Whoever hands in a shop's own id where pseudonyms are kept would write it to the disk for good. */
function checkPseudonyms({ user_id, anonymous_id }: EventRow): void {
  for (const id of [user_id, anonymous_id])
    invariant(
      id === null || id === undefined || PSEUDONYM.test(id),
      'a pseudonym where the workspace keeps them',
    );
}

const PSEUDONYM = /^[0-9a-f]{64}$/;
