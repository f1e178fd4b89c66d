// Predictions as a file others read: CSV, NDJSON or Parquet with the same columns, put in place whole.

import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { finished } from 'node:stream/promises';
import { AppError } from '../core/errors.ts';
import { formatMoment } from '../core/time.ts';
import { type Engine, sqlText } from '../data/engine.ts';
import { intervalMethod } from '../models/calibrated.ts';
import type { LoadedBundle } from '../registry/bundle.ts';
import type { Predictions } from './batch.ts';

/**
 * Columns with their DuckDB types, in file order. `value` of an amount adds up over customers; `typical` is the median of
 * customers alike, for one customer's sake.
 */
export const PREDICTION_COLUMNS = {
  task: 'VARCHAR',
  entity_type: 'VARCHAR',
  user_id: 'VARCHAR',
  rank: 'INTEGER',
  as_of: 'VARCHAR',
  horizon_days: 'DOUBLE',
  value: 'DOUBLE',
  unit: 'VARCHAR',
  low: 'DOUBLE',
  high: 'DOUBLE',
  typical: 'DOUBLE',
  interval_method: 'VARCHAR',
  tier: 'VARCHAR',
  model_version: 'VARCHAR',
} as const;

type PredictionColumn = keyof typeof PREDICTION_COLUMNS;

const FORMATS = ['.csv', '.ndjson', '.parquet'] as const;

const REFUSALS: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EACCES',
  'EPERM',
  'EFBIG',
  'EIO',
]);
/** A folder of that name, a file where a folder must be, a name the file system does not take. */
const NO_PLACE: ReadonlySet<string> = new Set([
  'EISDIR',
  'EEXIST',
  'ENOTDIR',
  'ENAMETOOLONG',
  'EINVAL',
  'ENOTEMPTY',
]);

/** Digits after the point: a probability to a millionth, money to its minor unit and a little. */
const rounded = (value: number, perUnit: number): number =>
  perUnit === 1 ? Math.round(value * 1e6) / 1e6 : Math.round((value / perUnit) * 1e4) / 1e4;

/**
 * One row a customer, in the order of `rows`.
 *
 * Written beside its place and renamed, so that a reader never sees half a file.
 *
 * @param rows row numbers of the predictions to write, best first
 * @throws AppError USAGE for a file name of another kind, DISK
 */
export async function writePredictions(
  engine: Engine,
  path: string,
  { predictions, bundle, rows }: { predictions: Predictions; bundle: LoadedBundle; rows: ArrayLike<number> },
): Promise<void> {
  const format = extname(path).toLowerCase();
  if (!FORMATS.includes(format as (typeof FORMATS)[number])) {
    throw new AppError('USAGE', `expected an output file ending in ${FORMATS.join(', ')}, got "${path}"`);
  }
  // Named after the process, so that two of them writing the same file do not write into each other's.
  const fresh = `${path}.${process.pid}.new`;
  const text = format === '.parquet' ? `${path}.${process.pid}.ndjson.new` : fresh;
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (cause) {
    throw placeError(cause, path);
  }
  try {
    await writeText(text, format === '.csv' ? 'csv' : 'ndjson', { predictions, bundle, rows });
    if (format === '.parquet') await toParquet(engine, text, fresh);
    renameSync(fresh, path);
  } catch (cause) {
    throw placeError(cause, path);
  } finally {
    for (const left of new Set([fresh, text])) if (existsSync(left)) rmSync(left);
  }
}

/** A refusal of the file system in words the caller can act on; anything else as it is. */
function placeError(cause: unknown, path: string): unknown {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (REFUSALS.has(code)) {
    return new AppError(
      'DISK',
      `the disk refused the predictions file (${code}): free some space or name another place`,
      {},
      cause,
    );
  }
  if (!NO_PLACE.has(code)) return cause;
  return new AppError('USAGE', `expected a place for a file, "${path}" is none: name another`, {}, cause);
}

async function writeText(
  path: string,
  format: 'csv' | 'ndjson',
  { predictions, bundle, rows }: { predictions: Predictions; bundle: LoadedBundle; rows: ArrayLike<number> },
): Promise<void> {
  const { forecast, entities, perUnit, unit } = predictions;
  const names = Object.keys(PREDICTION_COLUMNS) as PredictionColumn[];
  const shared = {
    task: bundle.task.name,
    entity_type: bundle.task.entity,
    as_of: formatMoment(predictions.asOf),
    horizon_days: bundle.horizonDays,
    unit,
    interval_method: forecast.low ? (intervalMethod(bundle.calibrated.corrections) ?? null) : null,
    model_version: bundle.version.version,
  };
  const stream = createWriteStream(path);
  const done = finished(stream);
  if (format === 'csv') stream.write(`${names.join(',')}\n`);
  let buffer = '';
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const line: Record<PredictionColumn, string | number | null> = {
      ...shared,
      user_id: entities[row],
      rank: i + 1,
      value: rounded(forecast.value[row], perUnit),
      low: forecast.low ? rounded(forecast.low[row], perUnit) : null,
      high: forecast.high ? rounded(forecast.high[row], perUnit) : null,
      typical: forecast.typical ? rounded(forecast.typical[row], perUnit) : null,
      tier: forecast.tier?.[row] ?? null,
    };
    buffer += `${format === 'csv' ? names.map((name) => csvCell(line[name])).join(',') : JSON.stringify(line)}\n`;
    if (buffer.length > 1 << 16) {
      if (!stream.write(buffer)) await Promise.race([once(stream, 'drain'), done]);
      buffer = '';
    }
  }
  stream.end(buffer);
  await done;
}

/** Quoted where it must be. Ids are written as they are: they are keys others join by. */
function csvCell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  return /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** Through NDJSON, where nothing about quotes or empty cells has to be guessed. */
async function toParquet(engine: Engine, ndjson: string, parquet: string): Promise<void> {
  const types = Object.entries(PREDICTION_COLUMNS)
    .map(([name, type]) => `'${name}': '${type}'`)
    .join(', ');
  await engine.run(
    `COPY (SELECT * FROM read_json(${sqlText(ndjson)}, columns = {${types}}, format = 'newline_delimited'))
     TO ${sqlText(parquet)} (FORMAT parquet, COMPRESSION zstd)`,
  );
}
