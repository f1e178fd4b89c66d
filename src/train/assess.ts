// The test: looked at once, by the chosen model and every baseline, on the same customers and the same bootstrap draws.
import { formatMoment } from '../core/time.ts';
import type { EventSource } from '../data/source.ts';
import { type Comparison, comparePredictions } from '../eval/compare-predictions.ts';
import { type Evaluation, scoreAmount, scoreBinary } from '../eval/evaluate-predictions.ts';
import type { RowMetricName } from '../eval/metrics/metric.ts';
import type { Protocol, Scores } from '../eval/score.ts';
import { type CalibratedModel, type Forecast, forecast } from '../models/calibrated.ts';
import type { Estimator, Sample } from '../models/estimator.ts';
import { COUNTED } from '../tasks/task.ts';
import type { RankedTrial } from './choose.ts';
import type { FittedTask } from './fit.ts';

/** One predictor's answers on the test and how good they were. */
export interface Assessed {
  readonly estimator: Estimator;
  readonly answers: Forecast;
  readonly evaluation: Evaluation;
}

/** The scores of several predictors, by estimator id. */
export const scoresById = (
  assessed: readonly Pick<Assessed, 'estimator' | 'evaluation'>[],
): Readonly<Record<string, Scores>> =>
  Object.fromEntries(assessed.map(({ estimator, evaluation }) => [estimator.id, evaluation.scores]));

export interface Assessment {
  readonly chosen: Assessed;
  readonly baselines: readonly Assessed[];
  /** Chosen against each baseline, for the metrics that matter most. */
  readonly comparisons: readonly { readonly against: Estimator; readonly comparison: Comparison }[];
  readonly protocol: Protocol;
}

const COMPARED: Readonly<Record<Sample['question']['kind'], readonly RowMetricName[]>> = {
  classes: [],
  binary: ['log_loss', 'roc_auc', 'average_precision'],
  amount: ['mae', 'norm_gini'],
};

/** Measures the chosen model beside every baseline on the test sample. */
export async function assess(fitted: FittedTask, source: EventSource, seed: number): Promise<Assessment> {
  const { test } = fitted.samples;
  const answer = async (trial: RankedTrial): Promise<Assessed> => {
    const checked: CalibratedModel = { model: trial.model, corrections: trial.corrections };
    const answers = await forecast(checked, test.frame, test.asOf);
    return {
      estimator: trial.estimator,
      answers,
      evaluation: score(test, answers, { seed, threshold: trial.corrections.threshold }),
    };
  };
  const chosen = await answer(fitted.chosen);
  const baselines: Assessed[] = [];
  for (const trial of fitted.trials) {
    if (trial.estimator.role === 'baseline' && trial !== fitted.chosen) baselines.push(await answer(trial));
  }
  return {
    chosen,
    baselines,
    comparisons: compare(test, chosen, baselines, seed),
    protocol: protocolOf(fitted, chosen.evaluation, source, seed),
  };
}

/** Scores with intervals by customer. */
export function score(
  sample: Sample,
  answers: Forecast,
  { seed, threshold }: { seed: number; threshold?: number },
): Evaluation {
  const rows = { entities: sample.entities, actual: sample.target, predicted: answers.value };
  return sample.question.kind === 'binary'
    ? scoreBinary({ ...rows, ...(threshold === undefined ? {} : { threshold }) }, { seed })
    : scoreAmount({ ...rows, low: answers.low, high: answers.high }, { seed });
}

function compare(
  test: Sample,
  chosen: Assessed,
  baselines: readonly Assessed[],
  seed: number,
): Assessment['comparisons'] {
  return baselines.flatMap((baseline) =>
    COMPARED[test.question.kind]
      .filter((metric) => metric in chosen.evaluation.scores && metric in baseline.evaluation.scores)
      .map((metric) => ({
        against: baseline.estimator,
        comparison: comparePredictions(
          {
            entities: test.entities,
            actual: test.target,
            first: chosen.answers.value,
            second: baseline.answers.value,
          },
          metric,
          { seed },
        ),
      })),
  );
}

function protocolOf(fitted: FittedTask, evaluation: Evaluation, source: EventSource, seed: number): Protocol {
  const { plan } = fitted.horizon;
  const crossFit = plan.calibrate === 'cross-fit';
  return {
    split:
      fitted.task.entity === 'session'
        ? 'by time: visits of one stretch begin after those of the one before have ended'
        : 'by time, a full horizon apart',
    train_as_of: plan.train.map(formatMoment),
    calibrate_as_of: plan.calibrate === 'cross-fit' ? [] : plan.calibrate.map(formatMoment),
    calibration: crossFit
      ? `held-out customers of the training moments (${plan.folds} folds), not yet checked on a later period`
      : fitted.again
        ? 'later period, learned from afterwards'
        : 'later period',
    test_as_of: plan.test.map(formatMoment),
    horizon_days: fitted.horizon.checkedDays,
    candidates: candidatesOf(fitted, evaluation.examples),
    ties: 'midrank',
    users: evaluation.users,
    items: new Set(fitted.samples.subjects?.test.items).size,
    interactions: source.rows,
    examples: evaluation.examples,
    positives: evaluation.positives,
    seeds: [seed],
    interval: evaluation.interval,
    ...(evaluation.threshold === undefined ? {} : { threshold: evaluation.threshold }),
    data_fingerprint: source.fingerprint,
  };
}

function candidatesOf({ task, oneIn }: FittedTask, examples: number): string {
  const asked = COUNTED[task.entity].en;
  if (oneIn === 1) return `all ${examples} ${asked} asked about`;
  return task.entity === 'user'
    ? `${examples} customers, one in ${oneIn} of those asked about, drawn by seed`
    : `${examples} ${asked}, of one in ${oneIn} customers, drawn by seed`;
}
