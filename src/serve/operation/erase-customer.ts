// One customer out of a running shop: memory and records at once, then journal, lake and every file, with the proof.
import { type Erasure, eraseUser } from '../../data/erase/erase-user.ts';
import { isWord, type Needle } from '../../data/erase/needles.ts';
import { mentionsInRecord } from '../../data/erase/record-files.ts';
import type { EventJournal } from '../../data/journal/event-journal.ts';
import type { Workspace } from '../../data/workspace.ts';
import type { Door } from '../ingest/door.ts';
import type { CustomerEraser } from '../ports.ts';
import type { ServiceState } from '../service-state.ts';
import { eraseMentions } from '../state/erase-mentions.ts';
import { stateSnapshotReader } from '../state/snapshot-reader.ts';
import type { ServiceMonitor } from './service-monitor.ts';

export interface EraserParts {
  readonly workspace: Workspace;
  readonly journal: EventJournal;
  readonly kept: ServiceState;
  readonly door: Door;
  readonly threads: number;
  readonly monitor?: ServiceMonitor;
  /** A person's id as the lake knows it, where the shop keeps pseudonyms. */
  readonly personId?: (id: string) => string;
}

/** How long an erasure waits for an import or a compaction. */
const LAKE_WAIT_MS = 60_000;

export function openEraser(parts: EraserParts): CustomerEraser {
  const { workspace, journal, kept, door, threads, monitor, personId = (id) => id } = parts;
  const { state } = kept;
  const fromMemory = (id: string): void => {
    state.erase(id);
    door.forget(id);
  };
  const forget = async (stored: string, needles: readonly Needle[]): Promise<void> => {
    for (const needle of needles) if (isWord(needle)) fromMemory(needle.value);
    await kept.dropSnapshot();
    const visitors = needles.filter(({ kind }) => kind === 'anonymous id').map(({ value }) => value);
    await monitor?.answers.forget([stored, ...visitors]);
    await monitor?.rejected.forget(
      (line) => line !== '' && mentionsInRecord('refused event', line, needles).length > 0,
    );
    await eraseMentions(state, needles);
  };
  let turn: Promise<unknown> = Promise.resolve();
  const erase = async (userId: string): Promise<Erasure> => {
    const stored = personId(userId);
    fromMemory(stored);
    const erasure = await eraseUser(workspace, userId, {
      ...{ events: journal, threads, waitMs: LAKE_WAIT_MS, readers: [stateSnapshotReader] },
      live: { forget: (needles) => forget(stored, needles) },
    });
    // An event that was on its way may have come in between.
    fromMemory(stored);
    return erasure;
  };
  return {
    erase(userId) {
      // One after the other: each holds the lake.
      const own = turn.then(() => erase(userId));
      turn = own.catch(() => undefined);
      return own;
    },
  };
}
