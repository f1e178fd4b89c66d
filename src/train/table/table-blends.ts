// Several trials of a table as one more: weights learned from what each said of rows it had not seen.
import { estimatorById } from '../../models/catalogue.ts';
import { ensembleModel, heaviestBanded } from '../../models/ensemble/ensemble-model.ts';
import { alike, type EnsembleKind, learnMixture, mixOpinions } from '../../models/ensemble/mixing.ts';
import { opinionsIn, takeOpinions } from '../../models/ensemble/opinion.ts';
import type { Mixture, Opinions } from '../../models/ensemble/weights.ts';
import type { Model, Sample } from '../../models/estimator.ts';
import type { HeldOutLoss } from '../../models/held-out-loss.ts';
import { customerFolds, foldRows, takeSample, unitWeights } from '../../models/sample.ts';
import { rowsAsked, takePredictions, widthOf } from './held-out.ts';
import type { RawTrial, TableTrial } from './table-trial.ts';

/** Members of the mean: more would let the weak ones in. */
const MEAN_MEMBERS = 3;
const FOLDS = 5;

export interface BlendOptions {
  readonly wanted: readonly EnsembleKind[];
  /** What their weights lower; as the metric that decides by default: means of amounts, chances of the rest. */
  readonly loss?: HeldOutLoss;
  readonly seed: number;
  readonly now: () => number;
  readonly signal?: AbortSignal;
}

/**
 * Blends of what was tried, best first given; none with fewer than two models. What a blend is judged by is cross-fitted,
 * so that it is compared as fairly as its members. Only members that are heard are fitted on every row, and only when the
 * blend is chosen.
 */
export async function blendTableTrials(
  ranked: readonly TableTrial[],
  sample: Sample,
  { wanted, loss, seed, now, signal }: BlendOptions,
): Promise<readonly RawTrial[]> {
  const models = ranked.filter(({ estimator }) => estimator.role === 'model');
  if (models.length < 2) return [];
  const { question } = sample;
  const width = widthOf(question);
  // Every member was asked about the same rows: those of the folds.
  const rows = rowsAsked(models[0].predicted, width);
  const asked = takeSample(sample, rows);
  const blends: RawTrial[] = [];
  for (const kind of wanted) {
    const startedMs = now();
    const members = kind === 'mean' ? models.slice(0, MEAN_MEMBERS) : models;
    const said: Opinions = {
      members: members.map(({ predicted }) => opinionsIn(takePredictions(predicted, rows, width), question)),
      target: asked.target,
      weight: unitWeights(asked),
    };
    const options = { question, loss: loss ?? BLEND_LOSS[question.kind], seed, signal };
    const learn = (from: Opinions) => learnMixture(kind, from, options);
    const mixture = kind === 'mean' ? alike(members.length) : await learn(said);
    const unseen =
      kind === 'mean'
        ? mixOpinions(mixture, said.members, question)
        : await mixAcrossFolds(said, asked, { learn, seed, width });
    const predicted = new Float64Array(sample.target.length * width).fill(Number.NaN);
    rows.forEach((row, i) => {
      predicted.set(unseen.subarray(i * width, (i + 1) * width), row * width);
    });
    const banded = heaviestBanded(members, mixture.weights);
    const band = banded === undefined ? undefined : members[banded].band;
    const seconds = (now() - startedMs) / 1000;
    const sum = (part: 'fitSeconds' | 'totalSeconds' | 'predictMs') =>
      members.reduce((total, member, k) => total + (mixture.weights[k] > 0 ? member[part] : 0), 0);
    blends.push({
      estimator: estimatorById(kind),
      predicted,
      ...(band && { band }),
      fitSeconds: sum('fitSeconds') + seconds,
      totalSeconds: sum('totalSeconds') + seconds,
      predictMs: sum('predictMs'),
      fit: () => fitBlend(kind, members, mixture, sample),
    });
  }
  return blends;
}

const BLEND_LOSS: Readonly<Record<Sample['question']['kind'], HeldOutLoss>> = {
  binary: 'log_loss',
  amount: 'squared',
  classes: 'log_loss',
};

/** Each row's answer mixed by weights that other rows taught. */
async function mixAcrossFolds(
  said: Opinions,
  { entities, question }: Sample,
  { learn, seed, width }: { learn: (from: Opinions) => Promise<Mixture>; seed: number; width: number },
): Promise<Float64Array> {
  const folds = customerFolds(entities, FOLDS, seed);
  const mixed = new Float64Array(entities.length * width);
  for (let fold = 0; fold < FOLDS; fold++) {
    const { inside, outside } = foldRows(folds, fold);
    if (inside.length === 0) continue;
    const own = takeOpinions(said, inside, question);
    const mixture =
      outside.length === 0 ? alike(said.members.length) : await learn(takeOpinions(said, outside, question));
    const values = mixOpinions(mixture, own.members, question);
    inside.forEach((row, i) => {
      mixed.set(values.subarray(i * width, (i + 1) * width), row * width);
    });
  }
  return mixed;
}

async function fitBlend(
  kind: EnsembleKind,
  members: readonly TableTrial[],
  mixture: Mixture,
  { question }: Sample,
): Promise<Model> {
  const heard = members
    .map((member, k) => ({ member, weight: mixture.weights[k] }))
    .filter(({ weight }) => weight > 0);
  const models: Model[] = [];
  for (const { member } of heard) models.push(await member.fit());
  return ensembleModel(kind, {
    question,
    intercept: mixture.intercept,
    weights: heard.map(({ weight }) => weight),
    members: models,
  });
}
