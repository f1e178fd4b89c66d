// Too high or too low in total: one factor learned from earlier moments, shrunk towards no change.
import { AppError } from '../core/errors.ts';
import { type Name, name } from '../core/name.ts';
import { clustersOf } from './bootstrap.ts';
import { checkAmounts, checkLength } from './metrics/predictions.ts';

/** Calibration examples of one moment, predicted by a model that did not learn from them. */
export interface LevelOrigin {
  /** UTC ms. */
  readonly asOf: number;
  readonly entities: readonly string[];
  /** [rows] */
  readonly actual: Float64Array;
  /** [rows] */
  readonly predicted: Float64Array;
}

/** Plain JSON. */
export interface LevelCorrection {
  /** Predictions are multiplied by it. */
  readonly factor: number;
  /** Σ actual / Σ predicted before shrinkage, geometric mean over moments. */
  readonly measured: number;
  /** Standard error of ln(measured), by customer and between moments. */
  readonly standardError: number;
  readonly origins: number;
  readonly words: Name;
}

/** How far levels usually drift, as a standard deviation of the logarithm: what the factor is shrunk against. */
const DRIFT_STD_DEV = 0.3;
/** Assumed between moments while there are too few to measure it. */
const MOMENT_STD_DEV = 0.1;
/** No factor beyond e^±1.1, about 3 times. */
const LARGEST_LOG_FACTOR = 1.1;

/**
 * Learns the factor by which totals were missed, weighing each moment by how well it is known, and drawn towards 1
 * where that is uncertain.
 *
 * @throws AppError NOT_ENOUGH_DATA without moments
 */
export function fitLevel(origins: readonly LevelOrigin[]): LevelCorrection {
  if (origins.length === 0)
    throw new AppError(
      'NOT_ENOUGH_DATA',
      'expected at least one earlier moment to learn the level from, got none',
    );
  const known = origins.flatMap((origin) => {
    checkAmounts(origin);
    checkLength('entities', origin.entities, origin.actual.length);
    const ratio = logRatio(origin);
    return ratio ? [ratio] : [];
  });
  if (known.length === 0) {
    return {
      factor: 1,
      measured: 1,
      standardError: 0,
      origins: 0,
      words: name(
        'level left as it is: earlier moments had no revenue or no predicted revenue',
        '总额水平未校正：较早时点没有收入或没有预测收入',
      ),
    };
  }
  const between = momentStdDev(known);
  const weights = known.map(({ variance }) => 1 / (variance + between ** 2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = known.reduce((sum, { log }, i) => sum + weights[i] * log, 0) / total;
  const variance = 1 / total;
  const kept = DRIFT_STD_DEV ** 2 / (DRIFT_STD_DEV ** 2 + variance);
  const factor = Math.exp(Math.max(-LARGEST_LOG_FACTOR, Math.min(LARGEST_LOG_FACTOR, kept * mean)));
  const round = (value: number) => value.toFixed(2);
  return {
    factor,
    measured: Math.exp(mean),
    standardError: Math.sqrt(variance),
    origins: known.length,
    words: name(
      `totals multiplied by ${round(factor)}: over ${known.length} earlier moment${known.length > 1 ? 's' : ''} actual over ` +
        `predicted was ${round(Math.exp(mean))} (± ${round(2 * Math.sqrt(variance))} in the logarithm), shrunk towards 1`,
      `总额乘以 ${round(factor)}：此前 ${known.length} 个时点的实际/预测为 ${round(Math.exp(mean))}` +
        `（对数误差 ± ${round(2 * Math.sqrt(variance))}），并向 1 收缩`,
    ),
  };
}

/** Corrected predictions, [rows]. */
export const applyLevel = ({ factor }: LevelCorrection, predicted: Float64Array): Float64Array =>
  predicted.map((value) => value * factor);

interface KnownRatio {
  readonly log: number;
  readonly variance: number;
}

/** ln(Σ actual / Σ predicted) with its variance by customer (delta method); undefined when either total is not positive. */
function logRatio(origin: LevelOrigin): { log: number; variance: number } | undefined {
  const { actual, predicted, entities } = origin;
  const actualTotal = actual.reduce((sum, value) => sum + value, 0);
  const predictedTotal = predicted.reduce((sum, value) => sum + value, 0);
  if (!(actualTotal > 0 && predictedTotal > 0)) return undefined;
  const ratio = actualTotal / predictedTotal;
  const { cluster, count } = clustersOf(entities);
  const gap = new Float64Array(count);
  for (let i = 0; i < actual.length; i++) gap[cluster[i]] += actual[i] - ratio * predicted[i];
  return {
    log: Math.log(ratio),
    variance: gap.reduce((sum, value) => sum + value * value, 0) / actualTotal ** 2,
  };
}

/** Spread between moments beyond their own noise (DerSimonian and Laird 1986), never under half of what is assumed. */
function momentStdDev(known: readonly KnownRatio[]): number {
  if (known.length < 3) return MOMENT_STD_DEV;
  const weights = known.map(({ variance }) => 1 / Math.max(1e-9, variance));
  const total = weights.reduce((a, b) => a + b, 0);
  const mean = known.reduce((sum, { log }, i) => sum + weights[i] * log, 0) / total;
  const spread = known.reduce((sum, { log }, i) => sum + weights[i] * (log - mean) ** 2, 0);
  const squares = weights.reduce((sum, weight) => sum + weight * weight, 0);
  const variance = (spread - (known.length - 1)) / (total - squares / total);
  return Math.max(MOMENT_STD_DEV / 2, Math.sqrt(Math.max(0, variance)));
}
