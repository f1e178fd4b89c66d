// Cells that are there but are not what their column was learned as: said, or refused where a column has no others.
import { AppError } from '../../core/errors.ts';
import type { Cell, Engine } from '../engine.ts';
import type { TableColumn } from './column-kind.ts';
import type { TableSource } from './open-table.ts';
import { cellSql, isNumeric } from './read-columns.ts';

export interface UnreadCells {
  readonly column: TableColumn;
  /** Cells that are not missing. */
  readonly filled: number;
  /** Those of them that count as missing because they are no number, no yes or no, or no date. */
  readonly unread: number;
}

const KIND_NOUNS: Readonly<Partial<Record<TableColumn['kind'], string>>> = {
  number: 'numbers',
  boolean: 'yes or no',
  date: 'dates',
};

/**
 * Columns with cells that cannot be read as their kind, most first. Answering as if a whole column were missing would be
 * answering another question, so a column none of whose cells can be read is refused.
 *
 * @throws AppError BAD_DATA naming such a column
 */
export async function findUnreadCells(
  engine: Engine,
  source: TableSource,
  columns: readonly TableColumn[],
  signal?: AbortSignal,
): Promise<readonly UnreadCells[]> {
  const numeric = columns.filter(isNumeric);
  if (numeric.length === 0) return [];
  const counts = numeric.map((column, i) => {
    const cell = `c${source.columns.indexOf(column.name)}`;
    return `count(${cell}) AS filled${i}, count(${cell}) FILTER (isnan(${cellSql(column, cell)})) AS unread${i}`;
  });
  const [row] = await engine.rows<Record<string, Cell>>(
    `SELECT ${counts.join(', ')} FROM ${source.table}`,
    signal,
  );
  const found = numeric
    .map((column, i) => ({ column, filled: Number(row[`filled${i}`]), unread: Number(row[`unread${i}`]) }))
    .filter(({ unread }) => unread > 0)
    .sort((a, b) => b.unread - a.unread);
  const lost = found.find(({ filled, unread }) => unread === filled);
  if (lost) {
    throw new AppError(
      'BAD_DATA',
      `expected ${KIND_NOUNS[lost.column.kind]} in "${lost.column.name}" of "${source.file}", as in the table that was learned from, none of its ${lost.filled} cells reads as such: mend the column`,
    );
  }
  return found;
}
