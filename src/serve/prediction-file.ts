// Predictions as a file others read, one row a customer, visit, or customer and item: which columns it has.
import { formatMoment } from '../core/time.ts';
import type { Engine } from '../data/engine.ts';
import { type WrittenColumn, writeTable } from '../data/table/write-table.ts';
import { intervalMethod } from '../models/calibrated.ts';
import type { LoadedBundle } from '../registry/bundle.ts';
import type { Predictions } from './batch.ts';

export interface PredictionRows {
  readonly predictions: Predictions;
  readonly bundle: LoadedBundle;
  /** Row numbers of the predictions to write, best first. */
  readonly rows: ArrayLike<number>;
  /** [rows]; the place in the file when absent. */
  readonly ranks?: ArrayLike<number>;
}

/**
 * One row an answer, in the order of `rows`.
 *
 * @throws AppError USAGE, DISK as `writeTable` does
 */
export async function writePredictions(engine: Engine, path: string, written: PredictionRows): Promise<void> {
  await writeTable(engine, path, predictionColumns(written));
}

/**
 * In file order. `value` of an amount adds up over customers; `typical` is the median of customers alike, for one customer's
 * sake. Ids are written as they are: they are keys others join by.
 */
function predictionColumns({ predictions, bundle, rows, ranks }: PredictionRows): readonly WrittenColumn[] {
  const { forecast, entities, perUnit, unit, subjects } = predictions;
  const { sessions, items, at } = subjects ?? {};
  const one = (text: string) => new Array<string>(rows.length).fill(text);
  const amounts = (values: ArrayLike<number> | undefined) =>
    Float64Array.from(rows, (row) => (values ? rounded(values[row], perUnit) : Number.NaN));
  const method = forecast.low ? (intervalMethod(bundle.calibrated.corrections) ?? '') : '';
  return [
    { name: 'task', values: one(bundle.task.name) },
    { name: 'entity_type', values: one(bundle.task.entity) },
    { name: 'user_id', values: Array.from(rows, (row) => entities[row]) },
    ...(sessions ? [{ name: 'session_id', values: Array.from(rows, (row) => sessions[row]) }] : []),
    ...(items ? [{ name: 'item_id', values: Array.from(rows, (row) => items[row]) }] : []),
    { name: 'rank', values: Int32Array.from(rows, (_, i) => ranks?.[i] ?? i + 1) },
    {
      name: 'as_of',
      values: at ? Array.from(rows, (row) => formatMoment(at[row])) : one(formatMoment(predictions.asOf)),
    },
    // A visit's horizon is its end, whenever that comes.
    {
      name: 'horizon_days',
      values: new Float64Array(rows.length).fill(sessions ? Number.NaN : bundle.horizonDays),
    },
    { name: 'value', values: amounts(forecast.value) },
    { name: 'unit', values: one(unit) },
    { name: 'low', values: amounts(forecast.low) },
    { name: 'high', values: amounts(forecast.high) },
    { name: 'typical', values: amounts(forecast.typical) },
    { name: 'interval_method', values: one(method) },
    { name: 'tier', values: Array.from(rows, (row) => forecast.tier?.[row] ?? '') },
    { name: 'model_version', values: one(bundle.version.version) },
  ];
}

/** Digits after the point: a probability to a millionth, money to its minor unit and a little. */
const rounded = (value: number, perUnit: number): number =>
  perUnit === 1 ? Math.round(value * 1e6) / 1e6 : Math.round((value / perUnit) * 1e4) / 1e4;
