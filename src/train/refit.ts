// Trials' models once more, learned from other examples: what they would have been at another moment.
import { invariant } from '../core/errors.ts';
import { ensembleModel } from '../models/ensemble/ensemble-model.ts';
import type { Model, Sample } from '../models/estimator.ts';
import { type FitJob, fitCrew } from './crew/fit-crew.ts';
import { fitRunOf, type Trial, type TrialRun } from './trials.ts';

type Learner = Pick<Trial, 'estimator' | 'model' | 'blend' | 'fitSeconds'>;

export interface Refit {
  readonly trial: Learner;
  readonly sample: Sample;
}

/**
 * Fits each trial's estimator anew; of a blend every member, mixed by the weights it has.
 *
 * @returns models in the order asked for
 * @throws AppError INTERRUPTED
 */
export async function refitAll(
  refits: readonly Refit[],
  run: TrialRun,
  onFit?: (done: number, of: number) => void,
): Promise<readonly Model[]> {
  const jobs = refits.flatMap(({ trial, sample }) => jobsOf(trial, sample));
  const crew = run.crew ?? fitCrew(1);
  let done = 0;
  const models = await crew.fitAll(jobs, fitRunOf(run), () => onFit?.(++done, jobs.length));
  const next = models.values();
  return refits.map(({ trial }) => assemble(trial, next));
}

/** A trial's fits, a blend's one member after the other. */
function jobsOf(trial: Learner, sample: Sample): readonly FitJob[] {
  const { estimator, fitSeconds, blend } = trial;
  if (!blend) return [{ estimator, sample, seconds: fitSeconds }];
  return heard(blend).flatMap(({ member }) => jobsOf(member, sample));
}

/** Takes as many models as `jobsOf` asked for. */
function assemble({ estimator, model, blend }: Learner, models: Iterator<Model>): Model {
  if (!blend) {
    const next = models.next();
    invariant(!next.done, 'every fit asked for has its model');
    return next.value;
  }
  const members = heard(blend);
  return ensembleModel(estimator.id, {
    question: model.question,
    members: members.map(({ member }) => assemble(member, models)),
    weights: members.map(({ weight }) => weight),
    intercept: blend.mixture.intercept,
  });
}

const heard = ({ members, mixture }: NonNullable<Trial['blend']>) =>
  members.flatMap((member, k) => (mixture.weights[k] > 0 ? [{ member, weight: mixture.weights[k] }] : []));
