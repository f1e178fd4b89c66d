// Which model answers: compared on calibration examples none of them has seen, each corrected the same way first.
import { invariant } from '../core/errors.ts';
import { chooseTrial } from '../eval/choose-trial.ts';
import { ROW_METRICS, type RowMetricName } from '../eval/metrics/metric.ts';
import { evenWeights } from '../eval/metrics/predictions.ts';
import type { Sample } from '../models/estimator.ts';
import { type CorrectedTrial, fitCorrections } from './corrections.ts';
import type { Trial } from './trials.ts';

export interface RankedTrial extends Trial, CorrectedTrial {
  /** Metrics of the corrected predictions on the calibration examples; NaN where one has no value. */
  readonly values: Readonly<Partial<Record<RowMetricName, number>>>;
}

/**
 * Corrects every trial and sorts them, best first by the task's metrics; what is tied stays in the order it was tried.
 *
 * @param metrics the task's, the first decides
 */
export function rankTrials(
  trials: readonly Trial[],
  sample: Sample,
  { metrics, seed }: { metrics: readonly RowMetricName[]; seed: number },
): readonly RankedTrial[] {
  const deciding = metrics.filter((metric) => metric !== 'coverage');
  const measured = trials.map((trial) => {
    const corrected = fitCorrections(sample, trial.onCalibration, seed);
    const rows = { actual: sample.target, predicted: corrected.corrected };
    const values = Object.fromEntries(
      deciding.map((metric) => [
        metric,
        ROW_METRICS[metric].prepare(rows)(evenWeights(sample.target.length)),
      ]),
    ) as Partial<Record<RowMetricName, number>>;
    return { ...trial, ...corrected, values };
  });
  const { order } = chooseTrial(
    measured.map(({ estimator, values }) => ({ id: estimator.id, values })),
    deciding,
  );
  return order.map((id) => measured.find(({ estimator }) => estimator.id === id) as RankedTrial);
}

/** The best of the models; baselines answer only where no model could be fitted. */
export function chosenOf(ranked: readonly RankedTrial[]): RankedTrial {
  const chosen = ranked.find((trial) => trial.estimator.role === 'model') ?? ranked[0];
  invariant(chosen, 'the constant rate fits any sample');
  return chosen;
}
