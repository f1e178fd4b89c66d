// What every way into the lake ends with: repeats left out, the rest written as parts, and one commit.
import { join } from 'node:path';
import { throwIfAborted } from '../../core/errors.ts';
import { type Progress, silent } from '../../core/progress.ts';
import { type Disk, listFiles } from '../disk.ts';
import type { Engine } from '../engine.ts';
import { commitLake, type StagedFile } from '../lake/commit.ts';
import { partsRelation } from '../lake/read.ts';
import type { LakePart, LakeSnapshot } from '../lake/snapshot.ts';
import type { Workspace } from '../workspace.ts';
import { findRepeats } from './duplicates.ts';
import { describeParts, writeEventParts } from './partition.ts';
import { LAKE_COLUMNS } from './plan.ts';

export interface StagedEvents {
  readonly parts: readonly LakePart[];
  readonly staged: readonly StagedFile[];
  /** Rows left out because their event id is in the lake, or stands earlier among the rows. */
  readonly duplicates: number;
}

/**
 * Writes the events that are new to the lake as parts in `folder`.
 *
 * @param options.rows   SQL after FROM, see `stagedRelation`
 * @param options.valid  how many of the rows have no reason against them
 */
export async function stageEvents(
  engine: Engine,
  workspace: Workspace,
  before: LakeSnapshot,
  options: {
    readonly rows: string;
    readonly valid: number;
    readonly folder: string;
    readonly id: string;
    readonly progress?: Progress;
    readonly signal?: AbortSignal;
  },
): Promise<StagedEvents> {
  const { rows, valid, id, progress = silent, signal } = options;
  progress.step({ task: 'finding repeats', done: 0 });
  const lake = before.events.length > 0 ? partsRelation(workspace, before.events) : undefined;
  const duplicates = await findRepeats(engine, rows, lake, signal);
  const folder = join(options.folder, 'parts');
  if (valid > duplicates) {
    progress.step({ task: 'writing partitions', done: 0 });
    await writeEventParts(engine, rows, {
      folder,
      id,
      rule: workspace.settings.partition,
      repeats: duplicates,
      signal,
    });
  }
  const parts = await describeParts(engine, {
    folder,
    target: 'lake/events',
    columns: Object.keys(LAKE_COLUMNS.events),
    timed: true,
    signal,
  });
  throwIfAborted(signal);
  const staged = listFiles(folder).map((file) => ({ from: join(folder, file), to: `lake/events/${file}` }));
  return { parts, staged, duplicates };
}

/** Commits, unless there is nothing new at all: then not even the manifest is touched. */
export function publish(
  { workspace, disk }: { readonly workspace: Workspace; readonly disk: Disk },
  before: LakeSnapshot,
  change: Partial<LakeSnapshot>,
  staged: readonly StagedFile[],
  quarantine: LakeSnapshot['quarantine'],
): void {
  const known = new Set(before.quarantine.map((part) => part.path));
  const fresh = staged.filter((file) => !known.has(file.to));
  if (fresh.length === 0) return;
  const next: LakeSnapshot = {
    ...before,
    ...change,
    version: before.version + 1,
    quarantine: [...before.quarantine, ...quarantine.filter((part) => !known.has(part.path))],
  };
  commitLake(workspace, fresh, next, disk);
}
