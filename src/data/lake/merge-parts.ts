// A lake that grows by small files is read slowly: small parts of one date become one, row for row the same.
import { mkdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { listFiles } from '../disk.ts';
import { type Engine, sqlText } from '../engine.ts';
import { describeParts } from '../import/partition.ts';
import { LAKE_COLUMNS } from '../import/plan.ts';
import type { Workspace } from '../workspace.ts';
import type { StagedFile } from './commit.ts';
import { partsRelation } from './read.ts';
import type { LakePart, LakeSnapshot } from './snapshot.ts';

/** A part with so many rows is read as fast as a larger one, and is left alone. */
const SMALL_ROWS = 250_000;
/** So many small parts of one date are merged: fewer would be rewritten more often than they slow anybody. */
const MERGE_FROM = 8;
/** Whoever reads a lake holds one look at it, and seldom for longer. */
const RETIRED_FOR_MS = 6 * 3_600_000;

export interface MergedParts {
  readonly change: Pick<LakeSnapshot, 'events' | 'retired'>;
  readonly staged: readonly StagedFile[];
}

/**
 * What to change so that no date has `MERGE_FROM` small parts; undefined when none has. Rows, their order and the lake's
 * fingerprint stay. Files that are replaced stay on the disk for hours, for readers that began before.
 *
 * @param folder  where the new files are written, empty
 * @param id      names the new files
 */
export async function mergeParts(
  engine: Engine,
  workspace: Workspace,
  snapshot: LakeSnapshot,
  options: {
    readonly folder: string;
    readonly id: string;
    readonly nowMs: number;
    readonly signal?: AbortSignal;
  },
): Promise<MergedParts | undefined> {
  const { folder, id, nowMs, signal } = options;
  const groups = smallParts(snapshot.events);
  if (groups.size === 0) return undefined;
  for (const [date, parts] of groups) {
    const target = join(folder, date);
    mkdirSync(target, { recursive: true });
    await engine.run(
      `COPY (SELECT ${Object.keys(LAKE_COLUMNS.events).join(', ')} FROM ${partsRelation(workspace, parts)})
       TO ${sqlText(join(target, `part-${id}-merged.parquet`))} (FORMAT parquet, COMPRESSION zstd)`,
      signal,
    );
  }
  const made = await describeParts(engine, {
    ...{ folder, target: 'lake/events', columns: Object.keys(LAKE_COLUMNS.events), timed: true },
    ...(signal && { signal }),
  });
  const gone = new Set([...groups.values()].flat().map(({ path }) => path));
  const retired = [...gone].map((path) => ({ path, untilMs: nowMs + RETIRED_FOR_MS }));
  return {
    change: {
      events: [...snapshot.events.filter(({ path }) => !gone.has(path)), ...made],
      retired: [...snapshot.retired.filter(({ untilMs }) => untilMs > nowMs), ...retired],
    },
    staged: listFiles(folder).map((file) => ({ from: join(folder, file), to: `lake/events/${file}` })),
  };
}

/** By date folder, those that have enough small parts to be worth a merge. */
function smallParts(parts: readonly LakePart[]): ReadonlyMap<string, readonly LakePart[]> {
  const groups = new Map<string, LakePart[]>();
  for (const part of parts) {
    if (part.rows >= SMALL_ROWS) continue;
    const date = posix.basename(posix.dirname(part.path));
    groups.set(date, [...(groups.get(date) ?? []), part]);
  }
  return new Map([...groups].filter(([, own]) => own.length >= MERGE_FROM));
}
