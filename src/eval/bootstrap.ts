// Intervals by resampling entities: a customer's rows are drawn together, because they are not independent.
import { AppError } from '../core/errors.ts';
import { random } from '../core/random.ts';
import { evenWeights, type Measure } from './metrics/predictions.ts';
import type { Score } from './score.ts';

export interface BootstrapOptions {
  readonly seed: number;
  /** `defaultDraws(rows)` when absent. */
  readonly draws?: number;
  /** .95 when absent. */
  readonly level?: number;
}

/** Rows by entity: `cluster[row]` in [0, count). Independent of row order. */
export interface Clusters {
  readonly cluster: Uint32Array;
  readonly count: number;
}

export function clustersOf(entities: readonly string[]): Clusters {
  const index = new Map<string, number>();
  for (const entity of entities) index.set(entity, 0);
  const sorted = [...index.keys()].sort();
  for (let i = 0; i < sorted.length; i++) index.set(sorted[i], i);
  return {
    cluster: Uint32Array.from(entities, (entity) => index.get(entity) as number),
    count: sorted.length,
  };
}

/** 1,000 draws up to 50,000 rows, fewer above so that the work stays the same, never under 100. */
export const defaultDraws = (rows: number): number =>
  rows <= 50_000 ? 1000 : Math.max(100, Math.floor(50_000_000 / rows));

/** How the interval reads in the protocol stamp. */
export function intervalWords(rows: number, options: Omit<BootstrapOptions, 'seed'> = {}): string {
  const percent = Math.round((options.level ?? 0.95) * 1000) / 10;
  return `bootstrap by user, ${percent} %, ${options.draws ?? defaultDraws(rows)} draws`;
}

/**
 * Draws entities with replacement and measures each draw, every measure on the same draws.
 *
 * @returns one array a measure, [draws]; NaN where a draw has no value (one class only)
 * @throws AppError NOT_ENOUGH_DATA with fewer than two entities
 */
export function resample(
  measures: readonly Measure[],
  { cluster, count }: Clusters,
  options: BootstrapOptions,
): Float64Array[] {
  if (count < 2)
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `expected at least 2 customers for an interval, got ${count}; use a longer history or a wider population`,
    );
  const draws = options.draws ?? defaultDraws(cluster.length);
  const stream = random(options.seed).fork('bootstrap');
  const times = new Float64Array(count);
  const weight = new Float64Array(cluster.length);
  const results = measures.map(() => new Float64Array(draws));
  for (let draw = 0; draw < draws; draw++) {
    times.fill(0);
    for (let i = 0; i < count; i++) times[stream.integer(count)]++;
    for (let row = 0; row < weight.length; row++) weight[row] = times[cluster[row]];
    for (let m = 0; m < measures.length; m++) results[m][draw] = measures[m](weight);
  }
  return results;
}

/** The middle `level` of the draws that have a value (linear between order statistics); NaN ends when none has. */
export function percentileInterval(draws: Float64Array, level = 0.95): { low: number; high: number } {
  const sorted = draws.filter((value) => !Number.isNaN(value)).sort();
  return { low: quantile(sorted, (1 - level) / 2), high: quantile(sorted, (1 + level) / 2) };
}

/** Linear between order statistics; `sorted` rises. NaN for an empty array. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(sorted.length - 1, below + 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/**
 * A measure's value on the sample with its percentile interval.
 *
 * @param centred shifts the draws so that their mean is the value, floored at zero: for measures such as ECE that
 *                resampling noise can only raise
 */
export function intervalOf(
  value: number,
  draws: Float64Array,
  options: { level?: number; centred?: boolean } = {},
): Score {
  const { low, high } = percentileInterval(draws, options.level);
  if (!options.centred) return { value, low, high };
  const known = draws.filter((drawn) => !Number.isNaN(drawn));
  const shift = known.reduce((sum, drawn) => sum + drawn, 0) / known.length - value;
  return { value, low: Math.max(0, low - shift), high: Math.max(value, high - shift) };
}

/** A measure as the sample is, unweighted. */
export const onSample = (measure: Measure, rows: number): number => measure(evenWeights(rows));
