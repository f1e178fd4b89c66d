// How the answer moves with one column, all else as it is: the mean over rows, and every row's own curve.
import { AppError, throwIfAborted } from '../core/errors.ts';
import {
  type CategoryColumn,
  type Column,
  type Frame,
  findColumn,
  makeFrame,
  type NumberColumn,
  selectColumns,
  takeRows,
  type Unit,
} from '../core/frame.ts';
import type { Name } from '../core/name.ts';
import { fromMargin } from '../models/estimator.ts';
import type { Predictor } from './contribution.ts';

/** The values a column is set to, one after another. */
export type Grid =
  /** Rising. */
  | { readonly kind: 'numbers'; readonly at: Float64Array }
  /** Commonest first. */
  | { readonly kind: 'levels'; readonly at: readonly string[] };

export interface PartialDependence {
  readonly column: string;
  readonly label: Name;
  readonly unit: Unit;
  readonly grid: Grid;
  /** Mean shown prediction over the rows with the column set, [points]. */
  readonly mean: Float64Array;
  /**
   * `mean` ± 1.96 standard errors of a curve's distance from its own middle, [points]: how surely another sample of rows
   * would give the same shape. It says nothing of how sure the model is.
   */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Every row's own curve (ICE), [rows, points]. */
  readonly curves: Float64Array;
}

export interface DependenceOptions {
  /** Points of a number column at most, 20 by default; levels of a category. */
  readonly points?: number;
  readonly signal?: AbortSignal;
}

/** Rows asked for in one question. */
const BATCH_ROWS = 32_768;

/**
 * Partial dependence and individual conditional expectation of one column, in the shown unit (probability or amount). Every
 * row is predicted with the column at each point of the grid: quantiles of the numbers seen, so that no point stands where
 * nobody is, or the commonest levels. Nothing is sampled or estimated: it costs rows · points predictions.
 *
 * Where the column goes together with others, some of these rows cannot exist; that is a limit of the question.
 *
 * @throws AppError SHAPE when the column is missing; BAD_DATA when it is no number or category, or has no value;
 * NOT_ENOUGH_DATA without rows; INTERRUPTED
 * @see Friedman 2001, section 8.2; Goldstein et al. 2015, Peeking inside the black box, arXiv:1309.6392
 */
export async function partialDependence(
  predictor: Predictor,
  frame: Frame,
  column: string,
  { points = 20, signal }: DependenceOptions = {},
): Promise<PartialDependence> {
  const varied = variedColumn(frame, column);
  const grid = gridOf(varied, points);
  const at = gridColumns(varied, grid);
  const own = askedColumns(predictor, frame);
  const curves = await askGrid(predictor, own, { points: at.map((value) => [value]), signal });
  return {
    column,
    label: varied.label,
    unit: varied.unit,
    grid,
    ...meanAndInterval(curves, frame.rows, at.length),
    curves,
  };
}

export interface JointDependence {
  readonly columns: readonly [string, string];
  readonly labels: readonly [Name, Name];
  readonly grids: readonly [Grid, Grid];
  /** Mean shown prediction, [points of the first, points of the second]. */
  readonly mean: Float64Array;
}

/** Partial dependence of two columns together; costs rows · points² predictions. @throws AppError as `partialDependence` */
export async function jointDependence(
  predictor: Predictor,
  frame: Frame,
  columns: readonly [string, string],
  { points = 10, signal }: DependenceOptions = {},
): Promise<JointDependence> {
  if (columns[0] === columns[1]) throw new AppError('USAGE', 'expected two different columns, got one twice');
  const [first, second] = columns.map((name) => variedColumn(frame, name));
  const grids = [gridOf(first, points), gridOf(second, points)] as const;
  const down = gridColumns(second, grids[1]);
  const cells = gridColumns(first, grids[0]).flatMap((a) => down.map((b) => [a, b]));
  const curves = await askGrid(predictor, askedColumns(predictor, frame), { points: cells, signal });
  return {
    columns,
    labels: [first.label, second.label],
    grids,
    mean: meanAndInterval(curves, frame.rows, cells.length).mean,
  };
}

/** Every row's curve less its value at the first point, [rows, points]: where all start together, shapes can be compared. */
export function centredCurves({ curves, mean }: PartialDependence): Float64Array {
  return curves.map((value, i) => value - curves[i - (i % mean.length)]);
}

type Varied = NumberColumn | CategoryColumn;

function variedColumn(frame: Frame, name: string): Varied {
  if (frame.rows === 0) throw new AppError('NOT_ENOUGH_DATA', 'expected rows to vary a column of, got none');
  const column = findColumn(frame, name);
  if (!column) throw new AppError('SHAPE', `expected a column "${name}" to vary, got none`);
  if (column.kind === 'number' || column.kind === 'category') return column;
  throw new AppError(
    'BAD_DATA',
    `expected a number or category column to vary, "${name}" is a ${column.kind}`,
  );
}

const askedColumns = (predictor: Predictor, frame: Frame): Frame => {
  if (predictor.link === 'softmax')
    throw new AppError('USAGE', 'expected one prediction a row; ask about one class of several');
  return selectColumns(frame, [...new Set(predictor.inputs)]);
};

function gridOf(column: Varied, points: number): Grid {
  if (column.kind === 'number') {
    const known = column.values.filter((value) => Number.isFinite(value)).sort();
    const picks = Array.from(
      { length: points },
      (_, k) => known[Math.round((k * (known.length - 1)) / Math.max(1, points - 1))],
    );
    const distinct = known.filter((value, i) => i === 0 || value !== known[i - 1]);
    const at = distinct.length <= points ? distinct : Float64Array.from(new Set(picks));
    if (at.length > 0) return { kind: 'numbers', at };
  } else {
    const counts = new Map<number, number>();
    for (const code of column.codes) if (code >= 0) counts.set(code, (counts.get(code) ?? 0) + 1);
    const at = [...counts]
      .sort(([a, n], [b, m]) => m - n || a - b)
      .slice(0, points)
      .map(([code]) => column.levels[code]);
    if (at.length > 0) return { kind: 'levels', at };
  }
  throw new AppError('BAD_DATA', `column "${column.name}" has no value to vary it over`);
}

/** The column with one row, at each point of the grid. */
function gridColumns(column: Varied, grid: Grid): readonly Varied[] {
  if (grid.kind === 'numbers' && column.kind === 'number')
    return Array.from(grid.at, (value) => ({ ...column, values: Float64Array.of(value) }));
  if (grid.kind === 'levels' && column.kind === 'category')
    return grid.at.map((level) => ({ ...column, codes: Int32Array.of(column.levels.indexOf(level)) }));
  return [];
}

/** Shown predictions of every row at every point, [rows, points]. @param points what each point sets */
async function askGrid(
  predictor: Predictor,
  frame: Frame,
  { points, signal }: { points: readonly (readonly Varied[])[]; signal?: AbortSignal },
): Promise<Float64Array> {
  const { rows } = frame;
  const found = new Float64Array(rows * points.length);
  const together = Math.max(1, Math.floor(BATCH_ROWS / rows));
  for (let from = 0; from < points.length; from += together) {
    throwIfAborted(signal);
    const batch = points.slice(from, from + together);
    const shown = fromMargin(predictor.link, (await predictor.margin(setFrame(frame, batch))).slice());
    for (let point = 0; point < batch.length; point++) {
      for (let row = 0; row < rows; row++) {
        found[row * points.length + from + point] = shown[point * rows + row];
      }
    }
  }
  return found;
}

/** The rows once for every point, its columns set: row r at point p stands at p · rows + r. */
function setFrame(frame: Frame, points: readonly (readonly Varied[])[]): Frame {
  const rows = frame.rows * points.length;
  const repeated = takeRows(
    frame,
    Uint32Array.from({ length: rows }, (_, i) => i % frame.rows),
  );
  const at = new Map(points[0].map(({ name }, i) => [name, i]));
  const columns = repeated.columns.map((column): Column => {
    const which = at.get(column.name);
    if (which === undefined) return column;
    const set = Uint32Array.from({ length: rows }, (_, i) => Math.floor(i / frame.rows));
    const sources = points.map((columnsOfPoint) => columnsOfPoint[which]);
    if (column.kind === 'number') {
      const values = sources.map((source) => (source.kind === 'number' ? source.values[0] : Number.NaN));
      return { ...column, values: Float64Array.from(set, (point) => values[point]) };
    }
    const codes = sources.map((source) => (source.kind === 'category' ? source.codes[0] : -1));
    return { ...(column as CategoryColumn), codes: Int32Array.from(set, (point) => codes[point]) };
  });
  return makeFrame(columns, { rows, currency: frame.currency });
}

function meanAndInterval(
  curves: Float64Array,
  rows: number,
  points: number,
): { mean: Float64Array; low: Float64Array; high: Float64Array } {
  const mean = new Float64Array(points);
  const middles = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    for (let point = 0; point < points; point++) {
      const value = curves[row * points + point];
      mean[point] += value / rows;
      middles[row] += value / points;
    }
  }
  const overall = middles.reduce((sum, middle) => sum + middle, 0) / rows;
  const half = mean.map((centre, point) => {
    let squares = 0;
    for (let row = 0; row < rows; row++) {
      squares += (curves[row * points + point] - middles[row] - (centre - overall)) ** 2;
    }
    return rows > 1 ? 1.96 * Math.sqrt(squares / (rows - 1) / rows) : 0;
  });
  return {
    mean,
    low: mean.map((centre, point) => centre - half[point]),
    high: mean.map((centre, point) => centre + half[point]),
  };
}
