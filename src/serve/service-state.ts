// The online state of one shop in service: where it comes from at the start, and how it is written down.
import { join } from 'node:path';
import type { AppError } from '../core/errors.ts';
import { type Progress, silent } from '../core/progress.ts';
import type { Engine } from '../data/engine.ts';
import type { EventRow } from '../data/event.ts';
import type { FeatureView } from '../data/features/definition.ts';
import type { FieldContext } from '../data/features/fields.ts';
import { compactJournal } from '../data/journal/compact.ts';
import type { EventJournal } from '../data/journal/event-journal.ts';
import { nodeJournalDisk } from '../data/journal/journal-disk.ts';
import { withLake } from '../data/lake/open.ts';
import type { EventSource } from '../data/source.ts';
import type { Workspace } from '../data/workspace.ts';
import type { Door } from './ingest/door.ts';
import { fillFromLake } from './state/fill-from-lake.ts';
import { ALL_COLUMNS } from './state/kept-columns.ts';
import type { OpenState } from './state/online-state.ts';
import { saveSnapshot } from './state/save-snapshot.ts';
import { startState, type Taking } from './state/start-state.ts';

export interface ServiceStateParts {
  readonly workspace: Workspace;
  readonly journal: EventJournal;
  /** Learns again who is who, and who agreed to what. */
  readonly door: Door;
  readonly views: readonly FeatureView[];
  readonly context: FieldContext;
  readonly threads: number;
  readonly progress?: Progress;
  /** Hears why the snapshot could not be used; the state is then made of the lake. */
  readonly onUnusable?: (reason: AppError) => void;
  readonly signal?: AbortSignal;
}

export interface ServiceState {
  readonly state: OpenState;
  readonly from: 'snapshot' | 'lake';
  /**
   * Writes the state down, so that the next start need not read the lake.
   *
   * @returns the position of the journal from which the next start reads on
   * @throws AppError BUSY when somebody was erased meanwhile; DISK
   */
  snapshot(): Promise<number>;
  /** Removes what was written down: it may hold somebody who was erased. The next start reads the lake. */
  dropSnapshot(): Promise<void>;
}

const SNAPSHOT = 'state.snapshot';
/** How long the start waits for an import that writes to the lake. */
const LAKE_WAIT_MS = 600_000;

/** @throws AppError INTERRUPTED, BUSY, and what the journal and the lake throw */
export async function openServiceState(parts: ServiceStateParts): Promise<ServiceState> {
  const { workspace, journal, door, threads, progress = silent, signal } = parts;
  const place = { disk: nodeJournalDisk(join(workspace.dir, 'state')), name: SNAPSHOT };
  // A snapshot holds neither links nor consent: a refusal that went into the lake must not be forgotten.
  await withLake(workspace, { threads }, (engine, source) => tellWhoIsWho(engine, source, door));
  const { state, from } = await startState({
    views: parts.views,
    // A model promoted later may read what none does today.
    columns: ALL_COLUMNS,
    ...{ context: parts.context, snapshot: place, journal, onRow: (row: EventRow) => door.replay(row) },
    async rebuild(empty) {
      // What the lake has is then all that is older than the journal, and nothing of it is in both.
      await compactJournal(workspace, journal, {
        threads,
        ...(signal && { signal }),
        waitMs: LAKE_WAIT_MS,
      });
      await withLake(workspace, { threads }, async (engine, source) => {
        await tellWhoIsWho(engine, source, door, empty);
        await fillFromLake(engine, source, empty, { progress, ...(signal && { signal }) });
      });
      return journal.journal.start;
    },
    ...(parts.onUnusable && { onUnusable: parts.onUnusable }),
    ...(signal && { signal }),
  });
  return {
    ...{ state, from },
    async snapshot() {
      // By the next turn of the loop whatever is on the disk has been applied, too.
      await new Promise((resolve) => setImmediate(resolve));
      const position = journal.journal.end;
      await saveSnapshot(state, position, place);
      return position;
    },
    async dropSnapshot() {
      await place.disk.makeFolder();
      await place.disk.remove(SNAPSHOT);
      await place.disk.syncFolder();
    },
  };
}

/**
 * Rows that name a visitor together with a user, and what people agreed to, in the order of time: a visitor's earlier
 * events are the first user's, later ones the latest user's, as when the rows came.
 */
async function tellWhoIsWho(
  engine: Engine,
  { events }: Pick<EventSource, 'events'>,
  door: Pick<Door, 'replay'>,
  state?: Taking,
): Promise<void> {
  // Trackers send both ids with every event: of each pair the first and the last event say all.
  const edges = `SELECT user_id, anonymous_id, unnest([min(timestamp), max(timestamp)]) FROM ${events}
    WHERE user_id IS NOT NULL AND anonymous_id IS NOT NULL GROUP BY user_id, anonymous_id`;
  const telling = `(SELECT * FROM ${events} WHERE (type = 'identify' AND props IS NOT NULL) OR (user_id, anonymous_id, timestamp) IN (${edges}))`;
  const hear: Taking = {
    apply(rows) {
      for (const row of rows) door.replay(row);
    },
    isAdopted: (anonymousId) => state?.isAdopted(anonymousId) ?? true,
    adopt: (anonymousId, userId) => state?.adopt(anonymousId, userId),
  };
  await fillFromLake(engine, { events: telling }, hear, { order: 'time' });
}
