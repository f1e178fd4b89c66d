// From a file to examples: columns told apart, roles given, the target read, rows without an answer left out.
import { AppError } from '../../core/errors.ts';
import {
  type CategoryColumn,
  type Frame,
  type NumberColumn,
  takeNumbers,
  takeRows,
} from '../../core/frame.ts';
import type { Engine } from '../../data/engine.ts';
import type { TableColumn } from '../../data/table/column-kind.ts';
import { inferColumns } from '../../data/table/infer-columns.ts';
import type { TableSource } from '../../data/table/open-table.ts';
import { readColumns } from '../../data/table/read-columns.ts';
import { readTarget, type TableQuestion, type TargetMeaning } from '../../data/table/target.ts';
import type { Sample } from '../../models/estimator.ts';
import { assignRoles, type ColumnUse, type RolesAsked } from './table-roles.ts';
import { type TableSample, tableSample } from './table-sample.ts';

export interface PrepareOptions extends RolesAsked {
  readonly kind: TableQuestion;
  /** Kinds of columns by name, instead of those inferred. */
  readonly types?: Readonly<Record<string, string>>;
  readonly positive?: string;
  /** Whether rows without a target are read too, for models that learn from them. */
  readonly readsUnlabelled?: boolean;
  readonly signal?: AbortSignal;
}

export interface PreparedTable extends TableSample {
  readonly source: TableSource;
  readonly uses: readonly ColumnUse[];
  readonly meaning: TargetMeaning;
  /** Rows of the file that have no target. */
  readonly withoutTarget: number;
  /** Those rows, where they were asked for and there are any; their target is 0 and means nothing. */
  readonly unlabelled?: Sample;
  /** Row of the file (from 1, the header not counted) each example is, [rows] */
  readonly fileRows: Uint32Array;
  /** Names of rows, from the first `--id` column or the row's number, [rows] */
  readonly names: readonly string[];
}

const KIND_OF = { binary: 'binary', regression: 'amount', multiclass: 'classes' } as const;

/** @throws AppError USAGE, BAD_DATA, NOT_ENOUGH_DATA with what is missing */
export async function prepareTable(
  engine: Engine,
  source: TableSource,
  options: PrepareOptions,
): Promise<PreparedTable> {
  const { kind, signal } = options;
  const columns = await inferColumns(engine, source, { asked: options.types, signal });
  const uses = assignRoles(source, columns, options);
  const target = await readCells(engine, source, options.target, uses, signal);
  const { meaning, values } = readTarget(target, options.target, kind, { positive: options.positive });
  const kept = rowsWithTarget(values);
  checkEnough(values, kept, meaning);
  const prepared = await examplesOf(engine, source, { uses, meaning, values, kept }, options);
  if (!options.readsUnlabelled) return prepared;
  const open = await unlabelledRows(engine, source, { uses, values, signal });
  if (open.length === 0) return prepared;
  const zeros = new Float64Array(values.length);
  const others = await examplesOf(engine, source, { uses, meaning, values: zeros, kept: open }, options);
  return { ...prepared, unlabelled: others.sample };
}

/**
 * Another file read as the first was: for a test of its own.
 *
 * @throws AppError BAD_DATA when it lacks a column or has other outcomes
 */
export async function prepareTest(
  engine: Engine,
  source: TableSource,
  { uses, meaning }: PreparedTable,
  options: PrepareOptions,
): Promise<PreparedTable> {
  const { cells, numbers } = await readCells(engine, source, meaning.column, uses, options.signal);
  const codes = new Map(
    meaning.kind === 'binary'
      ? [[meaning.positive as string, 1]]
      : (meaning.classes ?? []).map((value, code) => [value, code] as const),
  );
  const values = Float64Array.from(cells, (cell, row) => {
    if (cell === '') return Number.NaN;
    if (meaning.kind === 'regression') return numbers[row];
    return codes.get(cell) ?? (meaning.kind === 'binary' ? 0 : -1);
  });
  const strangers = values.reduce(
    (count, value) => count + (meaning.kind === 'multiclass' && value < 0 ? 1 : 0),
    0,
  );
  if (strangers > 0)
    throw new AppError(
      'BAD_DATA',
      `expected the classes of the training file, ${strangers} rows of "${source.file}" have another`,
    );
  const kept = rowsWithTarget(values);
  if (kept.length < 2)
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `expected rows with a target to test on in "${source.file}", got ${kept.length}`,
    );
  return examplesOf(engine, source, { uses, meaning, values, kept }, options);
}

/** One column as trimmed texts and as numbers. */
async function readCells(
  engine: Engine,
  source: TableSource,
  column: string,
  uses: readonly ColumnUse[],
  signal: AbortSignal | undefined,
): Promise<{ cells: readonly string[]; numbers: Float64Array }> {
  const own = uses.find((use) => use.column.name === column)?.column as TableColumn;
  const texts = await readColumns(engine, source, [{ ...own, kind: 'category' }], signal);
  const numbers = await readColumns(engine, source, [{ ...own, kind: 'number' }], signal);
  const { codes, levels } = texts.columns[0] as CategoryColumn;
  return {
    cells: Array.from(codes, (code) => (code < 0 ? '' : levels[code])),
    numbers: (numbers.columns[0] as NumberColumn).values,
  };
}

interface Targets {
  readonly uses: readonly ColumnUse[];
  readonly meaning: TargetMeaning;
  /** NaN without one, [rows of the file] */
  readonly values: Float64Array;
  /** Rows that have one. */
  readonly kept: Uint32Array;
}

/** Rows without a target; where rows stand in time, those whose moment is told. */
async function unlabelledRows(
  engine: Engine,
  source: TableSource,
  { uses, values, signal }: Pick<Targets, 'uses' | 'values'> & Pick<PrepareOptions, 'signal'>,
): Promise<Uint32Array> {
  const open = Uint32Array.from(values.keys()).filter((row) => Number.isNaN(values[row]));
  const moments = open.length > 0 ? await readMoments(engine, source, uses, signal) : undefined;
  return moments ? open.filter((row) => Number.isFinite(moments[row])) : open;
}

/** When each row stands, [rows of the file]; undefined without a time column. */
async function readMoments(
  engine: Engine,
  source: TableSource,
  uses: readonly ColumnUse[],
  signal: AbortSignal | undefined,
): Promise<Float64Array | undefined> {
  const time = uses.find(({ use }) => use === 'time')?.column;
  if (!time) return undefined;
  const kind = time.kind === 'number' ? 'number' : 'date';
  const { columns } = await readColumns(engine, source, [{ ...time, kind }], signal);
  return (columns[0] as NumberColumn).values;
}

const rowsWithTarget = (values: Float64Array): Uint32Array =>
  Uint32Array.from(values.keys()).filter((row) => !Number.isNaN(values[row]));

async function examplesOf(
  engine: Engine,
  source: TableSource,
  { uses, meaning, values, kept }: Targets,
  { ids, signal }: PrepareOptions,
): Promise<PreparedTable> {
  const columnOf = (use: ColumnUse['use']) => uses.find((own) => own.use === use)?.column;
  const [group, weight] = [columnOf('group'), columnOf('weight')];
  const features = uses.filter(({ use }) => use === 'feature').map(({ column }) => column);
  const frame = takeRows(await readColumns(engine, source, features, signal), kept);
  const texts = async (column: string) =>
    kept.length === 0 ? [] : (await readCells(engine, source, column, uses, signal)).cells;
  const groups = group && (await texts(group.name));
  const moments = await readMoments(engine, source, uses, signal);
  const weights = weight && (await readColumns(engine, source, [{ ...weight, kind: 'number' }], signal));
  const id = ids?.[0];
  const names = id === undefined ? undefined : await texts(id);
  const numbersOf = (table: Frame | undefined) =>
    table && takeNumbers((table.columns[0] as NumberColumn).values, kept);
  const prepared = tableSample({
    frame,
    target: takeNumbers(values, kept),
    kind: KIND_OF[meaning.kind],
    ...(meaning.classes ? { classes: meaning.classes.length } : {}),
    // Rows without a group belong to nobody else.
    ...(groups
      ? { group: Array.from(kept, (row) => (groups[row] === '' ? `row ${row + 1}` : `group ${groups[row]}`)) }
      : {}),
    ...(moments ? { time: takeNumbers(moments, kept) } : {}),
    ...(weights ? { weight: numbersOf(weights) } : {}),
  });
  return {
    ...prepared,
    source,
    uses,
    meaning,
    withoutTarget: values.length - kept.length,
    fileRows: kept.map((row) => row + 1),
    names: Array.from(kept, (row) => names?.[row] || String(row + 1)),
  };
}

/** Fewer rows of an outcome than this cannot be told from noise. */
const FEWEST_OF_EACH = 10;

function checkEnough(values: Float64Array, kept: Uint32Array, { kind, column }: TargetMeaning): void {
  const few = (what: string) =>
    new AppError(
      'NOT_ENOUGH_DATA',
      `too few rows to learn "${column}": expected at least ${FEWEST_OF_EACH} ${what}`,
    );
  if (kind === 'regression') {
    if (kept.length < 2 * FEWEST_OF_EACH) throw few(`rows twice over, got ${kept.length}`);
    const first = values[kept[0]];
    if (kept.every((row) => values[row] === first))
      throw new AppError('BAD_DATA', `expected different values in the target "${column}", all are the same`);
    return;
  }
  const counts = new Map<number, number>();
  for (const row of kept) counts.set(values[row], (counts.get(values[row]) ?? 0) + 1);
  const rare = [...counts.values()].filter((count) => count < FEWEST_OF_EACH).length;
  if (rare > 0)
    throw few(`rows of each outcome, ${rare} of ${counts.size} have fewer; merge or leave out the rare ones`);
}
