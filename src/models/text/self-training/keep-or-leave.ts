// Whether texts without labels helped: teachers and students both asked about labels that neither had seen.
import { throwIfAborted } from '../../../core/errors.ts';
import { silent } from '../../../core/progress.ts';
import { fromOpinions, opinionsIn, widthFor } from '../../ensemble/opinion.ts';
import type { Sample } from '../../estimator.ts';
import { meanLoss } from '../../held-out-loss.ts';
import { customerFolds, foldRows, takeSample } from '../../sample.ts';
import { type SelfTraining, students, teachers, together, voices } from './self-training.ts';

export interface Verdict {
  readonly isKept: boolean;
  /** Mean log loss of labels not seen, at the temperature that suits each best. */
  readonly teachers: number;
  readonly students: number;
  /** What margins are multiplied by so that they are as sure as they are right. */
  readonly temperature: { readonly teachers: number; readonly students: number };
}

/**
 * Fits both once a fold of the labels, students among the learners `task` says are taught. They are kept where they lose
 * less.
 *
 * @returns undefined where labels are too few to hold some of them out
 * @throws AppError INTERRUPTED
 */
export async function crossExamine(
  sample: Sample,
  task: SelfTraining,
  { folds, seed }: { readonly folds: number; readonly seed: number },
): Promise<Verdict | undefined> {
  const { rows } = sample.frame;
  const width = widthFor(sample.question);
  const of = customerFolds(sample.entities, folds, seed);
  const said = { teachers: new Float64Array(rows * width), students: new Float64Array(rows * width) };
  for (let fold = 0; fold < folds; fold++) {
    throwIfAborted(task.run.signal);
    const { inside, outside } = foldRows(of, fold);
    if (inside.length === 0) continue;
    const seen = takeSample(sample, outside);
    if (new Set(seen.target).size < new Set(sample.target).size) return undefined;
    const inFold = { ...task, run: { ...task.run, progress: silent } };
    const first = await teachers(seen, inFold);
    const second = await students(first, seen, inFold);
    const held = takeSample(sample, inside).frame;
    for (const [who, models] of [
      ['teachers', first],
      ['students', second],
    ] as const) {
      const model = await together(models, voices(task.learners, who), task);
      const own = opinionsIn(await model.predict(held), sample.question);
      inside.forEach((row, i) => {
        said[who].set(own.subarray(i * width, (i + 1) * width), row * width);
      });
    }
  }
  const [first, second] = [bestTemperature(said.teachers, sample), bestTemperature(said.students, sample)];
  return {
    isKept: second.loss < first.loss,
    teachers: first.loss,
    students: second.loss,
    temperature: { teachers: first.scale, students: second.scale },
  };
}

/** Tried for the temperature: from a quarter as sure to eight times. */
const SCALES = Array.from({ length: 26 }, (_, i) => 0.25 * 32 ** (i / 25));

/** @param margins log-odds, [rows], or logarithms of probabilities, [rows, classes] */
export function bestTemperature(
  margins: Float64Array,
  sample: Sample,
): { readonly scale: number; readonly loss: number } {
  const losses = SCALES.map((scale) =>
    meanLoss(
      'log_loss',
      sample,
      fromOpinions(
        margins.map((own) => scale * own),
        sample.question,
      ),
    ),
  );
  const loss = Math.min(...losses);
  return { scale: SCALES[losses.indexOf(loss)], loss };
}
