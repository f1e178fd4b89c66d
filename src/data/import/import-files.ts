// Imports files into a lake, start to end: look, stage, find repeats, partition, commit.
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { type Progress, silent } from '../../core/progress.ts';
import { type Disk, realDisk } from '../disk.ts';
import { type Engine, openEngine } from '../engine.ts';
import { sweepLake } from '../lake/commit.ts';
import { clearScratch, withScratch } from '../lake/scratch.ts';
import { readSnapshot } from '../lake/snapshot.ts';
import { withLock } from '../lock.ts';
import { pseudonymSetup, readPseudonymKey } from '../pseudonym.ts';
import { type Workspace, workspacePaths } from '../workspace.ts';
import { publish, stageEvents } from './append.ts';
import { planMoney } from './currency.ts';
import { encodingAt, prepareFile, type ReadableFile } from './file.ts';
import { loadMapping, type Mapping } from './mapping.ts';
import { mergeTable } from './merge-table.ts';
import { countRows, writeQuarantine } from './quarantine.ts';
import { brokenLines, type StagedRows, stagedRelation, stageFile } from './stage.ts';
import { importZone } from './time-sql.ts';

export interface ImportOptions {
  readonly threads?: number;
  /** What the engine may hold before it spills to the workspace's scratch; such as `2GB`. */
  readonly memoryLimit?: string;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** How long to wait for another writer; 0 gives up at once. */
  readonly waitMs?: number;
  /** Now, UTC ms: what lies later is a future date. */
  readonly nowMs?: number;
  readonly disk?: Disk;
}

export interface ImportReport {
  readonly kind: Mapping['kind'];
  /** Rows new in the lake (events), or rows now in the table that came from these files (items, users). */
  readonly accepted: number;
  /** Rows whose event id is already there; for items and users, rows that a later one replaces or that say nothing new. */
  readonly duplicates: number;
  /** Rejected rows by reason, see `REJECT_REASONS`. */
  readonly quarantined: Readonly<Record<string, number>>;
  /** Rows the mapping leaves out on purpose. */
  readonly skipped: number;
  /** Accepted events without a user. */
  readonly anonymous: number;
  /** First and last accepted event, UTC ms; NaN when there is none. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly currency: string;
  readonly files: number;
  readonly partitions: number;
  readonly seconds: number;
}

/**
 * Imports files through a mapping. All or nothing: until the last rename readers see the lake as it was.
 *
 * Importing the same file twice changes nothing, not one byte.
 *
 * @param mapping  a checked mapping, the path of a mapping file, or the name of a ready one
 * @throws AppError BAD_MAPPING, BAD_FILE, BAD_DATA (currencies), BUSY, DISK, INTERRUPTED
 */
export async function importFiles(
  workspace: Workspace,
  paths: readonly string[],
  mapping: Mapping | string,
  options: ImportOptions = {},
): Promise<ImportReport> {
  const startedMs = performance.now();
  if (paths.length === 0) throw new AppError('USAGE', 'expected at least one file to import, got none');
  const checked = typeof mapping === 'string' ? loadMapping(mapping) : mapping;
  const { signal, progress = silent, disk = realDisk } = options;
  const lockOptions = {
    waitMs: options.waitMs ?? 0,
    signal,
    onWait: (holder: string) => progress.note(`waiting for ${holder}`),
  };
  return withLock(workspacePaths.lakeLock(workspace), 'import', lockOptions, async () => {
    clearScratch(workspace);
    sweepLake(workspace, disk);
    return withScratch(workspace, 'import', async (folder) => {
      const engine = await openEngine({
        threads: options.threads,
        memoryLimit: options.memoryLimit ?? '2GB',
        tempDir: join(folder, 'spill'),
      });
      try {
        const work = { workspace, mapping: checked, engine, folder, progress, signal, disk };
        const report = await importStaged(work, paths, options.nowMs ?? Date.now());
        return { ...report, seconds: (performance.now() - startedMs) / 1000 };
      } finally {
        engine.close();
      }
    });
  });
}

interface Work {
  readonly workspace: Workspace;
  readonly mapping: Mapping;
  readonly engine: Engine;
  readonly folder: string;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
  readonly disk: Disk;
}

async function importStaged(
  work: Work,
  paths: readonly string[],
  nowMs: number,
): Promise<Omit<ImportReport, 'seconds'>> {
  const { workspace, mapping, engine, folder, progress, signal } = work;
  const before = readSnapshot(workspace);
  await setUp(engine, workspace);

  const files: ReadableFile[] = [];
  for (const [index, path] of paths.entries()) {
    const own = join(folder, `decoded-${index}`);
    mkdirSync(own);
    files.push(await prepareFile(path, mapping.file, own, { signal }));
  }
  const money = await planMoney(engine, files, mapping, before.currency);
  const context = {
    zone: importZone(mapping.time.zone ?? workspace.settings.zone, nowMs),
    nowMs,
    money,
    pseudonyms: workspace.settings.pseudonyms,
  };

  const staged: StagedRows[] = [];
  for (const [index, file] of files.entries()) {
    progress.step({ task: 'reading', done: index, total: files.length, unit: 'files' });
    const first = await stageFile(engine, file, mapping, { context, index, signal });
    const odd = file.isUnproven ? await firstOfOtherEncoding(engine, file) : undefined;
    if (odd === undefined) staged.push(first);
    else {
      const encoding = await encodingAt(paths[index], odd);
      const decoded = await prepareFile(paths[index], mapping.file, join(folder, `decoded-${index}`), {
        encoding,
        signal,
      });
      staged.push(await stageFile(engine, decoded, mapping, { context, index, signal }));
    }
  }
  progress.step({ task: 'reading', done: files.length, total: files.length, unit: 'files' });
  const rows = stagedRelation(staged);

  const quarantine = await writeQuarantine(engine, staged, mapping, {
    folder,
    pseudonyms: context.pseudonyms,
    signal,
  });
  const counts = await countRows(engine, rows);
  const shared = {
    kind: mapping.kind,
    quarantined: quarantine.reasons,
    skipped: counts.skipped,
    currency: money.currency,
    files: files.length,
  };
  const id = randomBytes(6).toString('hex');

  if (mapping.kind !== 'events') {
    const merged = await mergeTable(engine, workspace, before, {
      table: mapping.kind,
      rows,
      folder,
      id,
      signal,
    });
    publish(
      work,
      before,
      { ...merged.change, currency: money.currency },
      [...merged.staged, ...quarantine.staged],
      quarantine.parts,
    );
    return {
      ...shared,
      accepted: merged.accepted,
      duplicates: counts.valid - merged.accepted,
      anonymous: 0,
      firstMs: Number.NaN,
      lastMs: Number.NaN,
      partitions: merged.staged.length,
    };
  }

  const {
    parts,
    duplicates,
    staged: stagedParts,
  } = await stageEvents(engine, workspace, before, {
    rows,
    valid: counts.valid,
    folder,
    id,
    progress,
    signal,
  });
  const change = { events: [...before.events, ...parts], currency: money.currency || before.currency };
  publish(work, before, change, [...stagedParts, ...quarantine.staged], quarantine.parts);
  const anonymous = await countAnonymous(engine, rows, duplicates);
  return {
    ...shared,
    accepted: parts.reduce((sum, part) => sum + part.rows, 0),
    duplicates,
    anonymous,
    firstMs: parts.length > 0 ? Math.min(...parts.map((part) => part.firstMs)) : Number.NaN,
    lastMs: parts.length > 0 ? Math.max(...parts.map((part) => part.lastMs)) : Number.NaN,
    partitions: new Set(parts.map((part) => part.path.split('/')[2])).size,
  };
}

/** Where the first line stands that contradicts UTF-8, if any. */
async function firstOfOtherEncoding(engine: Engine, file: ReadableFile): Promise<number | undefined> {
  const lines = await brokenLines(engine, file.path);
  return lines.find(({ reason }) => reason === 'wrong_encoding')?.at;
}

/** What every import engine needs before it reads: UTC, the file's order kept, and the pseudonym key if there is one. */
export async function setUp(engine: Engine, workspace: Workspace): Promise<void> {
  await engine.run("SET TimeZone = 'UTC'");
  await engine.run('SET preserve_insertion_order = true');
  if (!workspace.settings.pseudonyms) return;
  for (const statement of pseudonymSetup(readPseudonymKey(workspace.dir))) await engine.run(statement);
}

async function countAnonymous(engine: Engine, rows: string, duplicates: number): Promise<number> {
  const without = duplicates === 0 ? '' : 'ANTI JOIN repeats USING (file_index, place)';
  const [{ anonymous }] = await engine.rows<{ anonymous: number }>(
    `SELECT count(*) AS anonymous FROM ${rows} ${without} WHERE reason IS NULL AND user_id IS NULL`,
  );
  return anonymous;
}
