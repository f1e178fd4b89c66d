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
  /** SQL of the row's place in the file, from 0; undefined when rows come out one for one and in order. */
  readonly record: string | undefined;
}

/** Opens a file's rows. The engine's own CSV errors go to the tables `csv_scans` and `csv_errors`. */
export async function rawRows(engine: Engine, file: ReadableFile, mapping: Mapping): Promise<RawRows> {
  const { unnest } = mapping.file;
  // Where rows do not come out as they stand in the file, each carries its number.
  const isNumbered = unnest !== undefined || mapping.file.fill !== undefined || mapping.also !== undefined;
  if (unnest !== undefined && file.format !== 'ndjson') {
    throw new AppError(
      'BAD_MAPPING',
      'file.unnest: expected NDJSON; export the table as NDJSON to unnest its lists',
    );
  }
  if (file.format === 'ndjson') return jsonRows(file, unnest, isNumbered);
  const rows = await flatRows(engine, file, mapping.file, isNumbered);
  return mapping.file.fill ? filledRows(rows, mapping.file.fill) : rows;
}

async function flatRows(
  engine: Engine,
  file: ReadableFile,
  settings: Mapping['file'],
  isNumbered: boolean,
): Promise<RawRows> {
  if (file.format === 'parquet') return parquetRows(engine, file);
  const rows = file.separator === 'spaces' ? spacedRows(file, settings) : csvRows(file, settings);
  return isNumbered ? { ...rows, record: 'record', relation: () => numbered(rows.relation()) } : rows;
}

const numbered = (source: string): string => `(SELECT *, row_number() OVER () - 1 AS record FROM ${source})`;

/** Blank cells take the first filled one among the rows of the same key. */
function filledRows(
  rows: RawRows,
  fill: { readonly key: string; readonly columns: readonly string[] },
): RawRows {
  const key = rows.column(fill.key);
  const filled = new Map(
    fill.columns.map((name) => [rows.column(name), `filled${fill.columns.indexOf(name)}`] as const),
  );
  const windows = [...filled].map(
    ([cell, alias]) =>
      `arg_min(${cell}, ${rows.record}) FILTER (WHERE trim(${cell}) <> '') OVER (PARTITION BY ${key}) AS ${alias}`,
  );
  return {
    ...rows,
    column: (name) => {
      const cell = rows.column(name);
      const alias = filled.get(cell);
      return alias ? `coalesce(nullif(trim(${cell}), ''), ${alias})` : cell;
    },
    relation: () => `(SELECT *, ${windows.join(', ')} FROM ${rows.relation()})`,
  };
}

/** `read_csv` of whole lines, one column `line`, blank lines left in. */
export function linesRelation(file: ReadableFile, skip: number): string {
  return `read_csv(${sqlText(file.path)}, columns = {'line': 'VARCHAR'}, auto_detect = false, header = false, skip = ${skip}, delim = '\x1f', quote = '', escape = '', compression = 'none', max_line_size = ${MAX_LINE_BYTES}, buffer_size = ${2 * MAX_LINE_BYTES}, ignore_errors = true, store_rejects = true, rejects_scan = 'csv_scans', rejects_table = 'csv_errors')`;
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
    record: undefined,
    fault: 'CAST(NULL AS VARCHAR)',
    column: (name) => `c${columnIndex(file.header, name)}`,
    relation: () =>
      `read_csv(${sqlText(file.path)}, columns = {${columns}}, auto_detect = false, header = ${settings.header}, skip = ${settings.skip}, delim = ${sqlText(file.separator)}, quote = ${quote}, escape = ${quote}, nullstr = [${nulls}], compression = 'none', max_line_size = ${MAX_LINE_BYTES}, buffer_size = ${2 * MAX_LINE_BYTES}, ignore_errors = true, store_rejects = true, rejects_limit = 0, rejects_scan = 'csv_scans', rejects_table = 'csv_errors')`,
  };
}

function spacedRows(file: ReadableFile, settings: Mapping['file']): RawRows {
  const width = file.header.length;
  const skip = settings.skip + (settings.header ? 1 : 0);
  return {
    names: file.header,
    record: undefined,
    fault: `CASE WHEN len(cells) <> ${width} THEN 'ragged_row' END`,
    column: (name) => `cells[${columnIndex(file.header, name) + 1}]`,
    relation: () =>
      `(SELECT string_split_regex(trim(line), '\\s+') AS cells FROM ${linesRelation(file, skip)} WHERE trim(line) <> '')`,
  };
}

/**
 * Columns of NDJSON are paths: `user.id`, `items[0].sku`; a path no row has is simply empty. With `unnest: items` each
 * element of that list is a row, and paths that start with `items.` are read from it; an empty list is one row without.
 */
function jsonRows(file: ReadableFile, unnest: string | undefined, isNumbered: boolean): RawRows {
  const ofLine: string[] = [];
  const ofElement: string[] = [];
  const place = (paths: string[], path: string) => {
    const index = paths.indexOf(path);
    return (index >= 0 ? index : paths.push(path) - 1) + 1;
  };
  const extract = (json: string, paths: readonly string[]) =>
    paths.length === 0
      ? 'CAST([] AS VARCHAR[])'
      : `json_extract_string(${json}, [${paths.map((path) => sqlText(jsonPath(path))).join(', ')}])`;
  return {
    names: [],
    record: isNumbered ? 'record' : undefined,
    fault: "CASE WHEN NOT is_json THEN 'bad_json' END",
    column: (name) =>
      unnest !== undefined && name.startsWith(`${unnest}.`)
        ? `parts[${place(ofElement, name.slice(unnest.length + 1))}]`
        : `cells[${place(ofLine, name)}]`,
    relation() {
      const lines = `(SELECT line FROM ${linesRelation(file, 0)} WHERE trim(line) <> '')`;
      const checked = `(SELECT *, CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE false END AS is_json FROM ${isNumbered ? numbered(lines) : lines})`;
      const cells = `(SELECT * EXCLUDE (line), CASE WHEN is_json THEN line END AS line, CASE WHEN is_json THEN ${extract('line', ofLine)} END AS cells FROM ${checked})`;
      if (unnest === undefined) return cells;
      const path = jsonPath(unnest);
      // The CASE guards each reading: on text that is no JSON the engine's functions stop the whole statement.
      const elements = `CASE WHEN json_array_length(line, ${sqlText(path)}) > 0 THEN json_extract(line, ${sqlText(`${path}[*]`)}) ELSE [CAST(NULL AS JSON)] END`;
      return `(SELECT *, ${extract('element', ofElement)} AS parts FROM (SELECT *, unnest(${elements}) AS element FROM ${cells}))`;
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
  const numberedSource = `read_parquet(${sqlText(file.path)}, hive_partitioning = false, file_row_number = true)`;
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
    record: 'file_row_number',
    fault: 'CAST(NULL AS VARCHAR)',
    column: (name) => `c${columnIndex(names, name)}`,
    relation: () => `(SELECT ${[...cells, 'file_row_number'].join(', ')} FROM ${numberedSource})`,
  };
}
