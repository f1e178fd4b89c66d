// Counts the cells of every column in the engine and says what each column is; what the caller names is taken as said.
import { AppError } from '../../core/errors.ts';
import { name } from '../../core/name.ts';
import type { Cell, Engine } from '../engine.ts';
import { guessTimeFormat, looksLikeTime } from '../import/guess-time.ts';
import { readTimeSql } from '../import/time-sql.ts';
import {
  type CellCounts,
  judgeColumn,
  TABLE_KINDS,
  type TableColumn,
  type TableKind,
} from './column-kind.ts';
import type { TableSource } from './open-table.ts';

/** Cells a time format is guessed from. */
const TIME_CELLS = 500;
const TRUTHS = ['true', 'yes', 'y', 't', '是', '有'];
const FALSEHOODS = ['false', 'no', 'n', 'f', '否', '无', '没有'];
const list = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(', ');

/** SQL of 1, 0, or NaN where the cell is neither. */
export const truthSql = (cell: string): string =>
  `CASE WHEN lower(${cell}) IN (${list([...TRUTHS, '1'])}) THEN 1.0 WHEN lower(${cell}) IN (${list([...FALSEHOODS, '0'])}) THEN 0.0 ELSE 'NaN'::DOUBLE END`;

/** SQL of a number, NULL where the cell is none or not finite. */
export const numberSql = (cell: string, decimal: '.' | ','): string => {
  const text = decimal === '.' ? cell : `replace(replace(${cell}, '.', ''), ',', '.')`;
  const value = `TRY_CAST(${text} AS DOUBLE)`;
  return `CASE WHEN isfinite(${value}) THEN ${value} END`;
};

const COMMA_NUMBER = '[+-]?(\\d+|\\d{1,3}(\\.\\d{3})+)(,\\d+)?';

/**
 * Kinds by name as the caller gives them, such as `Browser` → `category`.
 *
 * @throws AppError USAGE for a column that is not there or a kind that is none
 */
export async function inferColumns(
  engine: Engine,
  source: TableSource,
  { asked = {}, signal }: { asked?: Readonly<Record<string, string>>; signal?: AbortSignal } = {},
): Promise<readonly TableColumn[]> {
  const kinds = askedKinds(source, asked);
  const formats = await Promise.all(source.columns.map((_, index) => guessTime(engine, source, index)));
  const parts = source.columns.map((_, index) => countsSql(source, index, formats[index].format));
  const found: Record<string, Cell> = {};
  // A few columns at a time: exact distinct counts of a wide table would not fit side by side.
  for (let from = 0; from < parts.length; from += 8) {
    const [row] = await engine.rows<Record<string, Cell>>(
      `SELECT ${parts.slice(from, from + 8).join(', ')} FROM ${source.table}`,
      signal,
    );
    Object.assign(found, row);
  }
  return source.columns.map((column, index) => {
    const count = (what: string) => Number(found[`${what}${index}`] ?? 0);
    const { format, note } = formats[index];
    const counts: CellCounts = {
      rows: source.rows,
      filled: count('filled'),
      distinct: count('distinct'),
      numbers: count('numbers'),
      wholes: count('wholes'),
      commaNumbers: source.mayDecimalComma ? count('commas') : 0,
      truths: count('truths'),
      times: format === '' ? 0 : count('times'),
      timeFormat: format,
      ...(note ? { timeNote: note } : {}),
      meanLength: count('length'),
      meanWords: count('words'),
      counting: count('last') - count('first') === source.rows - 1 && count('rises') === source.rows,
    };
    const judged = judgeColumn(column, counts);
    const kind = kinds.get(column);
    return kind === undefined ? judged : asAsked(judged, kind, { counts, format });
  });
}

function askedKinds(
  source: TableSource,
  asked: Readonly<Record<string, string>>,
): ReadonlyMap<string, { kind: TableKind; format?: string }> {
  const kinds = new Map<string, { kind: TableKind; format?: string }>();
  for (const [column, wanted] of Object.entries(asked)) {
    if (!source.columns.includes(column)) throw unknownColumn(source, column, '--types');
    const [kind, ...format] = wanted.split(':');
    if (!TABLE_KINDS.includes(kind as TableKind)) {
      throw new AppError(
        'USAGE',
        `--types: expected one of ${TABLE_KINDS.join(', ')} for "${column}", got "${kind}"`,
      );
    }
    kinds.set(column, {
      kind: kind as TableKind,
      ...(format.length > 0 ? { format: format.join(':') } : {}),
    });
  }
  return kinds;
}

/** @param option as typed, such as `--target` */
export function unknownColumn(
  source: Pick<TableSource, 'columns' | 'file'>,
  column: string,
  option: string,
): AppError {
  const shown = source.columns.slice(0, 40).join(', ') + (source.columns.length > 40 ? ', …' : '');
  return new AppError(
    'USAGE',
    `${option}: expected a column of "${source.file}" (${shown}), got "${column}"`,
  );
}

function asAsked(
  judged: TableColumn,
  { kind, format }: { kind: TableKind; format?: string },
  seen: { counts: CellCounts; format: string },
): TableColumn {
  const { counts } = seen;
  const decimal = counts.commaNumbers > counts.numbers ? ',' : '.';
  const { name: column, missing, distinct } = judged;
  return {
    name: column,
    kind,
    missing,
    distinct,
    reason: name('as you said', '按您的指定'),
    ...(kind === 'number' ? { decimal } : {}),
    ...(kind === 'date' ? { timeFormat: format ?? (seen.format || 'auto') } : {}),
  };
}

/** Counts of one column, each under its name with the column's number. */
function countsSql({ table }: TableSource, index: number, timeFormat: string): string {
  const cell = `c${index}`;
  const number = numberSql(cell, '.');
  const counts: Readonly<Record<string, string>> = {
    filled: `count(${cell})`,
    distinct: `count(DISTINCT ${cell})`,
    numbers: `count(${number})`,
    wholes: `count(*) FILTER (${number} = floor(${number}))`,
    commas: `count(*) FILTER (regexp_full_match(${cell}, '${COMMA_NUMBER}'))`,
    truths: `count(*) FILTER (lower(${cell}) IN (${list([...TRUTHS, ...FALSEHOODS])}))`,
    times: timeFormat === '' ? '0' : `count(${readTimeSql(cell, timeFormat).ms})`,
    length: `avg(length(${cell}))`,
    words: `avg(length(${cell}) - length(replace(${cell}, ' ', '')) + 1)`,
    first: `min(${number})`,
    last: `max(${number})`,
    rises: `count(*) FILTER (${number} - rowid = (SELECT ${number} FROM ${table} LIMIT 1))`,
  };
  return Object.entries(counts)
    .map(([what, sql]) => `${sql} AS ${what}${index}`)
    .join(', ');
}

/** The format of a column whose first cells look like times; empty for others. */
async function guessTime(
  engine: Engine,
  source: TableSource,
  index: number,
): Promise<{ format: string; note?: string }> {
  const rows = await engine.rows<{ cell: string }>(
    `SELECT c${index} AS cell FROM ${source.table} WHERE c${index} IS NOT NULL LIMIT ${TIME_CELLS}`,
  );
  const cells = rows.map(({ cell }) => cell);
  const likely = cells.filter((cell) => looksLikeTime(cell) || /^\d{1,4}[-/]\d{1,2}[-/]\d{1,4}/.test(cell));
  if (cells.length === 0 || likely.length < cells.length * 0.9) return { format: '' };
  return guessTimeFormat(cells);
}
