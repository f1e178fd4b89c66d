// Nested cross-validation: in each fold everything is learned anew, and the fold's rows are asked about once.
import { throwIfAborted } from '../../core/errors.ts';
import { silent } from '../../core/progress.ts';
import { fitModel } from '../../models/catalogue.ts';
import type { Estimator, Sample } from '../../models/estimator.ts';
import { takeSample } from '../../models/sample.ts';
import { answerTable, type TableAnswers } from '../../models/table-model.ts';
import type { Fold, Folds } from './folds.ts';
import { widthOf } from './held-out.ts';
import { type LearnedTable, type LearnOptions, learnTable } from './learn.ts';

const FEWEST_DRAWS = 2;

export interface CrossValidateOptions extends LearnOptions {
  /** Fitted plainly in each fold, and asked about the same rows. */
  readonly baselines?: readonly Estimator[];
}

/** What was said of the rows of one repeat, by models that never saw them. */
export interface OutOfFold {
  /** Rows that were asked about, rising. */
  readonly rows: Uint32Array;
  /** In the order of `rows`. */
  readonly answers: TableAnswers;
  readonly baselines: readonly { readonly estimator: Estimator; readonly answers: TableAnswers }[];
  /** Model chosen in each fold. */
  readonly chosen: readonly string[];
  /** Folds asked; fewer than drawn where the deadline left no time for more. */
  readonly turns: number;
  /** Mean threshold of a yes over the folds; binary only. */
  readonly threshold?: number;
}

/**
 * Out-of-fold answers, one a repeat. Search, encoding, calibration and stacking all happen inside a fold's training part.
 *
 * With a deadline each fold gets an equal share of the time that is left, and no fold is begun that is not expected to end
 * in time; the first always is.
 */
export async function crossValidateTable(
  sample: Sample,
  folds: Folds,
  options: CrossValidateOptions,
): Promise<readonly OutOfFold[]> {
  const { now, deadlineMs, progress, signal } = options;
  const turns = folds.repeats.reduce((sum, repeat) => sum + repeat.length, 0);
  let done = 0;
  let leastMs = 0;
  const outOfTime = () => done > 0 && deadlineMs !== undefined && now() + leastMs > deadlineMs;
  const repeats: OutOfFold[] = [];
  for (const repeat of folds.repeats) {
    const answered: FoldAnswers[] = [];
    for (const fold of repeat) {
      throwIfAborted(signal);
      if (outOfTime()) break;
      progress.step({ task: 'test folds', done, total: turns, unit: 'folds' });
      const share =
        deadlineMs === undefined ? undefined : now() + Math.max(0, deadlineMs - now()) / (turns - done);
      const own = await answerFold(sample, fold, { ...options, deadlineMs: share, progress: silent });
      answered.push(own);
      leastMs = leastOf(own, options);
      done++;
    }
    if (answered.length > 0) repeats.push(joinFolds(sample, repeat.slice(0, answered.length), answered));
  }
  progress.step({ task: 'test folds', done, total: turns, unit: 'folds' });
  return repeats;
}

/** What the quickest of the models took: no fold can do with less, ms. */
function leastOf({ learned }: FoldAnswers, { candidates }: CrossValidateOptions): number {
  const tried = learned.trials.filter(({ estimator }) => candidates.some(({ id }) => id === estimator.id));
  const seconds = tried.map(({ totalSeconds, fitSeconds }) => totalSeconds + fitSeconds);
  return seconds.length === 0 ? 0 : 1000 * Math.min(...seconds);
}

interface FoldAnswers {
  readonly learned: LearnedTable;
  readonly answers: TableAnswers;
  readonly baselines: readonly { readonly estimator: Estimator; readonly answers: TableAnswers }[];
}

async function answerFold(
  sample: Sample,
  { train, test }: Fold,
  options: CrossValidateOptions,
): Promise<FoldAnswers> {
  const side = takeSample(sample, train);
  const { frame } = takeSample(sample, test);
  const models = options.candidates.filter(({ role }) => role === 'model');
  const learned = await learnTable(side, {
    ...options,
    // Nobody sees the leaderboard of a fold: baselines and intervals would only cost time.
    candidates: models.length > 0 ? models : options.candidates,
    draws: FEWEST_DRAWS,
  });
  return {
    learned,
    answers: await answerTable(learned.table, frame),
    baselines: await answerBaselines(side, frame, options),
  };
}

/** What plain baselines, fitted on `train`, say of a frame; those that cannot answer are left out. */
export async function answerBaselines(
  train: Sample,
  frame: Sample['frame'],
  { baselines = [], seed, threads, signal }: CrossValidateOptions,
): Promise<FoldAnswers['baselines']> {
  const answered: { estimator: Estimator; answers: TableAnswers }[] = [];
  for (const estimator of baselines) {
    if (estimator.refuses(train.question, train.frame)) continue;
    const model = await fitModel(estimator, train, undefined, { seed, threads, signal, progress: silent });
    answered.push({ estimator, answers: await answerTable({ model, corrections: {} }, frame) });
  }
  return answered;
}

function joinFolds(sample: Sample, folds: readonly Fold[], parts: readonly FoldAnswers[]): OutOfFold {
  const width = widthOf(sample.question);
  const all = folds.flatMap(({ test }) => Array.from(test));
  const place = Array.from(all.keys()).sort((a, b) => all[a] - all[b]);
  const join = (answers: readonly TableAnswers[]): TableAnswers => {
    const pick = (part: 'low' | 'high' | 'called') =>
      answers.every((one) => one[part])
        ? answers.flatMap((one) => Array.from(one[part] as ArrayLike<number>))
        : undefined;
    const values = answers.flatMap(({ value }) => Array.from(value));
    const [low, high, called] = (['low', 'high', 'called'] as const).map(pick);
    const value = new Float64Array(values.length);
    place.forEach((from, to) => {
      for (let k = 0; k < width; k++) value[to * width + k] = values[from * width + k];
    });
    return {
      value,
      ...(low && high
        ? { low: Float64Array.from(place, (at) => low[at]), high: Float64Array.from(place, (at) => high[at]) }
        : {}),
      ...(called ? { called: Int32Array.from(place, (at) => called[at]) } : {}),
    };
  };
  const thresholds = parts.flatMap(({ learned }) => learned.table.corrections.threshold ?? []);
  return {
    rows: Uint32Array.from(place, (at) => all[at]),
    answers: join(parts.map(({ answers }) => answers)),
    baselines: parts[0].baselines
      .filter(({ estimator }) =>
        parts.every(({ baselines }) => baselines.some((own) => own.estimator === estimator)),
      )
      .map(({ estimator }) => ({
        estimator,
        answers: join(
          parts.flatMap(({ baselines }) =>
            baselines.filter((own) => own.estimator === estimator).map(({ answers }) => answers),
          ),
        ),
      })),
    chosen: parts.map(({ learned }) => learned.chosen.estimator.id),
    turns: parts.length,
    ...(thresholds.length > 0
      ? { threshold: thresholds.reduce((sum, value) => sum + value, 0) / thresholds.length }
      : {}),
  };
}
