// First half of an import: each file becomes one staged Parquet file of typed rows with their reasons, in the file's order.
import { join } from 'node:path';
import { throwIfAborted } from '../../core/errors.ts';
import type { Progress } from '../../core/progress.ts';
import { type Engine, sqlText } from '../engine.ts';
import type { ReadableFile } from './file.ts';
import type { Mapping } from './mapping.ts';
import { compilePlan, type PlanContext } from './plan.ts';
import { rawRows } from './relation.ts';

/** One staged file. */
export interface StagedRows {
  readonly file: ReadableFile;
  readonly path: string;
  /** Whether its rows carry their own number, rather than standing in the file's order. */
  readonly isNumbered: boolean;
}

/** A line the engine could not split into cells. */
export interface BrokenLine {
  readonly reason: string;
  /** Where the line starts, bytes from the file's beginning. */
  readonly at: number;
  readonly text: string;
}

/** Writes the staged file. It is cheap to read and short-lived, so it is compressed lightly. */
export async function stageFile(
  engine: Engine,
  file: ReadableFile,
  mapping: Mapping,
  options: {
    context: PlanContext;
    folder: string;
    index: number;
    progress: Progress;
    signal?: AbortSignal;
  },
): Promise<StagedRows> {
  throwIfAborted(options.signal);
  const rows = await rawRows(engine, file, mapping);
  const select = compilePlan(mapping, rows, options.context);
  const path = join(options.folder, `staged-${options.index}.parquet`);
  await engine.run(
    `COPY (${select}) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION snappy)`,
    options.signal,
  );
  return { file, path, isNumbered: rows.record !== undefined };
}

/**
 * SQL after FROM over staged files: their rows, `file_index`, `place` (unique within the file) and `record`, the row's place
 * in the file it came from, from 0.
 */
export function stagedRelation(staged: readonly StagedRows[]): string {
  const selects = staged.map(({ path, isNumbered }, index) => {
    const record = isNumbered ? '' : ', file_row_number AS record';
    return `SELECT * EXCLUDE (file_row_number), CAST(${index} AS INTEGER) AS file_index, file_row_number AS place${record} FROM read_parquet(${sqlText(path)}, file_row_number = true)`;
  });
  return `(${selects.join(' UNION ALL ')})`;
}

const BROKEN: Readonly<Record<string, string>> = {
  'MISSING COLUMNS': 'ragged_row',
  'TOO MANY COLUMNS': 'ragged_row',
  'UNQUOTED VALUE': 'bad_quoting',
  'LINE SIZE OVER MAXIMUM': 'line_too_long',
  'INVALID ENCODING': 'wrong_encoding',
};

/** The lines of one file the engine rejected, each once, in order. */
export async function brokenLines(engine: Engine, path: string): Promise<BrokenLine[]> {
  const exists = await engine.rows("SELECT 1 AS one FROM duckdb_tables() WHERE table_name = 'csv_errors'");
  if (exists.length === 0) return [];
  const found = await engine.rows<{ at: number; kind: string; text: string | null }>(
    `SELECT e.line_byte_position AS at, min(CAST(e.error_type AS VARCHAR)) AS kind, min(left(e.csv_line, 20000)) AS text
     FROM csv_errors e JOIN csv_scans s USING (scan_id, file_id)
     WHERE s.file_path = ${sqlText(path)} GROUP BY e.line_byte_position ORDER BY 1`,
  );
  return found.map(({ at, kind, text }) => ({
    at,
    reason: BROKEN[kind] ?? 'bad_row',
    text: (text ?? '').trim(),
  }));
}
