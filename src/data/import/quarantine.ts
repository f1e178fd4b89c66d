// Rejected rows: never silently lost, always with the reason, the file and the line.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../disk.ts';
import { type Engine, sqlText } from '../engine.ts';
import type { StagedFile } from '../lake/commit.ts';
import type { QuarantinePart } from '../lake/snapshot.ts';
import { lineShifts } from './lines.ts';
import type { Mapping } from './mapping.ts';
import { type BrokenLine, brokenLines, type StagedRows, stagedRelation } from './stage.ts';

export interface Quarantine {
  readonly reasons: Readonly<Record<string, number>>;
  readonly staged: readonly StagedFile[];
  readonly parts: readonly QuarantinePart[];
}

/** Valid and left-out rows among the staged. */
export async function countRows(engine: Engine, rows: string): Promise<{ valid: number; skipped: number }> {
  const [counts] = await engine.rows<{ valid: number; skipped: number }>(
    `SELECT count(*) FILTER (reason IS NULL) AS valid, count(*) FILTER (reason = 'skipped') AS skipped FROM ${rows}`,
  );
  return counts;
}

/**
 * Writes `rejected.parquet` with columns `reason, file, line, raw`; nothing when every row is good.
 *
 * The folder is named after the content, so that rejecting the same rows again is the same quarantine. With pseudonyms a
 * line that could not be split into cells is kept without its text, as nobody can tell where the ids are in it.
 */
export async function writeQuarantine(
  engine: Engine,
  staged: readonly StagedRows[],
  mapping: Mapping,
  options: { folder: string; pseudonyms: boolean; signal?: AbortSignal },
): Promise<Quarantine> {
  const { folder, pseudonyms, signal } = options;
  const rows = stagedRelation(staged);
  const counted = await engine.rows<{ reason: string; rows: number; file_index: number; last: number }>(
    `SELECT reason, file_index, count(*) AS rows, max(record) AS last FROM ${rows}
     WHERE reason IS NOT NULL AND reason <> 'skipped' GROUP BY ALL ORDER BY ALL`,
    signal,
  );
  const reasons: Record<string, number> = {};
  const add = (reason: string, count: number) => {
    reasons[reason] = (reasons[reason] ?? 0) + count;
  };
  for (const { reason, rows: count } of counted) add(reason, count);

  const shifts: string[] = [];
  const broken: string[] = [];
  for (const [index, { file }] of staged.entries()) {
    const lines: BrokenLine[] = await brokenLines(engine, file.path);
    const lastRecord = Math.max(-1, ...counted.filter((c) => c.file_index === index).map((c) => c.last));
    if (lines.length === 0 && lastRecord < 0) continue;
    const found = await lineShifts(file, mapping.file, lines, lastRecord);
    for (const { record, shift } of found.shifts)
      shifts.push(JSON.stringify({ file_index: index, record, shift }));
    for (const [nth, line] of lines.entries()) {
      add(line.reason, 1);
      const raw = pseudonyms ? null : line.text;
      broken.push(JSON.stringify({ reason: line.reason, file: file.name, line: found.brokenAt[nth], raw }));
    }
  }
  if (Object.keys(reasons).length === 0) return { reasons, staged: [], parts: [] };

  const own = join(folder, 'quarantine');
  mkdirSync(own);
  const table = (name: string, columns: string, lines: readonly string[]) => {
    const path = join(own, name);
    writeFileSync(path, `${lines.join('\n')}\n`);
    return `read_json(${sqlText(path)}, format = 'newline_delimited', columns = ${columns}, maximum_object_size = 67108864)`;
  };
  const shiftTable = table(
    'shifts.ndjson',
    "{file_index: 'INTEGER', record: 'BIGINT', shift: 'BIGINT'}",
    shifts,
  );
  const brokenTable = table(
    'broken.ndjson',
    "{reason: 'VARCHAR', file: 'VARCHAR', line: 'BIGINT', raw: 'VARCHAR'}",
    broken,
  );
  const names = staged.map(({ file }) => sqlText(file.name)).join(', ');
  await engine.run(
    `CREATE OR REPLACE TEMP TABLE rejected AS
     SELECT reason, ([${names}])[file_index + 1] AS file, record + shift AS line, raw
     FROM (SELECT reason, file_index, record, raw FROM ${rows} WHERE reason IS NOT NULL AND reason <> 'skipped') r
       ASOF JOIN ${shiftTable} s USING (file_index, record)
     UNION ALL SELECT reason, file, line, raw FROM ${brokenTable}`,
    signal,
  );
  const [{ rows: count, digest }] = await engine.rows<{ rows: number; digest: string }>(
    'SELECT count(*) AS rows, CAST(sum(CAST(hash(reason, file, line, raw) AS HUGEINT)) AS VARCHAR) AS digest FROM rejected',
  );
  const path = join(own, 'rejected.parquet');
  await engine.run(
    `COPY (SELECT * FROM rejected ORDER BY file, line, reason) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd)`,
    signal,
  );
  const to = `quarantine/${sha256(digest).slice(0, 16)}/rejected.parquet`;
  return { reasons, staged: [{ from: path, to }], parts: [{ path: to, rows: count }] };
}
