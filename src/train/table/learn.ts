// The whole of learning a table, on one side of any split: try, correct, choose, fit again on every row of that side.
import { AppError, throwIfAborted } from '../../core/errors.ts';
import type { Progress } from '../../core/progress.ts';
import { chooseTrial } from '../../eval/choose-trial.ts';
import type { Evaluation } from '../../eval/evaluate-predictions.ts';
import type { RowMetricName } from '../../eval/metrics/metric.ts';
import { fitModel } from '../../models/catalogue.ts';
import type { Estimator, Sample } from '../../models/estimator.ts';
import { takeSample } from '../../models/sample.ts';
import { correctAnswers, type TableCorrections, type TableModel } from '../../models/table-model.ts';
import type { Refusal } from '../trials.ts';
import { fitTableCorrections, scoreTable, TABLE_METRICS } from './correct.ts';
import { cutFolds } from './folds.ts';
import { predictHeldOut, rowsAsked, stepsOnly, takePredictions, widthOf } from './held-out.ts';

export interface LearnOptions {
  readonly candidates: readonly Estimator[];
  /** Folds inside, on which candidates are compared and corrected. */
  readonly folds: number;
  readonly byTime: boolean;
  readonly gapMs?: number;
  readonly seed: number;
  readonly threads: number;
  readonly now: () => number;
  /** UTC ms after which no further candidate is begun; the first model always is. */
  readonly deadlineMs?: number;
  /** Bootstrap draws behind the intervals of the candidates' scores. */
  readonly draws: number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** A candidate with what it said of rows it had not seen. */
export interface TableTrial {
  readonly estimator: Estimator;
  readonly corrections: TableCorrections;
  /** Corrected, on the rows that were asked about. */
  readonly evaluation: Evaluation;
  /** Uncorrected, of all rows, NaN where no fold asked: [rows] or [rows, classes] */
  readonly predicted: Float64Array;
  readonly fitSeconds: number;
  /** Per 1,000 rows. */
  readonly predictMs: number;
}

export interface LearnedTable {
  /** Best first, baselines among them. */
  readonly trials: readonly TableTrial[];
  readonly refused: readonly Refusal[];
  readonly chosen: TableTrial;
  readonly table: TableModel;
}

/** @throws AppError NOT_ENOUGH_DATA, INTERRUPTED, USAGE when no candidate can answer */
export async function learnTable(sample: Sample, options: LearnOptions): Promise<LearnedTable> {
  const { candidates, seed, threads, signal, progress } = options;
  const [folds] = cutFolds(sample, options).repeats;
  const run = { seed, threads, signal, now: options.now, progress: stepsOnly(progress) };
  const trials: TableTrial[] = [];
  const refused: Refusal[] = [];
  for (const estimator of candidates) {
    throwIfAborted(signal);
    const refuse = (reason: string) => refused.push({ id: estimator.id, label: estimator.label, reason });
    const refusal = estimator.refuses(sample.question, sample.frame);
    const late = options.deadlineMs !== undefined && options.now() >= options.deadlineMs;
    if (refusal) refuse(refusal);
    else if (late && estimator.role === 'model' && trials.some((trial) => trial.estimator.role === 'model'))
      refuse('the time limit was reached before its turn');
    else {
      try {
        trials.push(
          judge(estimator, sample, {
            ...(await predictHeldOut(estimator, sample, folds, run)),
            seed,
            draws: options.draws,
          }),
        );
      } catch (error) {
        if (!(error instanceof AppError) || error.code === 'INTERRUPTED') throw error;
        refuse(error.message);
      }
    }
  }
  if (trials.length === 0) {
    throw new AppError(
      'USAGE',
      `no model can answer this: ${refused.map(({ id, reason }) => `${id} ${reason}`).join('; ')}`,
    );
  }
  const ranked = rank(trials, sample);
  const chosen = ranked.find((trial) => trial.estimator.role === 'model') ?? ranked[0];
  progress.step({ task: `fit ${chosen.estimator.id}`, done: 0, total: 1 });
  const model = await fitModel(chosen.estimator, sample, undefined, run);
  progress.step({ task: `fit ${chosen.estimator.id}`, done: 1, total: 1 });
  return { trials: ranked, refused, chosen, table: { model, corrections: chosen.corrections } };
}

function judge(
  estimator: Estimator,
  sample: Sample,
  held: { predicted: Float64Array; fitSeconds: number; predictMs: number; seed: number; draws: number },
): TableTrial {
  const width = widthOf(sample.question);
  const rows = rowsAsked(held.predicted, width);
  const asked = rows.length === sample.target.length ? sample : takeSample(sample, rows);
  const raw = takePredictions(held.predicted, rows, width);
  const corrections = fitTableCorrections(asked, raw, held.seed);
  const answers = correctAnswers({ model: { question: sample.question }, corrections }, raw);
  return {
    estimator,
    corrections,
    predicted: held.predicted,
    fitSeconds: held.fitSeconds,
    predictMs: held.predictMs,
    evaluation: scoreTable(asked, answers, {
      seed: held.seed,
      draws: held.draws,
      threshold: corrections.threshold,
    }),
  };
}

function rank(trials: readonly TableTrial[], { question }: Sample): readonly TableTrial[] {
  const metrics = TABLE_METRICS[question.kind].filter((metric) => metric !== 'coverage');
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
