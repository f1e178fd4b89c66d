// A held table as a Frame: every column read as its kind says, in the file's order.
import { AppError } from '../../core/errors.ts';
import { type Column, type Frame, makeFrame } from '../../core/frame.ts';
import { name } from '../../core/name.ts';
import type { Engine } from '../engine.ts';
import { readTimeSql } from '../import/time-sql.ts';
import type { TableColumn } from './column-kind.ts';
import { numberSql, truthSql } from './infer-columns.ts';
import type { TableSource } from './open-table.ts';

/** Kinds that come as numbers. */
const NUMERIC: ReadonlySet<TableColumn['kind']> = new Set(['number', 'boolean', 'date']);

export const isNumeric = ({ kind }: TableColumn): boolean => NUMERIC.has(kind);

/**
 * Numbers with NaN where missing (a date is UTC ms, a time without an offset being read as UTC), categories with their
 * levels in order, texts with `''` where missing. Columns are found by name: their order in the file does not matter, and
 * others are left alone.
 *
 * @throws AppError BAD_DATA naming the columns the file lacks
 */
export async function readColumns(
  engine: Engine,
  source: TableSource,
  columns: readonly TableColumn[],
  signal?: AbortSignal,
): Promise<Frame> {
  needColumns(
    source,
    columns.map((column) => column.name),
  );
  if (columns.length === 0) return makeFrame([], { rows: source.rows });
  const selects = columns.map((column) => cellSql(column, `c${source.columns.indexOf(column.name)}`));
  const numbers = columns.map((column) => (isNumeric(column) ? new Float64Array(source.rows) : undefined));
  const texts = columns.map((_, i) => (numbers[i] ? undefined : new Array<string>(source.rows)));
  let at = 0;
  await engine.stream(
    `SELECT ${selects.join(', ')} FROM ${source.table}`,
    (chunk, rows) => {
      chunk.forEach((cells, i) => {
        const filled = numbers[i];
        const written = texts[i];
        if (filled) filled.set((cells as Float64Array).subarray(0, rows), at);
        else if (written) for (let row = 0; row < rows; row++) written[at + row] = cells[row] as string;
      });
      at += rows;
    },
    signal,
  );
  return makeFrame(
    columns.map((column, i) => asColumn(column, numbers[i] ?? (texts[i] as string[]))),
    { rows: source.rows },
  );
}

/** @throws AppError BAD_DATA naming what is missing */
export function needColumns(source: Pick<TableSource, 'columns' | 'file'>, names: readonly string[]): void {
  const lacking = names.filter((column) => !source.columns.includes(column));
  if (lacking.length === 0) return;
  const shown = lacking.slice(0, 8).map((column) => `"${column}"`);
  throw new AppError(
    'BAD_DATA',
    `expected the columns the model learned from, "${source.file}" lacks ${lacking.length} of ${names.length}: ${shown.join(', ')}${lacking.length > 8 ? ', …' : ''}; columns are found by name`,
    { lacking },
  );
}

/** SQL of a cell as its column's kind: a number, NaN where it is none, or a text. */
export function cellSql({ kind, decimal, timeFormat }: TableColumn, cell: string): string {
  switch (kind) {
    case 'number':
      return `coalesce(${numberSql(cell, decimal ?? '.')}, 'NaN'::DOUBLE)`;
    case 'boolean':
      return truthSql(cell);
    case 'date':
      return `coalesce(CAST(${readTimeSql(cell, timeFormat ?? 'auto').ms} AS DOUBLE), 'NaN'::DOUBLE)`;
    default:
      return `coalesce(${cell}, '')`;
  }
}

function asColumn({ name: column, kind }: TableColumn, cells: Float64Array | string[]): Column {
  const shared = { name: column, label: name(column, column), unit: 'none', group: column } as const;
  if (cells instanceof Float64Array) return { ...shared, kind: 'number', values: cells };
  if (kind === 'text') return { ...shared, kind: 'text', values: cells };
  const levels = [...new Set(cells)].filter((cell) => cell !== '').sort();
  const codeOf = new Map(levels.map((level, code) => [level, code]));
  return {
    ...shared,
    kind: 'category',
    levels,
    codes: Int32Array.from(cells, (cell) => codeOf.get(cell) ?? -1),
  };
}
