// A table as columns: the one thing that passes between data and models.
import { AppError } from './errors.ts';
import type { Name } from './name.ts';

/** How a value reads to a person. `money` is in minor units of the frame's currency. */
export type Unit = 'count' | 'days' | 'money' | 'share' | 'score' | 'none';

interface ColumnBase {
  readonly name: string;
  readonly label: Name;
  readonly unit: Unit;
  /** The family it belongs to ("recency", "returns"); explanations may speak of the family as a whole. */
  readonly group: string;
}

/** Numbers; NaN where missing. */
export interface NumberColumn extends ColumnBase {
  readonly kind: 'number';
  readonly values: Float64Array;
}

/** Categories as codes into `levels`; −1 where missing. */
export interface CategoryColumn extends ColumnBase {
  readonly kind: 'category';
  readonly codes: Int32Array;
  readonly levels: readonly string[];
}

export interface TextColumn extends ColumnBase {
  readonly kind: 'text';
  readonly values: readonly string[];
}

/** One vector a row, [rows, width] flattened. */
export interface VectorColumn extends ColumnBase {
  readonly kind: 'vector';
  readonly width: number;
  readonly values: Float32Array;
}

/** A ragged list a row: row i is `codes[offsets[i] … offsets[i + 1])`, oldest first. */
export interface SequenceColumn extends ColumnBase {
  readonly kind: 'sequence';
  readonly codes: Int32Array;
  readonly offsets: Uint32Array;
  readonly levels: readonly string[];
}

export type Column = NumberColumn | CategoryColumn | TextColumn | VectorColumn | SequenceColumn;

/** Columns of equal length. Immutable by convention: nobody writes into a column another may hold. */
export interface Frame {
  readonly rows: number;
  readonly columns: readonly Column[];
  /** The currency of every `money` column; empty when there is none. */
  readonly currency: string;
}

/** How many rows a column has. */
export function columnLength(column: Column): number {
  switch (column.kind) {
    case 'category':
      return column.codes.length;
    case 'sequence':
      return column.offsets.length - 1;
    case 'vector':
      return column.width === 0 ? 0 : column.values.length / column.width;
    default:
      return column.values.length;
  }
}

/**
 * Puts columns together.
 *
 * @throws AppError SHAPE when lengths differ or a name stands twice
 */
export function makeFrame(
  columns: readonly Column[],
  options: { rows?: number; currency?: string } = {},
): Frame {
  const rows = options.rows ?? (columns.length > 0 ? columnLength(columns[0]) : 0);
  const seen = new Set<string>();
  for (const column of columns) {
    const length = columnLength(column);
    if (length !== rows)
      throw new AppError('SHAPE', `column "${column.name}" has ${length} rows, the frame has ${rows}`);
    if (seen.has(column.name))
      throw new AppError('SHAPE', `column "${column.name}" stands twice in one frame`);
    seen.add(column.name);
  }
  return { rows, columns, currency: options.currency ?? '' };
}

export function findColumn(frame: Frame, name: string): Column | undefined {
  return frame.columns.find((column) => column.name === name);
}

/** What stands in each cell, as a text, [rows]; empty where it is missing, and everywhere for a column of vectors or none at all. */
export function cellTexts(column: Column | undefined, rows: number): readonly string[] {
  switch (column?.kind) {
    case 'text':
      return column.values;
    case 'category':
      return Array.from(column.codes, (code) => column.levels[code] ?? '');
    case 'number':
      return Array.from(column.values, (value) => (Number.isNaN(value) ? '' : String(value)));
    default:
      return new Array<string>(rows).fill('');
  }
}

/** @throws AppError SHAPE when there is no number column of that name */
export function numberColumn(frame: Frame, name: string): NumberColumn {
  const column = findColumn(frame, name);
  if (column?.kind === 'number') return column;
  throw new AppError(
    'SHAPE',
    `expected a number column "${name}", got ${column ? `a ${column.kind} column` : 'none'}`,
  );
}

/** The rows at `indices`, in that order; an index may stand more than once. */
export function takeRows(frame: Frame, indices: ArrayLike<number>): Frame {
  return {
    ...frame,
    rows: indices.length,
    columns: frame.columns.map((column) => takeColumn(column, indices)),
  };
}

function takeColumn(column: Column, indices: ArrayLike<number>): Column {
  const count = indices.length;
  switch (column.kind) {
    case 'number':
      return { ...column, values: takeNumbers(column.values, indices) };
    case 'category': {
      const codes = new Int32Array(count);
      for (let i = 0; i < count; i++) codes[i] = column.codes[indices[i]];
      return { ...column, codes };
    }
    case 'text':
      return { ...column, values: Array.from(indices, (index) => column.values[index]) };
    case 'vector': {
      const values = new Float32Array(count * column.width);
      for (let i = 0; i < count; i++) {
        const from = indices[i] * column.width;
        values.set(column.values.subarray(from, from + column.width), i * column.width);
      }
      return { ...column, values };
    }
    case 'sequence': {
      const offsets = new Uint32Array(count + 1);
      for (let i = 0; i < count; i++) {
        offsets[i + 1] = offsets[i] + column.offsets[indices[i] + 1] - column.offsets[indices[i]];
      }
      const codes = new Int32Array(offsets[count]);
      for (let i = 0; i < count; i++) {
        codes.set(
          column.codes.subarray(column.offsets[indices[i]], column.offsets[indices[i] + 1]),
          offsets[i],
        );
      }
      return { ...column, codes, offsets };
    }
  }
}

export function takeNumbers(values: ArrayLike<number>, indices: ArrayLike<number>): Float64Array {
  const taken = new Float64Array(indices.length);
  for (let i = 0; i < indices.length; i++) taken[i] = values[indices[i]];
  return taken;
}

/** The named columns only, in the given order. @throws AppError SHAPE naming the missing ones */
export function selectColumns(frame: Frame, names: readonly string[]): Frame {
  const missing = names.filter((name) => !findColumn(frame, name));
  if (missing.length > 0) {
    const shown = missing
      .slice(0, 5)
      .map((name) => `"${name}"`)
      .join(', ');
    throw new AppError('SHAPE', `expected ${names.length} columns, ${missing.length} are missing (${shown})`);
  }
  return { ...frame, columns: names.map((name) => findColumn(frame, name) as Column) };
}

/** The same frame with one column in place of its namesake, or added at the end. */
export function withColumn(frame: Frame, column: Column): Frame {
  const at = frame.columns.findIndex((other) => other.name === column.name);
  const columns =
    at < 0 ? [...frame.columns, column] : frame.columns.map((other, i) => (i === at ? column : other));
  return makeFrame(columns, { rows: frame.rows, currency: frame.currency });
}
