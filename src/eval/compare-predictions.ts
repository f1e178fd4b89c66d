// Is one predictor better than another: the difference on the same examples, with its interval.
import { AppError } from '../core/errors.ts';
import { takeNumbers } from '../core/frame.ts';
import {
  type BootstrapOptions,
  type Clusters,
  clustersOf,
  intervalOf,
  intervalWords,
  onSample,
  resample,
} from './bootstrap.ts';
import {
  CLASS_METRICS,
  type ClassMetricName,
  type ClassPredictions,
  checkClasses,
} from './metrics/classes.ts';
import { BINARY_METRICS, ROW_METRICS, type RowMetricName } from './metrics/metric.ts';
import {
  checkAmounts,
  checkLength,
  checkProbabilities,
  type Measure,
  type Predictions,
} from './metrics/predictions.ts';
import type { Score } from './score.ts';

/** What two predictors said about the same examples. */
export interface PairedExamples {
  readonly entities: readonly string[];
  /** [rows] */
  readonly actual: Float64Array;
  /** [rows]; of classes their probabilities, [rows, classes] */
  readonly first: Float64Array;
  /** As `first`. */
  readonly second: Float64Array;
  /** How many classes there are, where `actual` names one and the predictions are probabilities of all. */
  readonly classes?: number;
  /**
   * Moment of each row, UTC ms. When given, the metric is taken within each moment and averaged over moments by their
   * rows; customers are still drawn across all of them. Without it all rows are one sample, as those of classes are.
   */
  readonly asOf?: Float64Array;
}

export interface Comparison {
  readonly metric: RowMetricName;
  readonly first: number;
  readonly second: number;
  /** `first − second` with its interval. */
  readonly difference: Score;
  /** Whom the interval favours; `neither` while it holds zero. */
  readonly better: 'first' | 'second' | 'neither';
  readonly interval: string;
}

/**
 * The paired difference of one metric, entities drawn with replacement and both predictors measured on each draw.
 *
 * For `bias` the distances from zero are compared.
 *
 * @throws AppError NOT_ENOUGH_DATA when the metric has no value here or there are fewer than two entities; USAGE for one
 * that does not measure such predictions
 */
export function comparePredictions(
  examples: PairedExamples,
  metric: RowMetricName,
  options: BootstrapOptions,
): Comparison {
  const { actual, entities } = examples;
  const rows = actual.length;
  if (metric === 'coverage')
    throw new AppError('USAGE', 'expected a metric of predictions to compare, got coverage of intervals');
  checkLength('entities', entities, rows);
  const [first, second] = [examples.first, examples.second].map((predicted) =>
    examples.classes === undefined
      ? measureRows(metric, { actual, predicted }, examples.asOf)
      : measureClasses(metric, { actual, predicted, classes: examples.classes }),
  );
  const gap: Measure = (weight) => first(weight) - second(weight);
  const value = onSample(gap, rows);
  if (Number.isNaN(value))
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `${metric} has no value here: it needs ${ROW_METRICS[metric].needs.en}`,
    );
  const clusters: Clusters = clustersOf(entities);
  const difference = intervalOf(value, resample([gap], clusters, options)[0], { level: options.level });
  const sign = ROW_METRICS[metric].better === 'higher' ? 1 : -1;
  const firstWins = sign > 0 ? difference.low > 0 : difference.high < 0;
  const secondWins = sign > 0 ? difference.high < 0 : difference.low > 0;
  return {
    metric,
    first: onSample(first, rows),
    second: onSample(second, rows),
    difference,
    better: firstWins ? 'first' : secondWins ? 'second' : 'neither',
    interval: intervalWords(rows, options),
  };
}

function measureClasses(metric: RowMetricName, rows: ClassPredictions): Measure {
  if (!(metric in CLASS_METRICS))
    throw new AppError(
      'USAGE',
      `expected a metric of classes (${Object.keys(CLASS_METRICS).join(', ')}), got ${metric}`,
    );
  checkClasses(rows);
  return CLASS_METRICS[metric as ClassMetricName].prepare(rows);
}

function measureRows(metric: RowMetricName, rows: Predictions, asOf: Float64Array | undefined): Measure {
  if (metric in BINARY_METRICS) checkProbabilities(rows);
  else checkAmounts(rows);
  const measure = asOf ? withinMoments(metric, rows, asOf) : ROW_METRICS[metric].prepare(rows);
  return metric === 'bias' ? (weight) => Math.abs(measure(weight)) : measure;
}

function withinMoments(
  metric: RowMetricName,
  { actual, predicted }: Predictions,
  asOf: Float64Array,
): Measure {
  const rowsAt = new Map<number, number[]>();
  asOf.forEach((moment, row) => {
    const rows = rowsAt.get(moment);
    if (rows) rows.push(row);
    else rowsAt.set(moment, [row]);
  });
  const parts = [...rowsAt.values()].map((rows) => ({
    rows,
    weight: new Float64Array(rows.length),
    measure: ROW_METRICS[metric].prepare({
      actual: takeNumbers(actual, rows),
      predicted: takeNumbers(predicted, rows),
    }),
  }));
  return (weight) => {
    let sum = 0;
    for (const part of parts) {
      for (let i = 0; i < part.rows.length; i++) part.weight[i] = weight[part.rows[i]];
      sum += part.measure(part.weight) * part.rows.length;
    }
    return sum / actual.length;
  };
}
