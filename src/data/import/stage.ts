// First half of an import: each file becomes a table of typed rows with their reasons, in the file's order.
import { throwIfAborted } from '../../core/errors.ts';
import { type Engine, sqlText } from '../engine.ts';
import type { ReadableFile } from './file.ts';
import type { Mapping } from './mapping.ts';
import { compilePlan, LAKE_COLUMNS, type PlanContext } from './plan.ts';
import { asReadFault } from './read-fault.ts';
import { rawRows } from './relation.ts';

/** One staged file: a temporary table of the engine, spilled to disk when it does not fit. */
export interface StagedRows {
  readonly file: ReadableFile;
  readonly table: string;
  readonly kind: Mapping['kind'];
  /** The lake's columns the table has; the others are NULL. */
  readonly filled: readonly string[];
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

/** Reads one file into the table `staged_<index>`. */
export async function stageFile(
  engine: Engine,
  file: ReadableFile,
  mapping: Mapping,
  options: { context: PlanContext; index: number; signal?: AbortSignal },
): Promise<StagedRows> {
  throwIfAborted(options.signal);
  const table = `staged_${options.index}`;
  const rows = await rawRows(engine, file, mapping).catch((cause: unknown) => {
    throw asReadFault(cause, file.name);
  });
  const { sql, filled } = compilePlan(mapping, rows, options.context);
  try {
    await engine.run(`CREATE OR REPLACE TEMP TABLE ${table} AS ${sql}`, options.signal);
  } catch (cause) {
    throw asReadFault(cause, file.name);
  }
  return { file, table, kind: mapping.kind, filled, isNumbered: rows.record !== undefined };
}

/**
 * SQL after FROM over staged files: their rows with every column of the lake, `reason`, `raw`, `file_index`, `place` (unique
 * within the file) and `record`, the row's place in the file it came from, from 0.
 */
export function stagedRelation(staged: readonly StagedRows[]): string {
  const selects = staged.map(({ table, kind, filled, isNumbered }, index) => {
    const columns = Object.entries(LAKE_COLUMNS[kind]).map(([column, type]) =>
      filled.includes(column) ? column : `CAST(NULL AS ${type}) AS ${column}`,
    );
    const place = `CAST(${index} AS INTEGER) AS file_index, rowid AS place, ${isNumbered ? 'record' : 'rowid AS record'}`;
    return `SELECT ${columns.join(', ')}, reason, raw, ${place} FROM ${table}`;
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
