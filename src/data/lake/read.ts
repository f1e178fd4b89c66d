// One consistent look at the lake, as the source that features and labels read.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../engine.ts';
import { sqlText } from '../engine.ts';
import { EVENT_COLUMNS } from '../event.ts';
import type { EventSource } from '../source.ts';
import { type Workspace, workspaceZone } from '../workspace.ts';
import { fingerprintOf, type LakePart, type LakeSnapshot, readSnapshot } from './snapshot.ts';

/** SQL after FROM that reads some files of the lake. */
export function partsRelation(workspace: Workspace, parts: readonly LakePart[]): string {
  const files = parts.map((part) => sqlText(join(workspace.dir, part.path)));
  return `read_parquet([${files.join(', ')}], hive_partitioning = false)`;
}

/** SQL after FROM of a table without rows. */
export function emptyRelation(columns: Readonly<Record<string, string>>): string {
  const cells = Object.entries(columns).map(([name, type]) => `CAST(NULL AS ${type}) AS ${name}`);
  return `(SELECT ${cells.join(', ')} WHERE false)`;
}

/**
 * The lake as it stands now. The source stays valid while imports add to the lake; an erasure removes files under it, so
 * long work that may run beside one goes through `withSource`.
 */
export async function readSource(workspace: Workspace, engine: Engine): Promise<EventSource> {
  await engine.run("SET TimeZone = 'UTC'");
  return sourceOf(workspace, readSnapshot(workspace));
}

function sourceOf(workspace: Workspace, snapshot: LakeSnapshot): EventSource {
  const { events, items, users } = snapshot;
  const edge = (pick: (...values: number[]) => number, of: (part: LakePart) => number) =>
    events.length === 0 ? Number.NaN : events.map(of).reduce((a, b) => pick(a, b));
  return {
    events: events.length > 0 ? partsRelation(workspace, events) : emptyRelation(EVENT_COLUMNS),
    items: items.length > 0 ? partsRelation(workspace, items) : undefined,
    users: users.length > 0 ? partsRelation(workspace, users) : undefined,
    currency: snapshot.currency,
    zone: workspaceZone(workspace),
    firstMs: edge(Math.min, (part) => part.firstMs),
    lastMs: edge(Math.max, (part) => part.lastMs),
    rows: events.reduce((sum, part) => sum + part.rows, 0),
    fingerprint: fingerprintOf(snapshot),
    erasures: snapshot.erasures,
  };
}

/** Whether somebody was erased since the source was read: what was made from it may still hold them. */
export const erasedSince = (workspace: Workspace, source: EventSource): boolean =>
  readSnapshot(workspace).erasures !== (source.erasures ?? 0);

const ATTEMPTS = 5;

/**
 * Runs `work` on one moment of the lake, and again on a fresh one when a file of it vanished underneath (an erasure).
 *
 * @param work  must not keep anything from an attempt that failed
 */
export async function withSource<T>(
  workspace: Workspace,
  engine: Engine,
  work: (source: EventSource) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    await engine.run("SET TimeZone = 'UTC'");
    const snapshot = readSnapshot(workspace);
    try {
      return await work(sourceOf(workspace, snapshot));
    } catch (cause) {
      const parts = [...snapshot.events, ...snapshot.items, ...snapshot.users];
      const vanished = parts.some((part) => !existsSync(join(workspace.dir, part.path)));
      if (!vanished || attempt >= ATTEMPTS) throw cause;
    }
  }
}
