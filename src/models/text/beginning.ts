// Where the head begins: everybody's average, or what a linear model of words and other columns says.
import type { Frame } from '../../core/frame.ts';
import { crossFit, foldsOf } from '../cross-fit.ts';
import type { Estimator, FitRun, Model, Question, Sample } from '../estimator.ts';
import { clampProbability, clampToRate, logit } from '../link.ts';
import { sortSample, unitWeights, weightedMean } from '../sample.ts';

/** What the head adds to, on the model's margin. */
export interface Beginning {
  /** Of everybody where there is no model: a logit, an amount, or a logarithm a class. */
  readonly start: readonly number[];
  /** What one unit of the head is worth: the spread of an amount, 1 of probabilities. */
  readonly spread: number;
  readonly words?: Model;
}

export interface FittedBeginning {
  readonly beginning: Beginning;
  /** Of the rows learned from, by models that had not seen them, [rows, answers]. */
  readonly unseen: Float64Array;
}

/** A model of a row's words has not seen the row where it begins: else nothing would seem left to learn. */
const FOLDS = 5;

/**
 * @param words the linear estimator; absent where averages do
 * @throws AppError NOT_ENOUGH_DATA, INTERRUPTED
 */
export async function fitBeginning(
  train: Sample,
  words: Estimator | undefined,
  run: FitRun,
): Promise<FittedBeginning> {
  const { start, spread } = averages(train);
  const rows = train.target.length;
  if (!words) {
    const unseen = Float64Array.from({ length: rows * start.length }, (_, i) => start[i % start.length]);
    return { beginning: { start, spread }, unseen };
  }
  const folds = foldsOf(train.entities, FOLDS, run.seed);
  const { unseen } = await crossFit(words, train, { folds, run });
  const model = await words.fit(sortSample(train), undefined, run);
  return {
    beginning: { start, spread, words: model },
    unseen: unseen.map((value) => toMargin(train.question, value)),
  };
}

/** [rows, answers] */
export async function beginningMargins({ start, words }: Beginning, frame: Frame): Promise<Float64Array> {
  if (!words)
    return Float64Array.from({ length: frame.rows * start.length }, (_, i) => start[i % start.length]);
  const said = await words.predict(frame);
  return said.map((value) => toMargin(words.question, value));
}

/** A probability surer than this is a linear model's boast. */
const DISTANCE = 1e-4;

function toMargin({ kind }: Question, value: number): number {
  if (kind === 'amount') return value;
  const held = clampProbability(value, DISTANCE);
  return kind === 'binary' ? logit(held) : Math.log(held);
}

function averages(train: Sample): { readonly start: readonly number[]; readonly spread: number } {
  const { question, target } = train;
  const weight = unitWeights(train);
  const mean = (of: (y: number) => number): number => weightedMean(target.map(of), weight);
  if (question.kind === 'binary')
    return {
      start: [
        logit(
          clampToRate(
            mean((y) => y),
            target.length,
          ),
        ),
      ],
      spread: 1,
    };
  if (question.kind === 'classes')
    return {
      start: Array.from({ length: question.classes ?? 2 }, (_, k) =>
        Math.log(
          clampToRate(
            mean((y) => Number(y === k)),
            target.length,
          ),
        ),
      ),
      spread: 1,
    };
  const centre = mean((y) => y);
  const spread = Math.sqrt(mean((y) => (y - centre) ** 2)) || 1;
  return { start: [centre], spread };
}
