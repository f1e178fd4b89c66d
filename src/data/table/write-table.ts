// Answers as a file others read: CSV, NDJSON or Parquet with the same columns, put in place whole.
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { finished } from 'node:stream/promises';
import { AppError } from '../../core/errors.ts';
import { type Engine, sqlName, sqlText } from '../engine.ts';
import { placeError } from '../output-place.ts';

/** One column of the file: numbers (NaN is written as nothing), counts or texts (`''` is written as nothing), [rows] */
export interface WrittenColumn {
  readonly name: string;
  readonly values: Float64Array | Int32Array | readonly string[];
}

const FORMATS = ['.csv', '.ndjson', '.parquet'] as const;

/** @throws AppError USAGE for a name of another kind: call it before long work */
export function checkTablePath(path: string): void {
  const format = extname(path).toLowerCase();
  if (FORMATS.includes(format as (typeof FORMATS)[number])) return;
  throw new AppError('USAGE', `expected an output file ending in ${FORMATS.join(', ')}, got "${path}"`);
}

/**
 * Written beside its place and renamed, so that a reader never sees half a file.
 *
 * @throws AppError USAGE for a file name of another kind, DISK
 */
export async function writeTable(
  engine: Engine,
  path: string,
  columns: readonly WrittenColumn[],
): Promise<void> {
  checkTablePath(path);
  const format = extname(path).toLowerCase();
  // Named after the process, so that two of them writing the same file do not write into each other's.
  const fresh = `${path}.${process.pid}.new`;
  const text = format === '.parquet' ? `${path}.${process.pid}.ndjson.new` : fresh;
  try {
    mkdirSync(dirname(path), { recursive: true });
    await writeText(text, format === '.csv' ? 'csv' : 'ndjson', columns);
    if (format === '.parquet') await toParquet(engine, { from: text, to: fresh, columns });
    renameSync(fresh, path);
  } catch (cause) {
    throw placeError(cause, path, 'file');
  } finally {
    for (const left of new Set([fresh, text])) if (existsSync(left)) rmSync(left);
  }
}

async function writeText(
  path: string,
  format: 'csv' | 'ndjson',
  columns: readonly WrittenColumn[],
): Promise<void> {
  const stream = createWriteStream(path);
  const done = finished(stream);
  const rows = columns[0]?.values.length ?? 0;
  const keys = columns.map(({ name }) => JSON.stringify(name));
  if (format === 'csv') stream.write(`${columns.map(({ name }) => csvCell(name)).join(',')}\n`);
  let buffer = '';
  for (let row = 0; row < rows; row++) {
    const cells = columns.map(({ values }) => values[row]);
    buffer +=
      format === 'csv'
        ? `${cells.map(csvCell).join(',')}\n`
        : `{${cells.map((cell, i) => `${keys[i]}:${jsonCell(cell)}`).join(',')}}\n`;
    if (buffer.length > 1 << 16) {
      if (!stream.write(buffer)) await Promise.race([once(stream, 'drain'), done]);
      buffer = '';
    }
  }
  stream.end(buffer);
  await done;
}

const csvCell = (cell: string | number): string => {
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : '';
  return /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
};

const jsonCell = (cell: string | number): string => {
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : 'null';
  return cell === '' ? 'null' : JSON.stringify(cell);
};

/** Through NDJSON, where nothing about quotes or empty cells has to be guessed. */
async function toParquet(
  engine: Engine,
  { from, to, columns }: { from: string; to: string; columns: readonly WrittenColumn[] },
): Promise<void> {
  const types = columns.map(({ name, values }) => `${sqlText(name)}: '${sqlType(values)}'`).join(', ');
  await engine.run(
    `COPY (SELECT ${columns.map(({ name }) => sqlName(name)).join(', ')} FROM read_json(${sqlText(from)}, columns = {${types}}, format = 'newline_delimited'))
     TO ${sqlText(to)} (FORMAT parquet, COMPRESSION zstd)`,
  );
}

function sqlType(values: WrittenColumn['values']): string {
  if (values instanceof Float64Array) return 'DOUBLE';
  return values instanceof Int32Array ? 'INTEGER' : 'VARCHAR';
}
