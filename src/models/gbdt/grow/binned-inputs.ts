// What the trees cut: bins of every number and levels of every category, learned once from training rows.
import { AppError } from '../../../core/errors.ts';
import type { Column, Frame } from '../../../core/frame.ts';
import { findColumn } from '../../../core/frame.ts';
import { random } from '../../../core/random.ts';
import type { GbdtSettings } from '../settings.ts';
import { cutPoints } from './cut-points.ts';
import type { BinnedInput } from './grower.ts';
import { sortNumbers } from './sort-numbers.ts';

/** Rows looked at for cut points: at 255 bins about 400 a bin, whose weight is then right within a tenth. */
const SAMPLE_ROWS = 100_000;
/** A byte holds no more. */
const MOST_BINS = 255;

type Bins = Pick<GbdtSettings, 'bins' | 'minLevelRows'>;

/** Bins of an input, the one for missing included. */
export const binCount = (input: BinnedInput): number =>
  input.kind === 'number' ? input.edges.length + 2 : input.levels.length + 2;

/**
 * Inputs for every number and category that varies, in frame order.
 *
 * @param weight [rows]; ones when absent
 * @throws AppError USAGE when fewer than 3 or more than 255 bins are asked for
 */
export function learnInputs(frame: Frame, settings: Bins, weight?: Float64Array): BinnedInput[] {
  if (!(settings.bins >= 3 && settings.bins <= MOST_BINS))
    throw new AppError(
      'USAGE',
      `expected 3 to ${MOST_BINS} bins, got ${settings.bins}; set bins in that range`,
    );
  const picked = sampleRows(frame.rows);
  const learned = frame.columns.map((column) => learnInput(column, settings, { picked, weight }));
  return learned.filter((input) => input !== undefined);
}

function learnInput(
  column: Column,
  settings: Bins,
  { picked, weight }: { picked: Int32Array | undefined; weight: Float64Array | undefined },
): BinnedInput | undefined {
  if (column.kind === 'number') {
    const edges = edgesOf(column.values, settings.bins - 2, { picked, weight });
    const varies = edges.length > 0 || hasMissing(column.values);
    return varies ? { kind: 'number', name: column.name, edges } : undefined;
  }
  if (column.kind !== 'category') return undefined;
  const counts = new Uint32Array(column.levels.length);
  let known = 0;
  for (const code of column.codes) {
    if (code < 0) continue;
    counts[code]++;
    known++;
  }
  const frequent = column.levels
    .map((level, code) => ({ level, count: counts[code] }))
    .filter(({ count }) => count > 0 && count >= settings.minLevelRows)
    .sort((a, b) => b.count - a.count || (a.level < b.level ? -1 : 1))
    .slice(0, settings.bins - 2);
  const kept = frequent.reduce((sum, { count }) => sum + count, 0);
  const other = kept < known;
  const kinds = frequent.length + Number(other) + Number(known < column.codes.length);
  const levels = frequent.map(({ level }) => level);
  return kinds > 1 ? { kind: 'category', name: column.name, levels, other } : undefined;
}

function edgesOf(
  values: Float64Array,
  most: number,
  { picked, weight }: { picked: Int32Array | undefined; weight: Float64Array | undefined },
): Float64Array {
  const rows = picked?.length ?? values.length;
  const known = new Float64Array(rows);
  let count = 0;
  if (weight === undefined) {
    for (let i = 0; i < rows; i++) {
      const value = values[picked === undefined ? i : picked[i]];
      if (!Number.isNaN(value)) known[count++] = value;
    }
    return cutPoints(sortNumbers(known.subarray(0, count)), most);
  }
  const order: number[] = [];
  for (let i = 0; i < rows; i++) {
    const row = picked === undefined ? i : picked[i];
    if (!Number.isNaN(values[row]) && weight[row] > 0) order.push(row);
  }
  order.sort((a, b) => values[a] - values[b] || a - b);
  return cutPoints(
    Float64Array.from(order, (row) => values[row]),
    most,
    Float64Array.from(order, (row) => weight[row]),
  );
}

function hasMissing(values: Float64Array): boolean {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) return true;
  return false;
}

/** One row of each of `SAMPLE_ROWS` equal stretches, rising; undefined where all rows are looked at. */
function sampleRows(rows: number): Int32Array | undefined {
  if (rows <= SAMPLE_ROWS) return undefined;
  const stream = random(rows);
  const step = rows / SAMPLE_ROWS;
  return Int32Array.from({ length: SAMPLE_ROWS }, (_, i) => Math.floor((i + stream.uniform()) * step));
}

/**
 * The frame's column for an input.
 *
 * @throws AppError SHAPE when it is missing or of another kind
 */
export function columnOf(frame: Frame, input: BinnedInput) {
  const column = findColumn(frame, input.name);
  if (column?.kind === input.kind) return column;
  throw new AppError(
    'SHAPE',
    `expected a ${input.kind} column "${input.name}", got ${column ? `a ${column.kind} column` : 'none'}; use the features the model was trained on`,
  );
}

/** Bin of each code of a category column. */
export function binsOfCodes(
  input: Extract<BinnedInput, { kind: 'category' }>,
  levels: readonly string[],
): Uint8Array {
  const known = new Map(input.levels.map((level, bin) => [level, bin]));
  return Uint8Array.from(levels, (level) => known.get(level) ?? input.levels.length);
}
