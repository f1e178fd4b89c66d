// From predictions and what happened to scores with intervals; what cannot be measured is said in words.
import type { Name } from '../core/name.ts';
import {
  type BootstrapOptions,
  clustersOf,
  intervalOf,
  intervalWords,
  onSample,
  resample,
} from './bootstrap.ts';
import { AMOUNT_METRICS, BINARY_METRICS, ROW_METRICS, type RowMetricName } from './metrics/metric.ts';
import { checkAmounts, checkLength, checkProbabilities, type Predictions } from './metrics/predictions.ts';
import type { Score, Scores } from './score.ts';

/** Predictions with whose they are: rows of one entity are drawn together. */
export interface ScoredExamples extends Predictions {
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
  /** Examples with outcome 1, or with an amount that is not zero. */
  readonly positives: number;
  /** Behind `f1` and `accuracy`; absent for amounts. */
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

function scoreRows(
  examples: ScoredExamples,
  names: readonly RowMetricName[],
  options: BootstrapOptions,
): Evaluation {
  const rows = examples.actual.length;
  checkLength('entities', examples.entities, rows);
  const clusters = clustersOf(examples.entities);
  const measures = names.map((metric) => ROW_METRICS[metric].prepare(examples));
  const values = measures.map((measure) => onSample(measure, rows));
  const known = names.map((_, i) => i).filter((i) => !Number.isNaN(values[i]));
  const draws = resample(
    known.map((i) => measures[i]),
    clusters,
    options,
  );
  const scores: Partial<Record<RowMetricName, Score>> = {};
  known.forEach((i, at) => {
    scores[names[i]] = intervalOf(values[i], draws[at], {
      level: options.level,
      centred: names[i] === 'ece',
    });
  });
  return {
    scores,
    missing: names
      .filter((_, i) => Number.isNaN(values[i]))
      .map((metric) => ({ metric, needs: ROW_METRICS[metric].needs })),
    interval: intervalWords(rows, options),
    examples: rows,
    users: clusters.count,
    positives: examples.actual.reduce((sum, value) => sum + (value !== 0 ? 1 : 0), 0),
  };
}
