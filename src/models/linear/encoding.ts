// How one column becomes numbers a linear model can weigh; everything learned here comes from the training side only.
import type { CategoryColumn, NumberColumn } from '../../core/frame.ts';
import { shapeStride, sortedSample } from '../sorted-sample.ts';

/**
 * A number column as up to three coefficients: its standardised value, "is exactly zero", "is missing".
 *
 * value = (clip(t(x), low, high) − mean) / stdDev, t(x) = x or sign(x)·ln(1 + |x|); a missing value stands at the mean.
 */
export interface NumberEncoding {
  readonly kind: 'number';
  readonly name: string;
  readonly transform: 'identity' | 'log';
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  /** 0 when the column does not vary: it then has no value coefficient. */
  readonly stdDev: number;
  readonly zero: boolean;
  readonly missing: boolean;
}

/** A category column as one coefficient per frequent level, one for the rest together, one for missing. */
export interface CategoryEncoding {
  readonly kind: 'category';
  readonly name: string;
  /** Most frequent first. */
  readonly levels: readonly string[];
  readonly other: boolean;
  readonly missing: boolean;
}

export type Encoding = NumberEncoding | CategoryEncoding;

/** How many coefficients an encoding has. */
export function encodingWidth(encoding: Encoding): number {
  const flags = Number(encoding.missing);
  if (encoding.kind === 'category') return encoding.levels.length + Number(encoding.other) + flags;
  return Number(encoding.stdDev > 0) + Number(encoding.zero) + flags;
}

/** Outliers beyond this share on either side are pulled in: one whale must not tilt the line for everyone. */
const CLIP_SHARE = 0.001;
/** A zero flag pays only where both sides are populated. */
const ZERO_SHARE = 0.02;
/** Skewness above which a logarithm is tried. */
const SKEW_LIMIT = 1.5;

/** ln(1 + n) of small whole numbers: most numbers of a shop are counts, and looking up is far cheaper. */
const LOGS = Float64Array.from({ length: 1024 }, (_, n) => Math.log1p(n));

function signedLog(x: number): number {
  // both zeros are their own logarithms
  if (x === 0) return x;
  if (x < 0) return -Math.log1p(-x);
  const whole = x | 0;
  return whole === x && whole < LOGS.length ? LOGS[whole] : Math.log1p(x);
}

/** @param weight [rows] */
export function fitNumberEncoding(column: NumberColumn, weight: Float64Array): NumberEncoding {
  const { values, name } = column;
  let known = 0;
  let zeros = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    known++;
    if (value === 0) zeros++;
  }
  const missing = known > 0 && known < values.length;
  const constant = {
    kind: 'number',
    name,
    low: 0,
    high: 0,
    mean: 0,
    stdDev: 0,
    zero: false,
    missing,
  } as const;
  if (known === 0) return { ...constant, transform: 'identity' };

  const stride = shapeStride(values.length);
  const seen = sortedSample(values);
  if (seen.length === 0) return { ...constant, transform: 'identity' };
  const plainSkew = Math.abs(skewness(seen));
  const logs = plainSkew > SKEW_LIMIT ? seen.map(signedLog) : undefined;
  const transform = logs && Math.abs(skewness(logs)) < plainSkew ? 'log' : 'identity';
  const shaped = logs && transform === 'log' ? logs : seen;
  let low = shaped[Math.floor(CLIP_SHARE * (shaped.length - 1))];
  let high = shaped[Math.ceil((1 - CLIP_SHARE) * (shaped.length - 1))];
  if (low === high) {
    low = shaped[0];
    high = shaped[shaped.length - 1];
  }
  const draft: NumberEncoding = { ...constant, transform, low, high, stdDev: 1 };
  let sum = 0;
  let total = 0;
  const encoded = new Float64Array(values.length);
  for (let i = 0; i < values.length; i += stride) {
    if (Number.isNaN(values[i])) continue;
    encoded[i] = encodeNumber(draft, values[i]);
    sum += weight[i] * encoded[i];
    total += weight[i];
  }
  const mean = total > 0 ? sum / total : 0;
  let squares = 0;
  for (let i = 0; i < values.length; i += stride) {
    if (!Number.isNaN(values[i])) squares += weight[i] * (encoded[i] - mean) ** 2;
  }
  const spread = total > 0 ? Math.sqrt(squares / total) : 0;
  const stdDev = spread > 1e-9 * Math.max(1, Math.abs(low), Math.abs(high)) ? spread : 0;
  const zeroShare = zeros / known;
  // A column of two values says everything with its value alone.
  const zero = stdDev > 0 && zeroShare >= ZERO_SHARE && zeroShare <= 1 - ZERO_SHARE && distinctOver(seen, 2);
  return { ...draft, mean, stdDev, zero };
}

/** The standardised value of one known number; unstandardised while mean is 0 and stdDev 1. */
export function encodeNumber(encoding: NumberEncoding, x: number): number {
  const shaped = encoding.transform === 'log' ? signedLog(x) : x;
  return (Math.min(encoding.high, Math.max(encoding.low, shaped)) - encoding.mean) / encoding.stdDev;
}

/** The standardised values of a column, zero where it is missing. */
export function encodeNumbers(encoding: NumberEncoding, values: Float64Array): Float64Array {
  const { low, high, mean, stdDev } = encoding;
  const isLog = encoding.transform === 'log';
  const encoded = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const x = values[i];
    if (Number.isNaN(x)) continue;
    const shaped = isLog ? signedLog(x) : x;
    encoded[i] = (Math.min(high, Math.max(low, shaped)) - mean) / stdDev;
  }
  return encoded;
}

/** Third standardised moment, measured against the middle 98 % stretched to the ends, so one outlier does not decide it. */
function skewness(sorted: Float64Array): number {
  const low = sorted[Math.floor(0.01 * (sorted.length - 1))];
  const high = sorted[Math.ceil(0.99 * (sorted.length - 1))];
  let mean = 0;
  for (const value of sorted) mean += Math.min(high, Math.max(low, value));
  mean /= sorted.length;
  let second = 0;
  let third = 0;
  for (const value of sorted) {
    const d = Math.min(high, Math.max(low, value)) - mean;
    second += d * d;
    third += d * d * d;
  }
  second /= sorted.length;
  return second > 0 ? third / sorted.length / second ** 1.5 : 0;
}

function distinctOver(sorted: Float64Array, limit: number): boolean {
  let distinct = 1;
  for (let i = 1; i < sorted.length && distinct <= limit; i++) if (sorted[i] !== sorted[i - 1]) distinct++;
  return distinct > limit;
}

/**
 * @param maxLevels at most so many levels keep a coefficient of their own; the rarer ones share one
 * @param minRows   a level seen less often shares that one too
 */
export function fitCategoryEncoding(
  column: CategoryColumn,
  maxLevels: number,
  minRows: number,
): CategoryEncoding {
  const counts = new Uint32Array(column.levels.length);
  let missing = 0;
  for (const code of column.codes) {
    if (code < 0) missing++;
    else counts[code]++;
  }
  const frequent = column.levels
    .map((level, code) => ({ level, count: counts[code] }))
    .filter(({ count }) => count >= Math.max(1, minRows))
    .sort((a, b) => b.count - a.count || (a.level < b.level ? -1 : 1))
    .slice(0, maxLevels);
  const kept = frequent.reduce((sum, { count }) => sum + count, 0);
  return {
    kind: 'category',
    name: column.name,
    levels: frequent.map(({ level }) => level),
    other: kept + missing < column.codes.length,
    missing: missing > 0,
  };
}

/**
 * Where each row of a column lights its indicator, as an offset among the encoding's own coefficients; −1 for none.
 *
 * A column lights at most one: a level, "other", "is zero" or "is missing". A level never seen in training counts as
 * "other" where there was one, else as nothing.
 */
export function indicatorOf(encoding: Encoding, column: NumberColumn | CategoryColumn): Int32Array {
  const last = encodingWidth(encoding) - 1;
  const missingAt = encoding.missing ? last : -1;
  if (encoding.kind === 'number') {
    const zeroAt = encoding.zero ? 1 : -1;
    const { values } = column as NumberColumn;
    const lit = new Int32Array(values.length);
    if (missingAt < 0 && zeroAt < 0) return lit.fill(-1);
    for (let i = 0; i < lit.length; i++) {
      const value = values[i];
      lit[i] = Number.isNaN(value) ? missingAt : value === 0 ? zeroAt : -1;
    }
    return lit;
  }
  const { codes, levels } = column as CategoryColumn;
  const otherAt = encoding.other ? encoding.levels.length : -1;
  const known = new Map(encoding.levels.map((level, at) => [level, at]));
  const place = Int32Array.from(levels, (level) => known.get(level) ?? otherAt);
  const lit = new Int32Array(codes.length);
  for (let i = 0; i < lit.length; i++) lit[i] = codes[i] < 0 ? missingAt : place[codes[i]];
  return lit;
}
