// Ensembles of any estimators: their plain mean, or whom to listen to learned from out-of-fold opinions.
import { AppError } from '../../core/errors.ts';
import { type Name, name } from '../../core/name.ts';
import { pause } from '../../core/pause.ts';
import { type Progress, silent } from '../../core/progress.ts';
import { crossFit, foldsOf } from '../cross-fit.ts';
import type { Estimator, FitRun, Model, Sample, SavedModel } from '../estimator.ts';
import { lossFor } from '../held-out-loss.ts';
import { unitWeights } from '../sample.ts';
import { ensembleModel, loadEnsemble } from './ensemble-model.ts';
import { alike, type EnsembleKind, learnMixture } from './mixing.ts';
import { opinionsIn } from './opinion.ts';
import type { Mixture, Opinions } from './weights.ts';

const LABELS: Readonly<Record<EnsembleKind, Name>> = {
  mean: name('Mean of several models', '多模型平均'),
  stack: name('Stack of several models', '多模型堆叠'),
  greedy: name('Greedy selection of several models', '多模型贪心选择'),
};

/** Folds of customers behind a mixture: two are plenty where rows are many, and cost half. */
const foldsFor = (rows: number): number => (rows > 40_000 ? 2 : 4);

/**
 * An estimator that fits `members` and answers with them together. Members that refuse the question, or find too little
 * data, are left out with a note.
 *
 * mean: equal weights, on margins for probabilities, on logarithms for classes and on amounts otherwise. stack and greedy:
 * weights ≥ 0 learned from what members fitted on other customers said.
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
      const steps = able.length * (kind === 'mean' ? 1 : foldsFor(train.frame.rows) + 1);
      const work = { valid, run, onFit: counter(kind, steps, run.progress) };
      const fitted = await fitAll(able, train, work);
      const mixture =
        kind === 'mean' || fitted.length < 2
          ? alike(fitted.length)
          : await mixtureOf(kind, { fitted, train, work });
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

async function mixtureOf(
  kind: EnsembleKind,
  { fitted, train, work }: { fitted: readonly Fitted[]; train: Sample; work: Work },
): Promise<Mixture> {
  const opinions = await outOfFold(fitted, train, work);
  if (!opinions) return alike(fitted.length);
  const { question } = train;
  const { seed, signal } = work.run;
  return learnMixture(kind, opinions, { question, loss: lossFor(train), seed, signal });
}

/** What members fitted without a customer say about that customer; `undefined` when folds are too poor to fit. */
async function outOfFold(
  fitted: readonly Fitted[],
  train: Sample,
  { run, onFit }: Work,
): Promise<Opinions | undefined> {
  const folds = foldsOf(train.entities, foldsFor(train.frame.rows), run.seed);
  const members: Float64Array[] = [];
  for (const { estimator } of fitted) {
    try {
      const { unseen } = await crossFit(estimator, train, { folds, run, onFit });
      members.push(opinionsIn(unseen, train.question));
    } catch (error) {
      if (error instanceof AppError && error.code === 'NOT_ENOUGH_DATA') return undefined;
      throw error;
    }
  }
  return { members, target: train.target, weight: unitWeights(train) };
}
