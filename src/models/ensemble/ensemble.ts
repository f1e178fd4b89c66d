// Ensembles of any estimators: their plain mean, or a stack that learns whom to listen to from out-of-fold opinions.
import { AppError } from '../../core/errors.ts';
import { takeRows } from '../../core/frame.ts';
import { type Name, name } from '../../core/name.ts';
import { pause } from '../../core/pause.ts';
import { type Progress, silent } from '../../core/progress.ts';
import type { Estimator, FitRun, Model, Sample, SavedModel } from '../estimator.ts';
import { customerFolds, foldRows, takeSample, unitWeights } from '../sample.ts';
import { ensembleModel, loadEnsemble, opinionOf } from './ensemble-model.ts';
import { type Mixture, mixAmounts, mixProbabilities, type Opinions } from './weights.ts';

export type EnsembleKind = 'mean' | 'stack';

const LABELS: Readonly<Record<EnsembleKind, Name>> = {
  mean: name('Mean of several models', '多模型平均'),
  stack: name('Stack of several models', '多模型堆叠'),
};

/** Folds of customers behind a stack: two are plenty where rows are many, and cost half. */
const foldsFor = (rows: number): number => (rows > 40_000 ? 2 : 4);

/**
 * An estimator that fits `members` and answers with them together. Members that refuse the question, or find too little
 * data, are left out with a note.
 *
 * mean: equal weights, on margins for probabilities and on amounts otherwise. stack: weights ≥ 0 learned from what members
 * fitted on other customers said.
 *
 * @param loadMember how a saved member comes back (`loadModel`)
 */
export function ensembleOf(
  kind: EnsembleKind,
  members: readonly Estimator[],
  loadMember: (saved: SavedModel) => Model,
): Estimator {
  const answering: Estimator['refuses'] = (question, frame) =>
    members.some((member) => !member.refuses(question, frame))
      ? undefined
      : 'none of its members can answer it';
  return {
    id: kind,
    label: LABELS[kind],
    role: 'model',
    refuses: answering,
    async fit(train, valid, run) {
      const able = members.filter((member) => !member.refuses(train.question, train.frame));
      const steps = able.length * (kind === 'stack' ? foldsFor(train.frame.rows) + 1 : 1);
      const work = { valid, run, onFit: counter(kind, steps, run.progress) };
      const fitted = await fitAll(able, train, work);
      const weights = fitted.map(() => 1 / fitted.length);
      const mixture =
        kind === 'stack' && fitted.length > 1
          ? await learnMixture(fitted, train, work)
          : { intercept: 0, weights };
      run.progress.step({ task: kind, done: steps, total: steps, unit: 'fits' });
      const models = fitted.map(({ model }) => model);
      return ensembleModel(kind, { question: train.question, members: models, ...mixture });
    },
    load: (saved) => loadEnsemble(kind, saved, loadMember),
  };
}

interface Fitted {
  readonly estimator: Estimator;
  readonly model: Model;
}

interface Work {
  readonly valid: Sample | undefined;
  readonly run: FitRun;
  readonly onFit: () => void;
}

function counter(task: string, total: number, progress: Progress): () => void {
  let done = 0;
  return () => {
    done = Math.min(total - 1, done + 1);
    progress.step({ task, done, total, unit: 'fits' });
  };
}

/** @throws AppError NOT_ENOUGH_DATA when no member finds enough */
async function fitAll(able: readonly Estimator[], train: Sample, work: Work): Promise<Fitted[]> {
  const fitted: Fitted[] = [];
  const reasons: string[] = [];
  for (const estimator of able) {
    await pause(work.run.signal);
    try {
      const model = await estimator.fit(train, work.valid, { ...work.run, progress: silent });
      fitted.push({ estimator, model });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'NOT_ENOUGH_DATA') throw error;
      reasons.push(error.message);
      work.run.progress.note(`"${estimator.id}" is left out of the ensemble: ${error.message}`);
    }
    work.onFit();
  }
  if (fitted.length > 0) return fitted;
  throw new AppError('NOT_ENOUGH_DATA', `no member of the ensemble could be fitted: ${reasons[0]}`);
}

async function learnMixture(fitted: readonly Fitted[], train: Sample, work: Work): Promise<Mixture> {
  const equal: Mixture = { intercept: 0, weights: fitted.map(() => 1 / fitted.length) };
  const opinions = await outOfFold(fitted, train, work);
  if (!opinions) return equal;
  const { target } = opinions;
  if (target.every((y) => y === target[0])) return equal;
  const mix = train.question.kind === 'binary' ? mixProbabilities : mixAmounts;
  const mixture = await mix(opinions, work.run.signal);
  return mixture.weights.some((weight) => weight > 0) ? mixture : equal;
}

/** What members fitted without a customer say about that customer; `undefined` when folds are too poor to fit. */
async function outOfFold(
  fitted: readonly Fitted[],
  train: Sample,
  work: Work,
): Promise<Opinions | undefined> {
  const count = foldsFor(train.frame.rows);
  const folds = customerFolds(train.entities, count, work.run.seed);
  const members = fitted.map(() => new Float64Array(train.frame.rows));
  for (let fold = 0; fold < count; fold++) {
    const { inside, outside } = foldRows(folds, fold);
    if (inside.length === 0) continue;
    if (outside.length === 0) return undefined;
    const seen = takeSample(train, outside);
    const unseen = takeRows(train.frame, inside);
    for (const [k, { estimator }] of fitted.entries()) {
      await pause(work.run.signal);
      try {
        const model = await estimator.fit(seen, work.valid, { ...work.run, progress: silent });
        const opinion = await opinionOf(model, unseen);
        inside.forEach((row, i) => {
          members[k][row] = opinion[i];
        });
      } catch (error) {
        if (error instanceof AppError && error.code === 'NOT_ENOUGH_DATA') return undefined;
        throw error;
      }
      work.onFit();
    }
  }
  return { members, target: train.target, weight: unitWeights(train) };
}
