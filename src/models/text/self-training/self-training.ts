// Self-training: models of few labels label the texts nobody labelled, and models of both are learned.
import { throwIfAborted } from '../../../core/errors.ts';
import { hash32 } from '../../../core/random.ts';
import { ensembleModel } from '../../ensemble/ensemble-model.ts';
import { linkFor, opinionOf, widthFor } from '../../ensemble/opinion.ts';
import type { Estimator, FitRun, Model, Sample } from '../../estimator.ts';
import { joinSamples } from '../../join-samples.ts';
import { clampToRate } from '../../link.ts';
import { sortSample, takeSample, unitWeights, weightedMean } from '../../sample.ts';
import { pseudoLabels } from './pseudo-labels.ts';

/** One of those who answer together, heard alike. */
export interface Learner {
  readonly estimator: Estimator;
  /** Whether it learns from pseudo-labels, too, or keeps to what labels taught it. */
  readonly isTaught: boolean;
}

/** Who learns, and from what besides labels. */
export interface SelfTraining {
  /** Counts of what stands in texts and of what they are about, and an encoder that knows the language. */
  readonly learners: readonly Learner[];
  /** Rows without an outcome; what stands as their target is not looked at. */
  readonly unlabelled: Sample;
  /** What models were heard to say of the unlabelled rows, kept from call to call; empty at first. */
  readonly heard: WeakMap<Model, Float64Array>;
  /** Times pseudo-labels are given anew and learned from. */
  readonly rounds: number;
  /** How many of the surest pseudo-labels a label of a person is worth. */
  readonly labelWeight: number;
  readonly run: FitRun;
  /** Watched by learners that know when to stop. */
  readonly valid?: Sample;
}

/** The id models of either kind are saved under. */
export const SELF_TAUGHT = 'self-taught';

/** Each learner fitted on labels alone. @throws AppError NOT_ENOUGH_DATA, INTERRUPTED */
export async function teachers(
  sample: Sample,
  { learners, valid, run }: SelfTraining,
): Promise<readonly Model[]> {
  const models: Model[] = [];
  for (const { estimator } of learners) {
    throwIfAborted(run.signal);
    models.push(await estimator.fit(sortSample(sample), valid, run));
  }
  return models;
}

/** One whom the others taught speaks for them, too: as loud as three that keep to the labels. */
const TAUGHT_VOICE = 3;

/** How loud each learner is heard, summing to one: teachers alike, students louder than who was not taught. */
export function voices(learners: readonly Learner[], are: 'teachers' | 'students'): readonly number[] {
  const loud = learners.map(({ isTaught }) => (are === 'students' && isTaught ? TAUGHT_VOICE : 1));
  const sum = loud.reduce((a, b) => a + b, 0);
  return loud.map((own) => own / sum);
}

/**
 * What models say together, each in units of how far its own margins lie from even odds over the unlabelled rows: an encoder
 * that has read few labels forty times is sure of everything, and would be all that is heard of a mean of margins.
 */
export async function together(
  members: readonly Model[],
  loud: readonly number[],
  task: Pick<SelfTraining, 'unlabelled' | 'heard'>,
): Promise<Model> {
  const { question } = members[0];
  const weights = await weightsOf(members, loud, task);
  return ensembleModel(SELF_TAUGHT, { question, members, weights, intercept: 0 });
}

async function weightsOf(
  members: readonly Model[],
  loud: readonly number[],
  task: Pick<SelfTraining, 'unlabelled' | 'heard'>,
): Promise<readonly number[]> {
  const spreads: number[] = [];
  for (const member of members)
    spreads.push(spreadOf(await heardOf(member, task), widthFor(member.question)));
  return loud.map((own, k) => own / (spreads[k] || 1));
}

/** What a model says of the unlabelled rows, asked once: an encoder takes seconds for it. */
async function heardOf(
  model: Model,
  { unlabelled, heard }: Pick<SelfTraining, 'unlabelled' | 'heard'>,
): Promise<Float64Array> {
  const known = heard.get(model);
  if (known) return known;
  const said = await opinionOf(model, unlabelled.frame, linkFor(model.question));
  heard.set(model, said);
  return said;
}

/** Root mean square of margins; of classes, of what tells a row's classes apart. [rows] or [rows, classes] */
export function spreadOf(margins: Float64Array, width: number): number {
  let squares = 0;
  for (let from = 0; from < margins.length; from += width) {
    const own = margins.subarray(from, from + width);
    // a lean to one answer counts: a model that leans and tells nothing apart must not be made loud
    const mean = width === 1 ? 0 : own.reduce((a, b) => a + b, 0) / width;
    for (const margin of own) squares += (margin - mean) ** 2;
  }
  return Math.sqrt(squares / Math.max(1, margins.length));
}

/**
 * The taught among the learners fitted anew, on labels and on what all of them say together of unlabelled rows.
 *
 * @param first learned from the very sample, a model a learner
 * @throws AppError NOT_ENOUGH_DATA, INTERRUPTED
 * @see Lee 2013, "Pseudo-label"; Xie et al. 2020, "Noisy Student", arXiv:1911.04252, for class balance and learning anew
 */
export async function students(
  first: readonly Model[],
  sample: Sample,
  task: SelfTraining,
): Promise<readonly Model[]> {
  let models = first;
  for (let round = 0; round < task.rounds; round++) {
    const loud = voices(task.learners, round === 0 ? 'teachers' : 'students');
    const labelled = sortSample(await labelledBy(models, loud, sample, task));
    const next: Model[] = [];
    for (const [k, { estimator, isTaught }] of task.learners.entries()) {
      throwIfAborted(task.run.signal);
      next.push(isTaught ? await estimator.fit(labelled, task.valid, task.run) : models[k]);
    }
    models = next;
  }
  return models;
}

/** Pseudo-labels surer than this teach: the others are a coin's. */
const LEAST_SURE = 0.02;

async function labelledBy(
  models: readonly Model[],
  loud: readonly number[],
  sample: Sample,
  task: SelfTraining,
): Promise<Sample> {
  const { entities, frame } = task.unlabelled;
  const weights = await weightsOf(models, loud, task);
  const margins = new Float64Array(frame.rows * widthFor(sample.question));
  for (const [k, model] of models.entries())
    (await heardOf(model, task)).forEach((margin, i) => {
      margins[i] += weights[k] * margin;
    });
  const { target, weight } = pseudoLabels(margins, classShares(sample), frame.rows);
  const guessed: Sample = {
    question: sample.question,
    frame,
    // nobody's: a fold that holds out a label may hold out its like or not
    entities: entities.map((entity) => `unlabelled ${entity}`),
    asOf: new Float64Array(frame.rows),
    target,
    weight: weight.map((sure) => (sure > LEAST_SURE ? sure : 0)),
  };
  const labelled = { ...sample, weight: unitWeights(sample).map((own) => task.labelWeight * own) };
  return joinSamples(labelled, guessed);
}

/** [classes], none of them 0. */
export function classShares(sample: Sample): readonly number[] {
  const { question, target } = sample;
  const weight = unitWeights(sample);
  const shares = Array.from({ length: question.kind === 'binary' ? 2 : (question.classes ?? 2) }, (_, k) =>
    clampToRate(
      weightedMean(
        target.map((y) => Number(y === k)),
        weight,
      ),
      target.length,
    ),
  );
  const sum = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => share / sum);
}

/** So many of the rows at most, drawn by seed. */
export function fewerUnlabelled(unlabelled: Sample, most: number, seed: number): Sample {
  const { rows } = unlabelled.frame;
  if (rows <= most) return unlabelled;
  const salt = hash32(`unlabelled ${seed}`);
  const drawn = Array.from({ length: rows }, (_, row) => row)
    .sort((a, b) => hash32(String(a), salt) - hash32(String(b), salt) || a - b)
    .slice(0, most)
    .sort((a, b) => a - b);
  return takeSample(unlabelled, drawn);
}
