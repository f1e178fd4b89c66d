// One table from rows to a tested model: checked for leaks, learned, and asked about rows it had not seen.
import { invariant } from '../../core/errors.ts';
import { silent } from '../../core/progress.ts';
import { type Comparison, comparePredictions } from '../../eval/compare-predictions.ts';
import type { Evaluation } from '../../eval/evaluate-predictions.ts';
import type { Finding } from '../../eval/leakage/finding.ts';
import type { RowMetricName } from '../../eval/metrics/metric.ts';
import type { Estimator, Sample } from '../../models/estimator.ts';
import { takeSample } from '../../models/sample.ts';
import { answerTable, type TableAnswers } from '../../models/table-model.ts';
import type { Refusal } from '../attempts.ts';
import { scoreTable, takeAnswers } from './correct.ts';
import { answerBaselines, crossValidateTable } from './cross-validate.ts';
import { cutFolds, type Folds } from './folds.ts';
import { widthOf } from './held-out.ts';
import { type LearnedTable, type LearnOptions, learnTable } from './learn.ts';
import { leaksAfter, leaksBefore, refuseTableLeaks } from './table-leaks.ts';
import { planTime } from './time-plan.ts';

export interface FitTableOptions extends LearnOptions {
  /** Stand beside every number. */
  readonly baselines: readonly Estimator[];
  /** Folds to test on instead of those cut here. */
  readonly given?: Folds;
  readonly repeats?: number;
  /** Tested on rows of their own instead of by nested cross-validation. */
  readonly test?:
    | { readonly by: 'file'; readonly sample: Sample }
    | { readonly by: 'holdout'; readonly share: number };
  /** Columns that hold moments. */
  readonly times: readonly string[];
  /** Whether equal rows are different events, such as one query typed by many: then none of them is a copy. */
  readonly equalRowsDiffer?: boolean;
  /** Gives candidates what they are to be handed, learned from the rows not tested alone; with a test of its own only. */
  readonly handIn?: HandIn;
  /** Rows without an outcome, for `handIn`; those of tested customers, or not before the tested ones in time, are kept back. */
  readonly unlabelled?: Sample;
}

export type HandIn = (
  train: Sample,
  candidates: readonly Estimator[],
  unlabelled?: Sample,
) => Promise<readonly Estimator[]>;

/** One predictor's answers about the tested rows. */
export interface AssessedTable {
  readonly estimator: Estimator;
  readonly answers: TableAnswers;
  readonly evaluation: Evaluation;
}

export interface TableTest {
  readonly by: 'nested' | 'holdout' | 'file';
  /** Rows tested, repeats one under another. */
  readonly sample: Sample;
  /** Place of each tested row in the table (or in the test file). */
  readonly rows: Uint32Array;
  readonly model: AssessedTable;
  readonly baselines: readonly AssessedTable[];
  readonly comparisons: readonly { readonly against: Estimator; readonly comparison: Comparison }[];
  /** Models chosen in the folds, for nested tests. */
  readonly chosen: readonly string[];
  /** Folds asked of those drawn, for nested tests; fewer where a time limit left no time for more. */
  readonly turns?: { readonly done: number; readonly of: number };
}

export interface FittedTable {
  /** On every row, or on those not held out. */
  readonly learned: LearnedTable;
  /** The rows it learned from. */
  readonly sample: Sample;
  readonly test: TableTest;
  readonly leaks: readonly Finding[];
}

const COMPARED: Readonly<Record<Sample['question']['kind'], readonly RowMetricName[]>> = {
  binary: ['log_loss', 'roc_auc', 'average_precision'],
  amount: ['rmse', 'mae'],
  classes: ['log_loss', 'accuracy'],
};

/**
 * Learns and tests. Without rows of its own to test on, the test is nested cross-validation of the whole procedure, and
 * the model kept learns from every row.
 *
 * @throws AppError LEAKAGE, NOT_ENOUGH_DATA, USAGE, INTERRUPTED
 */
export async function fitTable(sample: Sample, given: FitTableOptions): Promise<FittedTable> {
  const early = given.equalRowsDiffer ? [] : leaksBefore(sample);
  refuseTableLeaks(early);
  const side = sideOf(sample, given);
  const { handIn } = given;
  const open = side && given.unlabelled && apartFrom(side.test, given.unlabelled, given.byTime);
  const handed = side && handIn ? await handIn(side.train, given.candidates, open) : given.candidates;
  const { options, untilTest, late } = await inTime(
    side?.train ?? sample,
    { ...given, candidates: handed },
    side === undefined,
  );
  const { seed } = options;
  const onAll = async (rows: Sample): Promise<LearnedTable> => {
    const learned = await learnTable(rows, options);
    return { ...learned, refused: [...late, ...learned.refused] };
  };
  if (side) {
    const learned = await onAll(side.train);
    const answers = await answerTable(learned.table, side.test.frame);
    const baselines = await answerBaselines(side.train, side.test.frame, options);
    const test = assess(side.test, {
      by: side.by,
      rows: side.rows,
      answers,
      baselines,
      estimator: learned.chosen.estimator,
      threshold: learned.table.corrections.threshold,
      chosen: [learned.chosen.estimator.id],
      seed,
    });
    return { learned, sample: side.train, test, leaks: leaksOf(side, options, answers.value) };
  }
  const folds = options.given ?? cutFolds(sample, { ...options, repeats: options.repeats });
  const repeats = await crossValidateTable(sample, folds, { ...options, deadlineMs: untilTest });
  const learned = await onAll(sample);
  const rows = Uint32Array.from(repeats.flatMap((repeat) => Array.from(repeat.rows)));
  const thresholds = repeats.flatMap(({ threshold }) => threshold ?? []);
  const test = assess(takeSample(sample, rows), {
    by: 'nested',
    rows,
    answers: stack(repeats.map(({ answers }) => answers)),
    baselines: repeats[0].baselines.map(({ estimator }) => ({
      estimator,
      answers: stack(repeats.map(({ baselines }) => answersOf(baselines, estimator))),
    })),
    estimator: learned.chosen.estimator,
    ...(thresholds.length > 0
      ? { threshold: thresholds.reduce((sum, value) => sum + value, 0) / thresholds.length }
      : {}),
    chosen: repeats.flatMap(({ chosen }) => chosen),
    turns: {
      done: repeats.reduce((sum, { turns }) => sum + turns, 0),
      of: folds.repeats.reduce((sum, repeat) => sum + repeat.length, 0),
    },
    seed,
  });
  const [fold] = folds.repeats[0];
  const own = repeats[0];
  const place = new Map(Array.from(own.rows, (row, i) => [row, i]));
  const asked = takeAnswers(
    own.answers,
    Array.from(fold.test, (row) => place.get(row) as number),
    widthOf(sample.question),
  );
  return {
    learned,
    sample,
    test,
    leaks: leaksOf(
      { train: takeSample(sample, fold.train), test: takeSample(sample, fold.test) },
      options,
      asked.value,
    ),
  };
}

/**
 * With a deadline: without the models there is no time for, and until when tests may go on. Learning on every row keeps
 * what it needs, and at least one part of as many as there are turns.
 *
 * @throws AppError USAGE when there is no time for any model
 */
async function inTime(
  sample: Sample,
  given: FitTableOptions,
  nested: boolean,
): Promise<{ options: FitTableOptions; untilTest?: number; late: readonly Refusal[] }> {
  const { now, deadlineMs, folds, seed, threads, signal } = given;
  if (deadlineMs === undefined) return { options: given, late: [] };
  const turns = nested ? folds * (given.repeats ?? 1) : 0;
  const run = { seed, threads, signal, progress: silent };
  const { candidates, late, lastMs } = await planTime(sample, { ...given, turns, run, deadlineMs });
  const leftMs = deadlineMs - now();
  const untilTest = now() + Math.min((leftMs * turns) / (turns + 1), Math.max(0, leftMs - lastMs));
  return { options: { ...given, candidates }, untilTest, late };
}

function answersOf(
  baselines: readonly { estimator: Estimator; answers: TableAnswers }[],
  estimator: Estimator,
): TableAnswers {
  const found = baselines.find((own) => own.estimator === estimator);
  invariant(found, `baseline ${estimator.id} answers every repeat`);
  return found.answers;
}

function leaksOf(
  { train, test }: { train: Sample; test: Sample },
  { times, byTime, equalRowsDiffer = false }: FitTableOptions,
  value: Float64Array,
): readonly Finding[] {
  const predicted = train.question.kind === 'binary' ? { predicted: value } : {};
  const found = leaksAfter(train, test, { ...predicted, times, byTime, equalRowsDiffer });
  refuseTableLeaks(found);
  return found;
}

/** The rows of nobody who is tested; with time, those before all that are tested. */
function apartFrom(test: Sample, unlabelled: Sample, byTime: boolean): Sample {
  const tested = new Set(test.entities);
  const first = test.asOf.reduce((least, at) => Math.min(least, at), Number.POSITIVE_INFINITY);
  const rows = unlabelled.entities.flatMap((entity, row) =>
    tested.has(entity) || (byTime && !(unlabelled.asOf[row] < first)) ? [] : [row],
  );
  return takeSample(unlabelled, rows);
}

/** Rows kept for the test, and the others; undefined when every row is both learned from and tested. */
function sideOf(
  sample: Sample,
  { test, seed, byTime, gapMs }: FitTableOptions,
): { by: 'file' | 'holdout'; train: Sample; test: Sample; rows: Uint32Array } | undefined {
  if (!test) return undefined;
  if (test.by === 'file')
    return {
      by: 'file',
      train: sample,
      test: test.sample,
      rows: Uint32Array.from(test.sample.target.keys()),
    };
  const folds = Math.max(2, Math.round(1 / test.share));
  const cut = cutFolds(sample, {
    folds: byTime ? Math.max(2, folds - 1) : folds,
    seed,
    byTime,
    ...(gapMs ? { gapMs } : {}),
  });
  const fold = byTime ? cut.repeats[0][cut.repeats[0].length - 1] : cut.repeats[0][0];
  return {
    by: 'holdout',
    train: takeSample(sample, fold.train),
    test: takeSample(sample, fold.test),
    rows: fold.test,
  };
}

function assess(
  sample: Sample,
  given: {
    by: TableTest['by'];
    rows: Uint32Array;
    answers: TableAnswers;
    baselines: readonly { estimator: Estimator; answers: TableAnswers }[];
    estimator: Estimator;
    threshold?: number;
    chosen: readonly string[];
    turns?: TableTest['turns'];
    seed: number;
  },
): TableTest {
  const { by, rows, answers, estimator, threshold, chosen, turns, seed } = given;
  // A baseline that is also the model chosen would stand beside itself.
  const others = given.baselines.filter((own) => own.estimator.id !== estimator.id);
  const baselines = others.map((own) => ({ ...own, evaluation: scoreTable(sample, own.answers, { seed }) }));
  const model: AssessedTable = {
    estimator,
    answers,
    evaluation: scoreTable(sample, answers, { seed, threshold }),
  };
  const { entities, target: actual, question } = sample;
  const classes = question.kind === 'classes' ? { classes: question.classes ?? 2 } : {};
  return {
    by,
    sample,
    rows,
    model,
    baselines,
    chosen,
    ...(turns && { turns }),
    comparisons: baselines.flatMap((baseline) =>
      COMPARED[question.kind]
        .filter((metric) => metric in model.evaluation.scores && metric in baseline.evaluation.scores)
        .map((metric) => ({
          against: baseline.estimator,
          comparison: comparePredictions(
            { entities, actual, first: answers.value, second: baseline.answers.value, ...classes },
            metric,
            { seed },
          ),
        })),
    ),
  };
}

function stack(parts: readonly TableAnswers[]): TableAnswers {
  if (parts.length === 1) return parts[0];
  const value = Float64Array.from(parts.flatMap((part) => Array.from(part.value)));
  const ends = (end: 'low' | 'high') =>
    parts.every((part) => part[end])
      ? Float64Array.from(parts.flatMap((part) => Array.from(part[end] as Float64Array)))
      : undefined;
  const [low, high] = [ends('low'), ends('high')];
  const called = parts.every((part) => part.called)
    ? Int32Array.from(parts.flatMap((part) => Array.from(part.called as Int32Array)))
    : undefined;
  return { value, ...(low && high ? { low, high } : {}), ...(called ? { called } : {}) };
}
