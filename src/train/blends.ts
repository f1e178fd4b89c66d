// Several trials as one more trial: the mean of the best, and blends whose weights the calibration examples decide.
import { estimatorById } from '../models/catalogue.ts';
import { ensembleModel, heaviestBanded } from '../models/ensemble/ensemble-model.ts';
import { alike, type EnsembleKind, learnMixture, mixOpinions } from '../models/ensemble/mixing.ts';
import { opinionsIn, takeOpinions, widthFor } from '../models/ensemble/opinion.ts';
import type { Mixture, Opinions } from '../models/ensemble/weights.ts';
import type { Sample } from '../models/estimator.ts';
import { lossFor } from '../models/held-out-loss.ts';
import { customerFolds, foldRows, unitWeights } from '../models/sample.ts';
import type { RankedTrial } from './choose.ts';
import type { Samples } from './samples.ts';
import { calibrationSample, type Trial, type TrialRun } from './trials.ts';

/** Members of the mean: more would let the weak ones in. */
const MEAN_MEMBERS = 3;
const FOLDS = 5;

/** Ids that stand for a blend of whatever else is tried. */
export const BLENDS: readonly EnsembleKind[] = ['mean', 'stack', 'greedy'];

/**
 * Blends of fitted trials; nothing is fitted again but the weights.
 *
 * Weights are learned from what members said, unseen, about the calibration examples; what a blend says about them itself
 * is cross-fitted by customer, so that it is compared as fairly as its members.
 *
 * @param ranked best first; models and baselines
 * @returns only blends of `wanted`, in that order; none with fewer than two models
 */
export async function blendTrials(
  ranked: readonly RankedTrial[],
  samples: Samples,
  { run, wanted }: { run: TrialRun; wanted: readonly EnsembleKind[] },
): Promise<readonly Trial[]> {
  const models = ranked.filter(({ estimator }) => estimator.role === 'model');
  if (models.length < 2) return [];
  const baselines = ranked.filter(({ estimator }) => estimator.role === 'baseline');
  const sample = calibrationSample(samples);
  const blends: Trial[] = [];
  for (const kind of wanted) {
    const members = kind === 'mean' ? models.slice(0, MEAN_MEMBERS) : [...models, ...baselines];
    blends.push(await blend(kind, members, { sample, run }));
  }
  return blends;
}

async function blend(
  kind: EnsembleKind,
  members: readonly RankedTrial[],
  { sample, run }: { sample: Sample; run: TrialRun },
): Promise<Trial> {
  const startedMs = run.now();
  const { question } = sample;
  const said: Opinions = {
    members: members.map(({ onCalibration }) => opinionsIn(onCalibration, question)),
    target: sample.target,
    weight: unitWeights(sample),
  };
  const options = { question, loss: lossFor(sample), seed: run.seed, signal: run.signal };
  const mixture = kind === 'mean' ? alike(members.length) : await learnMixture(kind, said, options);
  const learn = (rows: readonly number[]): Promise<Mixture> =>
    learnMixture(kind, takeOpinions(said, rows, question), options);
  const onCalibration =
    kind === 'mean'
      ? mixOpinions(mixture, said.members, question)
      : await mixAcrossFolds(said, { sample, learn, seed: run.seed });
  const models = members.map(({ model }) => model);
  const banded = question.kind === 'amount' ? heaviestBanded(models, mixture.weights) : undefined;
  const band = banded === undefined ? undefined : members[banded].bandOnCalibration;
  const seconds = (run.now() - startedMs) / 1000;
  const sum = (part: 'fitSeconds' | 'totalSeconds' | 'predictMs', of = members) =>
    of.reduce((total, member) => total + member[part], 0);
  return {
    estimator: estimatorById(kind),
    model: ensembleModel(kind, { question, members: models, ...mixture }),
    onCalibration,
    ...(band && { bandOnCalibration: band }),
    blend: { members, mixture },
    fitSeconds: sum('fitSeconds') + seconds,
    totalSeconds: sum('totalSeconds') + seconds,
    predictMs: sum(
      'predictMs',
      members.filter((_, k) => mixture.weights[k] > 0),
    ),
  };
}

interface CrossMix {
  readonly sample: Sample;
  readonly learn: (rows: readonly number[]) => Promise<Mixture>;
  readonly seed: number;
}

/** Each customer's answer mixed by weights the others taught. */
async function mixAcrossFolds(said: Opinions, { sample, learn, seed }: CrossMix): Promise<Float64Array> {
  const { question, entities } = sample;
  const width = widthFor(question);
  const folds = customerFolds(entities, FOLDS, seed);
  const mixed = new Float64Array(entities.length * width);
  for (let fold = 0; fold < FOLDS; fold++) {
    const { inside, outside } = foldRows(folds, fold);
    if (inside.length === 0 || outside.length === 0) continue;
    const own = takeOpinions(said, inside, question);
    const values = mixOpinions(await learn(outside), own.members, question);
    inside.forEach((row, i) => {
      mixed.set(values.subarray(i * width, (i + 1) * width), row * width);
    });
  }
  return mixed;
}
