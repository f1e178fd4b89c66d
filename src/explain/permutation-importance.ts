// How much worse the predictions get when a column is shuffled: what the model as a whole relies on.
import { AppError, throwIfAborted } from '../core/errors.ts';
import { type Frame, selectColumns, takeRows } from '../core/frame.ts';
import type { Name } from '../core/name.ts';
import { type Random, random } from '../core/random.ts';

/** A metric as this needs it; `better` says which way is good. */
export interface ImportanceMetric {
  readonly name: string;
  readonly better: 'higher' | 'lower';
  measure(prediction: Float64Array, target: Float64Array): number;
}

export interface Importance {
  /** Column name, or group name. */
  readonly id: string;
  readonly label: Name;
  readonly group: string;
  /** Mean over the repeats of how much worse the metric gets, in its own unit; about 0 for what does not matter. */
  readonly value: number;
  /** Standard deviation over the repeats. */
  readonly stdDev: number;
  /** `value` ± 1.96 · `stdDev`: where one shuffle in twenty falls outside. */
  readonly low: number;
  readonly high: number;
}

export interface ImportanceOptions {
  readonly seed: number;
  readonly repeats?: number;
  /** `column`: each alone, but sequences of a group together, since they tell of the same events. `group`: all columns of a group in one shuffle, since near-duplicates cover for each other. */
  readonly by?: 'column' | 'group';
  /** Columns to shuffle, usually the model's inputs; all when absent. */
  readonly inputs?: readonly string[];
  /** Human names of groups. */
  readonly groupNames?: Readonly<Record<string, Name>>;
  /** More rows are sampled down to this many. */
  readonly maxRows?: number;
  readonly signal?: AbortSignal;
}

/**
 * Permutation importance, largest first. Each column has random draws of its own, so adding a column changes no other.
 *
 * Costs (1 + columns · repeats) predictions of the frame.
 *
 * @param target what came true, [rows]
 * @throws AppError SHAPE, NOT_ENOUGH_DATA under two rows, INTERRUPTED
 * @see Breiman 2001, section 10; Fisher, Rudin and Dominici 2019, arXiv:1801.01489
 */
export async function permutationImportance(
  predict: (frame: Frame) => Promise<Float64Array>,
  { frame, target, metric }: { frame: Frame; target: Float64Array; metric: ImportanceMetric },
  options: ImportanceOptions,
): Promise<readonly Importance[]> {
  const { seed, repeats = 5, by = 'column', maxRows = 5000, signal } = options;
  if (target.length !== frame.rows)
    throw new AppError('SHAPE', `expected ${frame.rows} targets, got ${target.length}`);
  if (frame.rows < 2)
    throw new AppError('NOT_ENOUGH_DATA', `expected at least two rows to shuffle, got ${frame.rows}`);
  const draw = random(seed).fork('importance');
  const rows = sampleRows(frame.rows, maxRows, draw);
  const own = takeRows(options.inputs ? selectColumns(frame, options.inputs) : frame, rows);
  const actual = Float64Array.from(rows, (row) => target[row]);
  const before = metric.measure(await predict(own), actual);
  const sign = metric.better === 'higher' ? 1 : -1;

  const found: Importance[] = [];
  for (const unit of unitsOf(own, by, options.groupNames)) {
    const drops: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      throwIfAborted(signal);
      const order = draw
        .fork(`${unit.id} ${repeat}`)
        .shuffle(Uint32Array.from({ length: own.rows }, (_, i) => i));
      const after = metric.measure(await predict(shuffleColumns(own, unit.columns, order)), actual);
      drops.push(sign * (before - after));
    }
    found.push({ id: unit.id, label: unit.label, group: unit.group, ...summary(drops) });
  }
  return found.sort((a, b) => b.value - a.value || (a.id < b.id ? -1 : 1));
}

interface Unit {
  readonly id: string;
  readonly label: Name;
  readonly group: string;
  readonly columns: ReadonlySet<string>;
}

function unitsOf(frame: Frame, by: 'column' | 'group', names: Readonly<Record<string, Name>> = {}): Unit[] {
  const together = (columns: Frame['columns']): Unit[] =>
    [...new Set(columns.map(({ group }) => group))].map((group) => ({
      id: group,
      label: names[group] ?? { en: group, zh: group },
      group,
      columns: new Set(columns.filter((column) => column.group === group).map(({ name }) => name)),
    }));
  if (by === 'group') return together(frame.columns);
  const alone = frame.columns
    .filter(({ kind }) => kind !== 'sequence')
    .map(({ name, label, group }) => ({ id: name, label, group, columns: new Set([name]) }));
  return [...alone, ...together(frame.columns.filter(({ kind }) => kind === 'sequence'))];
}

function shuffleColumns(frame: Frame, names: ReadonlySet<string>, order: Uint32Array): Frame {
  const shuffled = takeRows(
    { ...frame, columns: frame.columns.filter(({ name }) => names.has(name)) },
    order,
  ).columns;
  const byName = new Map(shuffled.map((column) => [column.name, column]));
  return { ...frame, columns: frame.columns.map((column) => byName.get(column.name) ?? column) };
}

function sampleRows(rows: number, most: number, draw: Random): Uint32Array {
  const all = Uint32Array.from({ length: rows }, (_, i) => i);
  return rows <= most ? all : draw.fork('rows').shuffle(all).slice(0, most).sort();
}

function summary(values: readonly number[]): Pick<Importance, 'value' | 'stdDev' | 'low' | 'high'> {
  const value = values.reduce((sum, x) => sum + x, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - value) ** 2, 0);
  const stdDev = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0;
  return { value, stdDev, low: value - 1.96 * stdDev, high: value + 1.96 * stdDev };
}
