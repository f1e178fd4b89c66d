// The chosen model learned once more, from everything known at the moment of the test: the newest months say most.
import { joinSamples } from '../models/join-samples.ts';
import type { RankedTrial } from './choose.ts';
import { tooLong } from './expected-time.ts';
import { refitAll } from './refit.ts';
import type { Samples } from './samples.ts';
import type { TrialRun } from './trials.ts';

export interface LearnedAgain {
  readonly trial: RankedTrial;
  /** Whether its model saw the calibration examples, too. */
  readonly again: boolean;
}

/** More examples, and one fit seldom takes exactly as long as the one before. */
const SLOWER = 1.5;

/**
 * A trial whose model has learned from the calibration period as well. What corrects its answers was learned while it had
 * not seen that period, and stays: it tells how such a model misses a month it does not know.
 *
 * As it was where customers of the training moments calibrate, which all its examples are learned from already, and where
 * the time limit does not allow for another fit.
 *
 * @param repeated what an earlier run did, in place of the clock
 * @throws AppError INTERRUPTED
 */
export async function learnAgain(
  trial: RankedTrial,
  { train, calibrate }: Samples,
  { run, repeated }: { readonly run: TrialRun; readonly repeated?: boolean },
): Promise<LearnedAgain> {
  if (!calibrate || trial.estimator.role === 'baseline') return { trial, again: false };
  const late = repeated === undefined ? tooLong(SLOWER * 1000 * trial.fitSeconds, run) : undefined;
  if (late || repeated === false) {
    if (late) run.progress.note(`not learned again from the calibration period: ${late}`);
    return { trial, again: false };
  }
  const task = `learn ${trial.estimator.id} again`;
  run.progress.step({ task, done: 0 });
  const [model] = await refitAll([{ trial, sample: joinSamples(train, calibrate) }], run, (done, total) =>
    run.progress.step({ task, done, total, unit: 'fits' }),
  );
  return { trial: { ...trial, model }, again: true };
}
