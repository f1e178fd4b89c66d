// Second half of an import: accepted rows leave the staged files as zstd Parquet parts in date folders.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles } from '../disk.ts';
import { type Engine, sqlText } from '../engine.ts';
import type { LakePart } from '../lake/snapshot.ts';
import type { WorkspaceSettings } from '../workspace.ts';
import { LAKE_COLUMNS } from './plan.ts';

/** A month with at least so many events of one import is kept by day. */
const DAILY_FROM_ROWS = 1_000_000;

const dayOf = 'CAST(make_timestamp_ms(timestamp) AS DATE)';

/** SQL of the partition's date: the day, or the first day of the month where a month is small. */
async function dateSql(
  engine: Engine,
  staged: string,
  rule: WorkspaceSettings['partition'],
  signal?: AbortSignal,
): Promise<string> {
  const monthly = `CAST(date_trunc('month', ${dayOf}) AS DATE)`;
  if (rule === 'day') return dayOf;
  if (rule === 'month') return monthly;
  const busy = await engine.rows<{ month: string }>(
    `SELECT CAST(month AS VARCHAR) AS month FROM (
       SELECT date_trunc('month', day) AS month, sum(rows) AS rows FROM (
         SELECT timestamp // 86400000 AS number, min(${dayOf}) AS day, count(*) AS rows FROM ${staged} WHERE reason IS NULL GROUP BY 1)
       GROUP BY 1)
     WHERE rows >= ${DAILY_FROM_ROWS} ORDER BY 1`,
    signal,
  );
  if (busy.length === 0) return monthly;
  const months = busy.map(({ month }) => `DATE ${sqlText(month.slice(0, 10))}`).join(', ');
  return `CASE WHEN ${monthly} IN (${months}) THEN ${dayOf} ELSE ${monthly} END`;
}

/**
 * Writes the accepted rows under `folder` as `date=YYYY-MM-DD/part-<id>-<n>.parquet`.
 *
 * Needs the table `repeats` (see duplicates.ts).
 */
export async function writeEventParts(
  engine: Engine,
  staged: string,
  options: {
    folder: string;
    id: string;
    rule: WorkspaceSettings['partition'];
    repeats: number;
    signal?: AbortSignal;
  },
): Promise<void> {
  const { folder, id, rule, repeats, signal } = options;
  const date = await dateSql(engine, staged, rule, signal);
  const columns = Object.keys(LAKE_COLUMNS.events).join(', ');
  const fresh =
    repeats === 0
      ? `${staged} WHERE reason IS NULL`
      : `${staged} ANTI JOIN repeats USING (file_index, place) WHERE reason IS NULL`;
  await engine.run(
    `COPY (SELECT ${columns}, ${date} AS date FROM ${fresh})
     TO ${sqlText(folder)} (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (date), FILENAME_PATTERN 'part-${id}-{i}', OVERWRITE_OR_IGNORE true)`,
    signal,
  );
}

/**
 * Measures written files for the manifest.
 *
 * @param folder  where they lie
 * @param target  where they will lie, relative to the workspace
 */
export async function describeParts(
  engine: Engine,
  options: {
    folder: string;
    target: string;
    columns: readonly string[];
    timed: boolean;
    signal?: AbortSignal;
  },
): Promise<LakePart[]> {
  const { folder, target, columns, timed, signal } = options;
  const files = listFiles(folder);
  if (files.length === 0) return [];
  const paths = files.map((file) => sqlText(join(folder, file))).join(', ');
  const measured = await engine.rows<{
    path: string;
    rows: number;
    first: number;
    last: number;
    digest: string;
  }>(
    `SELECT filename AS path, count(*) AS rows, ${timed ? 'min(timestamp)' : '0'} AS first, ${timed ? 'max(timestamp)' : '0'} AS last,
       CAST(sum(CAST(hash(${columns.join(', ')}) AS HUGEINT)) AS VARCHAR) AS digest
     FROM read_parquet([${paths}], filename = true, hive_partitioning = false) GROUP BY filename`,
    signal,
  );
  const byPath = new Map(measured.map((part) => [part.path.replaceAll('\\', '/'), part]));
  return files.flatMap((file) => {
    const part = byPath.get(join(folder, file).replaceAll('\\', '/'));
    if (!part) return [];
    return [
      {
        path: `${target}/${file}`,
        rows: part.rows,
        bytes: statSync(join(folder, file)).size,
        firstMs: part.first,
        lastMs: part.last,
        digest: part.digest,
      },
    ];
  });
}
