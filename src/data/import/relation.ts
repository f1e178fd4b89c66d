// SQL that reads a prepared file as rows of text: columns c0, c1, …, and `fault` where a line is no row.
import { AppError } from '../../core/errors.ts';
import { type Engine, sqlName, sqlText } from '../engine.ts';
import type { ReadableFile } from './file.ts';
import type { Mapping } from './mapping.ts';

/** Lines longer than this are rejected; a cell may hold MAX_TEXT_BYTES. */
export const MAX_LINE_BYTES = 16 * 2 ** 20;

/** The rows of a file. `column(name)` gives the SQL of a cell, and adds the column to those that are read. */
export interface RawRows {
  /** SQL after FROM, once every column has been asked for. */
  relation(): string;
  /** SQL of one cell's text. @throws AppError BAD_MAPPING listing the columns there are */
  column(name: string): string;
  /** SQL of the reason why a line is no row, NULL when it is one. */
  readonly fault: string;
  /** Rows come out in the file's order, one for each line the engine accepts. */
  readonly names: readonly string[];
}

/** Opens a file's rows. The engine's own CSV errors go to the tables `csv_scans` and `csv_errors`. */
export async function rawRows(
  engine: Engine,
  file: ReadableFile,
  settings: Mapping['file'],
): Promise<RawRows> {
  if (file.format === 'csv' && file.separator !== 'spaces') return csvRows(file, settings);
  if (file.format === 'csv') return spacedRows(file, settings);
  return file.format === 'ndjson' ? jsonRows(file) : await parquetRows(engine, file);
}

/** `read_csv` of whole lines, one column `line`, blank lines left in. */
export function linesRelation(file: ReadableFile, skip: number): string {
  return `read_csv(${sqlText(file.path)}, columns = {'line': 'VARCHAR'}, auto_detect = false, header = false, skip = ${skip}, delim = '\x1f', quote = '', escape = '', compression = ${file.gzip ? "'gzip'" : "'none'"}, max_line_size = ${MAX_LINE_BYTES}, buffer_size = ${2 * MAX_LINE_BYTES}, ignore_errors = true, store_rejects = true, rejects_scan = 'csv_scans', rejects_table = 'csv_errors')`;
}

function unknownColumn(name: string, names: readonly string[]): AppError {
  const shown = names.slice(0, 40).join(', ') + (names.length > 40 ? ', …' : '');
  return new AppError('BAD_MAPPING', `expected a column "${name}" in the file, its columns are: ${shown}`);
}

/** Finds a column by its exact name, else without regard to case. */
export function columnIndex(names: readonly string[], name: string): number {
  const exact = names.indexOf(name);
  if (exact >= 0) return exact;
  const folded = name.trim().toLowerCase();
  const loose = names.findIndex((other) => other.toLowerCase() === folded);
  if (loose < 0) throw unknownColumn(name, names);
  return loose;
}

function csvRows(file: ReadableFile, settings: Mapping['file']): RawRows {
  const columns = file.header.map((_, index) => `'c${index}': 'VARCHAR'`).join(', ');
  const nulls = ['', ...settings.missing].map(sqlText).join(', ');
  const quote = sqlText(settings.quote);
  return {
    names: file.header,
    fault: 'CAST(NULL AS VARCHAR)',
    column: (name) => `c${columnIndex(file.header, name)}`,
    relation: () =>
      `read_csv(${sqlText(file.path)}, columns = {${columns}}, auto_detect = false, header = ${settings.header}, skip = ${settings.skip}, delim = ${sqlText(file.separator)}, quote = ${quote}, escape = ${quote}, nullstr = [${nulls}], compression = ${file.gzip ? "'gzip'" : "'none'"}, max_line_size = ${MAX_LINE_BYTES}, buffer_size = ${2 * MAX_LINE_BYTES}, ignore_errors = true, store_rejects = true, rejects_limit = 0, rejects_scan = 'csv_scans', rejects_table = 'csv_errors')`,
  };
}

function spacedRows(file: ReadableFile, settings: Mapping['file']): RawRows {
  const width = file.header.length;
  const skip = settings.skip + (settings.header ? 1 : 0);
  return {
    names: file.header,
    fault: `CASE WHEN len(cells) <> ${width} THEN 'ragged_row' END`,
    column: (name) => `cells[${columnIndex(file.header, name) + 1}]`,
    relation: () =>
      `(SELECT string_split_regex(trim(line), '\\s+') AS cells FROM ${linesRelation(file, skip)} WHERE trim(line) <> '')`,
  };
}

/** Columns of NDJSON are paths: `user.id`, `items[0].sku`; a name with no row of that path is simply empty. */
function jsonRows(file: ReadableFile): RawRows {
  const paths: string[] = [];
  return {
    names: [],
    fault: "CASE WHEN NOT coalesce(json_valid(line), false) THEN 'bad_json' END",
    column(name) {
      let index = paths.indexOf(name);
      if (index < 0) index = paths.push(name) - 1;
      return `cells[${index + 1}]`;
    },
    relation() {
      const wanted = paths.map((path) => sqlText(jsonPath(path))).join(', ');
      const cells =
        paths.length > 0
          ? `CASE WHEN json_valid(line) THEN json_extract_string(line, [${wanted}]) END`
          : 'CAST([] AS VARCHAR[])';
      return `(SELECT line, ${cells} AS cells FROM ${linesRelation(file, 0)} WHERE trim(line) <> '')`;
    },
  };
}

/** `a.b[0].c` → `$."a"."b"[0]."c"`. */
export function jsonPath(path: string): string {
  const steps = path.split('.').map((step) => {
    const match = /^([^[\]]*)((?:\[\d+\])*)$/.exec(step);
    if (!match)
      throw new AppError('BAD_MAPPING', `expected a path such as user.id or items[0].sku, got "${path}"`);
    return `${match[1] === '' ? '' : `."${match[1].replaceAll('"', '')}"`}${match[2]}`;
  });
  return `$${steps.join('')}`;
}

async function parquetRows(engine: Engine, file: ReadableFile): Promise<RawRows> {
  const source = `read_parquet(${sqlText(file.path)}, hive_partitioning = false)`;
  const described = await engine.rows<{ column_name: string; column_type: string }>(
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${source})`,
  );
  const names = described.map((column) => column.column_name);
  const cells = described.map(({ column_name, column_type }, index) => {
    const nested = /\[|STRUCT|MAP|LIST/.test(column_type);
    const cell = sqlName(column_name);
    return `CAST(${nested ? `to_json(${cell})` : cell} AS VARCHAR) AS c${index}`;
  });
  return {
    names,
    fault: 'CAST(NULL AS VARCHAR)',
    column: (name) => `c${columnIndex(names, name)}`,
    relation: () => `(SELECT ${cells.join(', ')} FROM ${source})`,
  };
}
