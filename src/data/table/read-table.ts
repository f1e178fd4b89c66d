// A table file as a Frame in one call: opened, its columns told apart, read.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Frame } from '../../core/frame.ts';
import { openEngine } from '../engine.ts';
import type { TableColumn } from './column-kind.ts';
import { inferColumns } from './infer-columns.ts';
import { openTable } from './open-table.ts';
import { readColumns } from './read-columns.ts';

export interface ReadTableOptions {
  /** Kinds instead of those found, such as `{ zip: 'category', day: 'date:%d/%m/%Y' }`. */
  readonly types?: Readonly<Record<string, string>>;
  /** Columns read as texts though all their cells be numbers, such as ids: `01` is not `1`. */
  readonly texts?: (column: string) => boolean;
  /** Texts that mean missing besides the usual ones. */
  readonly missing?: readonly string[];
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

export interface ReadTable {
  /** All columns in the file's order; booleans as 0 and 1, dates as UTC ms, ids as categories. */
  readonly frame: Frame;
  /** What each column was taken for, and why. */
  readonly columns: readonly TableColumn[];
}

/**
 * Reads CSV, TSV, NDJSON or Parquet, also gzipped, whole into memory.
 *
 * @throws AppError NOT_FOUND; BAD_FILE naming the first line at fault; USAGE for a type that is none; INTERRUPTED
 */
export async function readTable(path: string, options: ReadTableOptions = {}): Promise<ReadTable> {
  const { types = {}, texts, missing = [], threads, signal } = options;
  const scratch = mkdtempSync(join(tmpdir(), 'foresell-read-'));
  try {
    const decoded = join(scratch, 'data');
    mkdirSync(decoded);
    const engine = await openEngine({ tempDir: join(scratch, 'spill'), ...(threads && { threads }) });
    try {
      const source = await openTable(engine, path, { scratch: decoded, missing, signal });
      const named = source.columns.filter((column) => texts?.(column)).map((column) => [column, 'text']);
      const asked = { ...Object.fromEntries(named), ...types };
      const columns = await inferColumns(engine, source, { asked, signal });
      return { frame: await readColumns(engine, source, columns, signal), columns };
    } finally {
      engine.close();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
