// From predictions and what happened to scores with intervals; what cannot be measured is said in words.
import type { Name } from '../core/name.ts';
import {
  type BootstrapOptions,
  clustersOf,
  defaultDraws,
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
import { AMOUNT_METRICS, BINARY_METRICS, ROW_METRICS, type RowMetricName } from './metrics/metric.ts';
import {
  checkAmounts,
  checkLength,
  checkProbabilities,
  type Measure,
  type Predictions,
} from './metrics/predictions.ts';
import type { Score, Scores } from './score.ts';

/** Predictions with whose they are: rows of one entity are drawn together. */
export interface ScoredExamples extends Predictions {
  readonly entities: readonly string[];
}

/** Class probabilities with whose they are. */
export interface ScoredClasses extends ClassPredictions {
  readonly entities: readonly string[];
}

export interface Evaluation {
  readonly scores: Scores;
  /** Metrics without a value here, with what they would need. */
  readonly missing: readonly { readonly metric: RowMetricName; readonly needs: Name }[];
  /** For the protocol stamp. */
  readonly interval: string;
  readonly examples: number;
  readonly users: number;
  /** Examples with outcome 1, with an amount that is not zero, or outside the most frequent class. */
  readonly positives: number;
  /** Behind `f1` and `accuracy` of probabilities. */
  readonly threshold?: number;
}

/**
 * All metrics of probabilities.
 *
 * @throws AppError BAD_DATA for targets other than 0 and 1 or probabilities outside [0, 1]; NOT_ENOUGH_DATA for fewer
 *         than two entities
 */
export function scoreBinary(examples: ScoredExamples, options: BootstrapOptions): Evaluation {
  checkProbabilities(examples);
  const names = Object.keys(BINARY_METRICS) as RowMetricName[];
  return { ...scoreRows(examples, names, options), threshold: examples.threshold ?? 0.5 };
}

/** All metrics of amounts; `coverage` when `low` and `high` are there. @throws as `scoreBinary` */
export function scoreAmount(examples: ScoredExamples, options: BootstrapOptions): Evaluation {
  checkAmounts(examples);
  const names = (Object.keys(AMOUNT_METRICS) as RowMetricName[]).filter(
    (metric) => metric !== 'coverage' || (examples.low && examples.high),
  );
  return scoreRows(examples, names, options);
}

/**
 * All metrics of class probabilities: `roc_auc` and `f1` are means over classes, `ece` is that of the confidence.
 *
 * @throws AppError SHAPE, BAD_DATA for classes or probabilities that are none, NOT_ENOUGH_DATA as `scoreBinary`
 */
export function scoreClasses(examples: ScoredClasses, options: BootstrapOptions): Evaluation {
  checkClasses(examples);
  const { actual, classes } = examples;
  const measures = Object.fromEntries(
    Object.entries(CLASS_METRICS).map(([metric, { prepare }]) => [metric, prepare(examples)]),
  ) as Record<ClassMetricName, Measure>;
  const counts = new Float64Array(classes);
  for (const own of actual) counts[own]++;
  return scoreMeasures(examples, measures, {
    positives: actual.length - Math.max(...counts),
    needs: (metric) => CLASS_METRICS[metric as ClassMetricName].needs,
    // Each draw costs a pass a class.
    options: { ...options, draws: options.draws ?? defaultDraws((actual.length * classes) / 2) },
  });
}

function scoreRows(
  examples: ScoredExamples,
  names: readonly RowMetricName[],
  options: BootstrapOptions,
): Evaluation {
  const measures = Object.fromEntries(names.map((metric) => [metric, ROW_METRICS[metric].prepare(examples)]));
  return scoreMeasures(examples, measures, {
    positives: examples.actual.reduce((sum, value) => sum + (value !== 0 ? 1 : 0), 0),
    needs: (metric) => ROW_METRICS[metric].needs,
    options,
  });
}

function scoreMeasures(
  { entities, actual }: Pick<ScoredExamples, 'entities' | 'actual'>,
  measures: Readonly<Partial<Record<RowMetricName, Measure>>>,
  by: {
    readonly positives: number;
    readonly needs: (metric: RowMetricName) => Name;
    readonly options: BootstrapOptions;
  },
): Evaluation {
  const rows = actual.length;
  checkLength('entities', entities, rows);
  const clusters = clustersOf(entities);
  const all = Object.entries(measures) as [RowMetricName, Measure][];
  const valued = all.map(([metric, measure]) => ({ metric, measure, value: onSample(measure, rows) }));
  const known = valued.filter(({ value }) => !Number.isNaN(value));
  const draws = resample(
    known.map(({ measure }) => measure),
    clusters,
    by.options,
  );
  const scores: Partial<Record<RowMetricName, Score>> = {};
  known.forEach(({ metric, value }, at) => {
    scores[metric] = intervalOf(value, draws[at], { level: by.options.level, centred: metric === 'ece' });
  });
  return {
    scores,
    missing: valued
      .filter(({ value }) => Number.isNaN(value))
      .map(({ metric }) => ({ metric, needs: by.needs(metric) })),
    interval: intervalWords(rows, by.options),
    examples: rows,
    users: clusters.count,
    positives: by.positives,
  };
}
