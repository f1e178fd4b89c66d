// Compaction: what the journal holds becomes parts of the lake, by the same steps an import ends with.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Progress, silent } from '../../core/progress.ts';
import { type Disk, realDisk, sha256 } from '../disk.ts';
import { type Engine, openEngine, sqlText } from '../engine.ts';
import { publish, stageEvents } from '../import/append.ts';
import type { StagedFile } from '../lake/commit.ts';
import { commitLake, sweepLake } from '../lake/commit.ts';
import { mergeParts } from '../lake/merge-parts.ts';
import { clearScratch, withScratch } from '../lake/scratch.ts';
import { type QuarantinePart, readSnapshot } from '../lake/snapshot.ts';
import { withLock } from '../lock.ts';
import { type Workspace, workspacePaths } from '../workspace.ts';
import type { EventJournal } from './event-journal.ts';
import { firstCurrency, STREAMED, stageRecords, writeRecords } from './event-table.ts';

export interface CompactOptions {
  /** Records from this position on stay in the journal as well, for whoever reads on from there; default: none. */
  readonly keepFrom?: number;
  /** Default 1: a server has other work. */
  readonly threads?: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** How long to wait for another writer of the lake; 0 gives up at once. */
  readonly waitMs?: number;
  readonly nowMs?: number;
  readonly disk?: Disk;
}

export interface Compaction {
  /** Events new in the lake. */
  readonly accepted: number;
  /** Events that were in the lake already. */
  readonly duplicates: number;
  /** Events the lake does not take, by reason; they are in the quarantine. */
  readonly quarantined: Readonly<Record<string, number>>;
  /** Everything before this position is in the lake. */
  readonly until: number;
}

/**
 * Brings everything that is in the journal into the lake, and drops it from the journal.
 *
 * A crash between the two is harmless: the next compaction finds the same events and the lake knows their ids. Appending
 * goes on meanwhile.
 *
 * @throws AppError BUSY, DISK, BAD_FILE, INTERRUPTED; the journal then still holds everything
 */
export async function compactJournal(
  workspace: Workspace,
  events: EventJournal,
  options: CompactOptions = {},
): Promise<Compaction> {
  const { progress = silent, signal, disk = realDisk } = options;
  const lockOptions = {
    waitMs: options.waitMs ?? 0,
    signal,
    onWait: (holder: string) => progress.note(`waiting for ${holder}`),
  };
  const compaction = await withLock(
    workspacePaths.lakeLock(workspace),
    'compaction',
    lockOptions,
    async () => {
      clearScratch(workspace);
      sweepLake(workspace, disk);
      const until = await events.journal.seal();
      return withScratch(workspace, 'compact', async (folder) => {
        const path = join(folder, 'records.ndjson');
        const records = await writeRecords(events, until, path, signal);
        if (records === 0) return { accepted: 0, duplicates: 0, quarantined: {}, until };
        const engine = await openEngine({
          threads: options.threads ?? 1,
          memoryLimit: '1GB',
          tempDir: join(folder, 'spill'),
        });
        try {
          await engine.run("SET TimeZone = 'UTC'");
          await engine.run('SET preserve_insertion_order = true');
          const appended = await append(engine, workspace, { ...options, disk, folder, path });
          await merge(engine, workspace, { ...options, disk, folder });
          return { ...appended, until };
        } finally {
          engine.close();
        }
      });
    },
  );
  await events.dropBefore(Math.min(compaction.until, options.keepFrom ?? compaction.until));
  return compaction;
}

async function append(
  engine: Engine,
  workspace: Workspace,
  work: CompactOptions & { readonly disk: Disk; readonly folder: string; readonly path: string },
): Promise<Omit<Compaction, 'until'>> {
  const { disk, folder, path, progress, signal } = work;
  const before = readSnapshot(workspace);
  const currency = before.currency || (await firstCurrency(engine, path));
  await stageRecords(engine, path, { currency, nowMs: work.nowMs ?? Date.now(), signal });
  const counted = await engine.rows<{ reason: string | null; rows: number }>(
    'SELECT reason, count(*) AS rows FROM streamed GROUP BY reason ORDER BY reason',
  );
  const valid = counted.find(({ reason }) => reason === null)?.rows ?? 0;
  const quarantined = Object.fromEntries(
    counted.flatMap(({ reason, rows }) => (reason === null ? [] : [[reason, rows]])),
  );
  const rejected = await stageRejected(engine, folder);
  const id = randomBytes(6).toString('hex');
  const fresh = await stageEvents(engine, workspace, before, {
    rows: STREAMED,
    valid,
    folder,
    id,
    progress,
    signal,
  });
  const change = { events: [...before.events, ...fresh.parts], currency };
  publish({ workspace, disk }, before, change, [...fresh.staged, ...rejected.staged], rejected.parts);
  return {
    accepted: fresh.parts.reduce((sum, part) => sum + part.rows, 0),
    duplicates: fresh.duplicates,
    quarantined,
  };
}

/** Many compactions leave many small files: they become few, in a change of its own. */
async function merge(
  engine: Engine,
  workspace: Workspace,
  work: CompactOptions & { readonly disk: Disk; readonly folder: string },
): Promise<void> {
  const now = readSnapshot(workspace);
  const merged = await mergeParts(engine, workspace, now, {
    folder: join(work.folder, 'merged'),
    id: randomBytes(6).toString('hex'),
    nowMs: work.nowMs ?? Date.now(),
    ...(work.signal && { signal: work.signal }),
  });
  if (!merged) return;
  commitLake(workspace, merged.staged, { ...now, ...merged.change, version: now.version + 1 }, work.disk);
}

/** Rejected rows go where those of an import go, in a folder named after their content. */
async function stageRejected(
  engine: Engine,
  folder: string,
): Promise<{ staged: readonly StagedFile[]; parts: readonly QuarantinePart[] }> {
  const rejected = `SELECT reason, 'journal' AS file, CAST(NULL AS BIGINT) AS line, raw FROM streamed WHERE reason IS NOT NULL`;
  const [{ rows, digest }] = await engine.rows<{ rows: number; digest: string | null }>(
    `SELECT count(*) AS rows, CAST(sum(CAST(hash(reason, raw) AS HUGEINT)) AS VARCHAR) AS digest FROM (${rejected})`,
  );
  if (rows === 0) return { staged: [], parts: [] };
  const from = join(folder, 'rejected.parquet');
  await engine.run(
    `COPY (${rejected} ORDER BY reason, raw) TO ${sqlText(from)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  const to = `quarantine/${sha256(`journal|${digest}`).slice(0, 16)}/rejected.parquet`;
  return { staged: [{ from, to }], parts: [{ path: to, rows }] };
}
