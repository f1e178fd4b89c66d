// The whole of learning a table, on one side of any split: try, tune, blend, correct, choose, fit on every row of that side.
import { AppError } from '../../core/errors.ts';
import type { Progress } from '../../core/progress.ts';
import { fitModel } from '../../models/catalogue.ts';
import type { Estimator, Sample } from '../../models/estimator.ts';
import type { TableModel } from '../../models/table-model.ts';
import { attemptEach, type Refusal } from '../attempts.ts';
import { tooManyFits } from '../expected-time.ts';
import type { Preset } from '../preset.ts';
import type { AmountDecider } from './correct.ts';
import { cutFolds, type Fold, foldsInTime } from './folds.ts';
import { type HeldOutRun, predictHeldOut, stepsOnly } from './held-out.ts';
import { blendTableTrials } from './table-blends.ts';
import { judgeTrial, type RawTrial, rankTableTrials, type TableTrial } from './table-trial.ts';
import { tuneTableTrials } from './table-tuning.ts';

export interface LearnOptions {
  readonly candidates: readonly Estimator[];
  /** What is made of the candidates, and how many of them are searched and bagged. */
  readonly preset: Preset;
  /** Folds inside, on which candidates are compared and corrected. */
  readonly folds: number;
  /** Of those, how many are held out in turn; all when absent. One is enough where a fit takes minutes. */
  readonly foldsAsked?: number;
  /** What decides between models of an amount; `rmse` when absent. */
  readonly metric?: AmountDecider;
  readonly byTime: boolean;
  readonly gapMs?: number;
  readonly seed: number;
  readonly threads: number;
  readonly now: () => number;
  /** UTC ms: nothing is begun that is not expected to end by then; the first model always is. */
  readonly deadlineMs?: number;
  /** Bootstrap draws behind the intervals of the candidates' scores. */
  readonly draws: number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
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
  const { preset, byTime, metric, seed, threads, signal, progress, now, deadlineMs } = options;
  const folds = foldsInside(sample, options);
  const run: HeldOutRun = { seed, threads, signal, now, progress: stepsOnly(progress) };
  const attempt = (estimator: Estimator) => tryEstimator(estimator, sample, { folds, run });
  const judged = (raw: readonly RawTrial[]) => raw.map((trial) => judgeTrial(trial, sample, options));
  const ranking = (trials: readonly TableTrial[]) => rankTableTrials(trials, sample, metric);
  const lowering = metric === 'mae' && sample.question.kind === 'amount' ? { loss: 'absolute' as const } : {};
  const first = await attemptEach(options.candidates, sample, {
    attempt,
    late: (estimator) =>
      tooManyFits(estimator, sample, {
        ...{ fits: folds.length + 1, run, now },
        ...(deadlineMs !== undefined && { deadlineMs }),
      }),
    ...(signal && { signal }),
  });
  const refused = [...first.refused];
  let trials = judged(first.trials);
  if (trials.length === 0) {
    throw new AppError(
      'USAGE',
      `no model can answer this: ${refused.map(({ id, reason }) => `${id} ${reason}`).join('; ')}`,
    );
  }
  if (preset.searched > 0 || preset.bagged > 0) {
    // Whatever is chosen is still fitted on every row: at most all of them, in a blend.
    const leftMs = 1000 * trials.reduce((sum, { fitSeconds }) => sum + fitSeconds, 0);
    const tuned = await tuneTableTrials(ranking(trials), sample, {
      ...lowering,
      preset,
      folds,
      byTime,
      run,
      ...(deadlineMs !== undefined && { deadlineMs: deadlineMs - leftMs }),
      attempt,
    });
    refused.push(...tuned.refused);
    trials = keepBetter(trials, judged(tuned.trials), ranking);
  }
  const blends = await blendTableTrials(ranking(trials), sample, {
    ...lowering,
    wanted: preset.blends,
    seed,
    now,
    signal,
  });
  const ranked = ranking([...trials, ...judged(blends)]);
  const chosen = ranked.find((trial) => trial.estimator.role === 'model') ?? ranked[0];
  progress.step({ task: `fit ${chosen.estimator.id}`, done: 0, total: 1 });
  const model = await chosen.fit();
  progress.step({ task: `fit ${chosen.estimator.id}`, done: 1, total: 1 });
  return { trials: ranked, refused, chosen, table: { model, corrections: chosen.corrections } };
}

/** Beyond so many rows two folds choose and calibrate as well as five, at two fifths of the cost. */
const MANY_ROWS = 50_000;

/**
 * In time as many stretches as there are moments to part, two at least, or the cut says what is missing; of many rows the
 * last folds alone, which learn from about as much as the model that answers will.
 */
function foldsInside(sample: Sample, options: LearnOptions): readonly Fold[] {
  const { folds, foldsAsked, byTime, seed, gapMs } = options;
  const cut = sample.frame.rows > MANY_ROWS && foldsAsked === undefined ? Math.min(folds, 2) : folds;
  const kept = Math.min(cut, foldsAsked ?? cut);
  const wanted = byTime ? Math.max(2, foldsInTime(sample.asOf, folds)) : cut;
  const [all] = cutFolds(sample, {
    folds: wanted,
    byTime,
    seed,
    ...(gapMs !== undefined && { gapMs }),
  }).repeats;
  return all.slice(-kept);
}

async function tryEstimator(
  estimator: Estimator,
  sample: Sample,
  { folds, run }: { folds: readonly Fold[]; run: HeldOutRun },
): Promise<RawTrial> {
  const startedMs = run.now();
  const held = await predictHeldOut(estimator, sample, folds, run);
  return {
    ...held,
    estimator,
    totalSeconds: (run.now() - startedMs) / 1000,
    fit: () => fitModel(estimator, sample, undefined, run),
  };
}

/** Settings found take the place of the defaults where they are better on the same folds; bags are new. */
function keepBetter(
  trials: readonly TableTrial[],
  tuned: readonly TableTrial[],
  ranking: (trials: readonly TableTrial[]) => readonly TableTrial[],
): TableTrial[] {
  const kept = trials.map((trial) => {
    const again = tuned.find(({ estimator }) => estimator.id === trial.estimator.id);
    if (!again) return trial;
    const [better] = ranking([
      trial,
      { ...again, estimator: { ...again.estimator, id: `${again.estimator.id} ` } },
    ]);
    return better === trial ? trial : again;
  });
  return [
    ...kept,
    ...tuned.filter(({ estimator }) => !trials.some((trial) => trial.estimator.id === estimator.id)),
  ];
}
