// Which model answers: compared on calibration examples none of them has seen, each corrected the same way first.
import { invariant } from '../core/errors.ts';
import { takeNumbers } from '../core/frame.ts';
import { chooseTrial } from '../eval/choose-trial.ts';
import { ROW_METRICS, type RowMetricName } from '../eval/metrics/metric.ts';
import { evenWeights } from '../eval/metrics/predictions.ts';
import type { Sample } from '../models/estimator.ts';
import { customerFolds, foldRows } from '../models/sample.ts';
import {
  type CorrectedTrial,
  correctValues,
  fitCorrections,
  fitValueCorrections,
  type Outcomes,
} from './corrections.ts';
import type { Trial } from './trials.ts';

export interface RankedTrial extends Trial, CorrectedTrial {
  /** Each customer's answer corrected by what the others taught, [rows]; what models are compared by. */
  readonly corrected: Float64Array;
  /** Metrics of those answers; NaN where one has no value. */
  readonly values: Readonly<Partial<Record<RowMetricName, number>>>;
}

export interface RankOptions {
  /** The task's, the first decides. */
  readonly metrics: readonly RowMetricName[];
  readonly seed: number;
}

/**
 * Corrects every trial and sorts them, best first by the task's metrics; what is tied stays in the order it was tried.
 *
 * @param trials those ranked before are not corrected again
 */
export function rankTrials(
  trials: readonly (Trial | RankedTrial)[],
  sample: Sample,
  { metrics, seed }: RankOptions,
): readonly RankedTrial[] {
  const deciding = metrics.filter((metric) => metric !== 'coverage');
  const measured = trials.map((trial): RankedTrial => {
    if ('corrections' in trial) return trial;
    const corrected = correctAcrossFolds(sample, trial.onCalibration, seed);
    const rows = { actual: sample.target, predicted: corrected };
    const values = Object.fromEntries(
      deciding.map((metric) => [
        metric,
        ROW_METRICS[metric].prepare(rows)(evenWeights(sample.target.length)),
      ]),
    ) as Partial<Record<RowMetricName, number>>;
    return {
      ...trial,
      ...fitCorrections(sample, trial.onCalibration, { seed, band: trial.bandOnCalibration }),
      corrected,
      values,
    };
  });
  const { order } = chooseTrial(
    measured.map(({ estimator, values }) => ({ id: estimator.id, values })),
    deciding,
  );
  return order.map((id) => measured.find(({ estimator }) => estimator.id === id) as RankedTrial);
}

const FOLDS = 4;

/** A correction is judged on customers it was not learned from: the more it bends, the more it would flatter itself. */
function correctAcrossFolds(sample: Sample, raw: Float64Array, seed: number): Float64Array {
  const values = raw.slice();
  const folds = customerFolds(sample.entities, FOLDS, seed);
  for (let fold = 0; fold < FOLDS; fold++) {
    const { inside, outside } = foldRows(folds, fold);
    if (inside.length === 0) continue;
    const others = outside.length > 0 ? outside : inside;
    const learned = fitValueCorrections(outcomesOf(sample, others), takeNumbers(raw, others), { seed });
    const corrected = correctValues(learned, takeNumbers(raw, inside));
    inside.forEach((row, i) => {
      values[row] = corrected[i];
    });
  }
  return values;
}

const outcomesOf = ({ question, entities, asOf, target }: Sample, rows: readonly number[]): Outcomes => ({
  question,
  entities: rows.map((row) => entities[row]),
  asOf: takeNumbers(asOf, rows),
  target: takeNumbers(target, rows),
});

/** The best of the models; baselines answer only where no model could be fitted. */
export function chosenOf(ranked: readonly RankedTrial[]): RankedTrial {
  const chosen = ranked.find((trial) => trial.estimator.role === 'model') ?? ranked[0];
  invariant(chosen, 'the constant rate fits any sample');
  return chosen;
}
