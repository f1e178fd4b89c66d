// Which model won: by the task's first metric on calibration data, the other metrics breaking ties.
import { AppError } from '../core/errors.ts';
import { type Name, name } from '../core/name.ts';
import { ROW_METRICS, type RowMetricName } from './metrics/metric.ts';

/** One model's values on calibration data, never on test data. */
export interface Trial {
  readonly id: string;
  /** A metric without a value is absent. */
  readonly values: Readonly<Partial<Record<RowMetricName, number>>>;
}

export interface TrialChoice {
  readonly winner: string;
  /** All ids, best first. */
  readonly order: readonly string[];
  /** The metric that decided between the first and the second; absent with one trial or a full tie. */
  readonly decidedBy?: RowMetricName;
  readonly words: Name;
}

/**
 * Picks the winner.
 *
 * Values within `tieWithin` of the best that is still in the race (relative to it) are tied and the next metric
 * decides; what is tied in all stays in the given order, so put the simpler first. A trial without the metric loses.
 *
 * @param metrics    the first decides
 * @param tieWithin  .001 when absent
 * @throws AppError NOT_ENOUGH_DATA without trials or when none has the first metric; USAGE without metrics
 */
export function chooseTrial(
  trials: readonly Trial[],
  metrics: readonly RowMetricName[],
  options: { tieWithin?: number; level?: number } = {},
): TrialChoice {
  if (metrics.length === 0) throw new AppError('USAGE', 'expected a metric to choose by, got none');
  if (!trials.some(({ values }) => Number.isFinite(values[metrics[0]])))
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `expected a trial with a value of ${metrics[0]}, got none among ${trials.length}; it needs ${ROW_METRICS[metrics[0]].needs.en}`,
    );
  const settings = { tieWithin: options.tieWithin ?? 0.001, level: options.level ?? 0.9 };
  const order: Trial[] = [];
  let decidedBy: RowMetricName | undefined;
  let left = [...trials];
  while (left.length > 0) {
    const { best, by } = bestOf(left, metrics, settings);
    if (order.length === 0) decidedBy = by;
    order.push(best);
    left = left.filter((trial) => trial !== best);
  }
  const winner = order[0].id;
  const value = order[0].values[metrics[0]] as number;
  const tied = decidedBy !== undefined && decidedBy !== metrics[0];
  return {
    winner,
    order: order.map(({ id }) => id),
    ...(decidedBy ? { decidedBy } : {}),
    words: name(
      `${winner}: ${ROW_METRICS[metrics[0]].label.en} ${value.toPrecision(4)} on calibration data, best of ${trials.length}` +
        `${tied ? `, decided by ${ROW_METRICS[decidedBy as RowMetricName].label.en} among equals` : ''}`,
      `${winner}：校准数据上${ROW_METRICS[metrics[0]].label.zh}为 ${value.toPrecision(4)}，${trials.length} 个中最佳` +
        `${tied ? `，并列者由${ROW_METRICS[decidedBy as RowMetricName].label.zh}决定` : ''}`,
    ),
  };
}

function bestOf(
  trials: readonly Trial[],
  metrics: readonly RowMetricName[],
  { tieWithin, level }: { tieWithin: number; level: number },
): { best: Trial; by?: RowMetricName } {
  let race = trials;
  for (const metric of metrics) {
    if (race.length === 1) break;
    const costs = race.map(({ values }) => costOf(metric, values[metric], level));
    const best = Math.min(...costs);
    if (!Number.isFinite(best)) continue;
    const kept = race.filter((_, i) => costs[i] <= best + tieWithin * Math.abs(best));
    if (kept.length === 1) return { best: kept[0], by: metric };
    race = kept;
  }
  return { best: race[0] };
}

/** Smaller is better, whatever the metric. */
function costOf(metric: RowMetricName, value: number | undefined, level: number): number {
  if (value === undefined || !Number.isFinite(value)) return Number.POSITIVE_INFINITY;
  switch (ROW_METRICS[metric].better) {
    case 'higher':
      return -value;
    case 'lower':
      return value;
    case 'nearer-zero':
      return Math.abs(value);
    case 'nearer-level':
      return Math.abs(value - level);
  }
}
