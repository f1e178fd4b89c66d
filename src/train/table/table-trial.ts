// One candidate of a table: what it said of rows it had not seen, what that teaches, how good it is, how to fit it on all.
import { takeNumbers } from '../../core/frame.ts';
import { chooseTrial } from '../../eval/choose-trial.ts';
import type { QuantileBand } from '../../eval/conformal-quantile.ts';
import type { Evaluation } from '../../eval/evaluate-predictions.ts';
import type { RowMetricName } from '../../eval/metrics/metric.ts';
import type { Estimator, Model, Sample, Settings } from '../../models/estimator.ts';
import { takeSample } from '../../models/sample.ts';
import { correctAnswers, type TableCorrections } from '../../models/table-model.ts';
import { type AmountDecider, fitTableCorrections, metricsOf, scoreTable } from './correct.ts';
import { rowsAsked, takePredictions, widthOf } from './held-out.ts';

export interface TableTrial {
  readonly estimator: Estimator;
  readonly corrections: TableCorrections;
  /** Corrected, on the rows that were asked about. */
  readonly evaluation: Evaluation;
  /** Uncorrected, of all rows, NaN where no fold asked: [rows] or [rows, classes] */
  readonly predicted: Float64Array;
  /** What was said of its quantiles with that, [rows]; for models of amounts that have them. */
  readonly band?: QuantileBand;
  /** Mean of the fits. */
  readonly fitSeconds: number;
  /** Per 1,000 rows. */
  readonly predictMs: number;
  /** Of everything done for it. */
  readonly totalSeconds: number;
  /** Found by a search; absent where the defaults stand. */
  readonly settings?: Settings;
  /** The model on every row. */
  readonly fit: () => Promise<Model>;
}

/** A trial before anything is learned from its unseen predictions. */
export type RawTrial = Omit<TableTrial, 'corrections' | 'evaluation'>;

/** @param draws behind the intervals of the scores */
export function judgeTrial(
  trial: RawTrial,
  sample: Sample,
  { seed, draws }: { seed: number; draws: number },
): TableTrial {
  const width = widthOf(sample.question);
  const rows = rowsAsked(trial.predicted, width);
  const asked = rows.length === sample.target.length ? sample : takeSample(sample, rows);
  const raw = takePredictions(trial.predicted, rows, width);
  const band = trial.band && {
    low: takeNumbers(trial.band.low, rows),
    high: takeNumbers(trial.band.high, rows),
  };
  const corrections = fitTableCorrections(asked, raw, { seed, band });
  const answers = correctAnswers({ model: { question: sample.question }, corrections }, raw, band);
  const { threshold } = corrections;
  return { ...trial, corrections, evaluation: scoreTable(asked, answers, { seed, draws, threshold }) };
}

/** Best first by the question's metrics; what is tied stays in the order it was tried. */
export function rankTableTrials(
  trials: readonly TableTrial[],
  { question }: Sample,
  decider?: AmountDecider,
): readonly TableTrial[] {
  const metrics = metricsOf(question.kind, decider).filter((metric) => metric !== 'coverage');
  const { order } = chooseTrial(
    trials.map(({ estimator, evaluation }) => ({
      id: estimator.id,
      values: Object.fromEntries(
        Object.entries(evaluation.scores).map(([metric, score]) => [metric, score.value]),
      ) as Partial<Record<RowMetricName, number>>,
    })),
    metrics,
  );
  return order.map((id) => trials.find(({ estimator }) => estimator.id === id) as TableTrial);
}
