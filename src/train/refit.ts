// A trial's model once more, learned from other examples: what it would have been at an earlier moment.
import { fitModel } from '../models/catalogue.ts';
import { ensembleModel } from '../models/ensemble/ensemble-model.ts';
import type { FitRun, Model, Sample } from '../models/estimator.ts';
import type { Trial } from './trials.ts';

/** Fits the trial's estimator anew; of a blend every member, mixed by the weights it has. */
export async function refitTrial(
  { estimator, model, blend }: Pick<Trial, 'estimator' | 'model' | 'blend'>,
  sample: Sample,
  run: FitRun,
): Promise<Model> {
  if (!blend) return fitModel(estimator, sample, undefined, run);
  const { mixture } = blend;
  const heard = blend.members.flatMap((member, k) =>
    mixture.weights[k] > 0 ? [{ member, weight: mixture.weights[k] }] : [],
  );
  const members: Model[] = [];
  for (const { member } of heard) members.push(await refitTrial(member, sample, run));
  return ensembleModel(estimator.id, {
    question: model.question,
    members,
    weights: heard.map(({ weight }) => weight),
    intercept: mixture.intercept,
  });
}
