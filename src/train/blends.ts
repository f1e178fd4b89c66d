// Several trials as one more trial: the mean of the best, and a stack whose weights the calibration examples decide.
import { estimatorById } from '../models/catalogue.ts';
import { ensembleModel } from '../models/ensemble/ensemble-model.ts';
import { type Mixture, mixAmounts, mixProbabilities } from '../models/ensemble/weights.ts';
import type { Sample } from '../models/estimator.ts';
import { clampProbability, logit, sigmoid } from '../models/link.ts';
import { customerFolds, foldRows, unitWeights } from '../models/sample.ts';
import type { RankedTrial } from './choose.ts';
import type { Samples } from './samples.ts';
import { calibrationSample, type Trial, type TrialRun } from './trials.ts';

/** Members of the mean: more would let the weak ones in. */
const MEAN_MEMBERS = 3;
const FOLDS = 5;

/** Ids that stand for a blend of whatever else is tried. */
export const BLENDS = ['mean', 'stack'] as const;

/**
 * Blends of fitted trials; nothing is fitted again but the weights.
 *
 * The stack's weights are learned from what its members said, unseen, about the calibration examples; what it says about
 * them itself is cross-fitted by customer, so that it is compared as fairly as its members.
 *
 * @param ranked best first; models and baselines
 * @returns only blends of `wanted`; none with fewer than two models
 */
export async function blendTrials(
  ranked: readonly RankedTrial[],
  samples: Samples,
  { run, wanted }: { run: TrialRun; wanted: readonly string[] },
): Promise<readonly Trial[]> {
  const models = ranked.filter(({ estimator }) => estimator.role === 'model');
  if (models.length < 2) return [];
  const sample = calibrationSample(samples);
  const blends: Trial[] = [];
  if (wanted.includes('mean')) {
    const members = models.slice(0, MEAN_MEMBERS);
    const even: Mixture = { intercept: 0, weights: members.map(() => 1 / members.length) };
    blends.push(blend('mean', members, even, { sample, said: mix(even, opinions(members, sample), sample) }));
  }
  if (wanted.includes('stack')) {
    const baselines = ranked.filter(({ estimator }) => estimator.role === 'baseline');
    blends.push(await stackOf([...models, ...baselines], sample, run));
  }
  return blends;
}

async function stackOf(members: readonly RankedTrial[], sample: Sample, run: TrialRun): Promise<Trial> {
  const said = opinions(members, sample);
  const weight = unitWeights(sample);
  const learn = async (rows: readonly number[]): Promise<Mixture> => {
    const part = {
      members: said.map((values) => Float64Array.from(rows, (row) => values[row])),
      target: Float64Array.from(rows, (row) => sample.target[row]),
      weight: Float64Array.from(rows, (row) => weight[row]),
    };
    const mixture = await (sample.question.kind === 'binary' ? mixProbabilities : mixAmounts)(
      part,
      run.signal,
    );
    const heard = mixture.weights.some((value) => value > 0);
    return heard ? mixture : { intercept: 0, weights: members.map(() => 1 / members.length) };
  };
  const folds = customerFolds(sample.entities, FOLDS, run.seed);
  const predicted = new Float64Array(sample.target.length);
  for (let fold = 0; fold < FOLDS; fold++) {
    const { inside, outside } = foldRows(folds, fold);
    if (inside.length === 0 || outside.length === 0) continue;
    const values = mix(await learn(outside), said, sample);
    for (const row of inside) predicted[row] = values[row];
  }
  return blend('stack', members, await learn(Array.from(sample.target.keys())), { sample, said: predicted });
}

function blend(
  id: 'mean' | 'stack',
  members: readonly RankedTrial[],
  mixture: Mixture,
  { sample, said }: { sample: Sample; said: Float64Array },
): Trial {
  return {
    estimator: estimatorById(id),
    model: ensembleModel(id, {
      question: sample.question,
      members: members.map(({ model }) => model),
      ...mixture,
    }),
    onCalibration: said,
    fitSeconds: members.reduce((sum, { fitSeconds }) => sum + fitSeconds, 0),
    predictMs: members.reduce((sum, { predictMs }) => sum + predictMs, 0),
  };
}

/** What members say on the scale an ensemble adds up: margins of probabilities, amounts as they are. */
const opinions = (members: readonly RankedTrial[], { question }: Sample): Float64Array[] =>
  members.map(({ onCalibration }) =>
    question.kind === 'binary' ? onCalibration.map((p) => logit(clampProbability(p, 1e-6))) : onCalibration,
  );

function mix(
  { intercept, weights }: Mixture,
  said: readonly Float64Array[],
  { question }: Sample,
): Float64Array {
  const sum = new Float64Array(said[0].length).fill(intercept);
  said.forEach((values, member) => {
    for (let i = 0; i < sum.length; i++) sum[i] += weights[member] * values[i];
  });
  return question.kind === 'binary' ? sum.map(sigmoid) : sum;
}
