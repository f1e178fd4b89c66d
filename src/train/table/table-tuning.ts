// A second look at the best models of a table: settings searched, then fitted over folds and averaged.
import { AppError } from '../../core/errors.ts';
import { bagged } from '../../models/catalogue.ts';
import { insideOf } from '../../models/ensemble/bag.ts';
import type { Estimator, Sample } from '../../models/estimator.ts';
import { sortSample, takeSample } from '../../models/sample.ts';
import { searchSettings } from '../../models/search/search.ts';
import { toldSettings } from '../../models/search/searched.ts';
import type { Preset } from '../preset.ts';
import type { Refusal } from '../trials.ts';
import type { Fold } from './folds.ts';
import { type HeldOutRun, widthOf } from './held-out.ts';
import type { RawTrial, TableTrial } from './table-trial.ts';

export interface TuneTableOptions {
  readonly preset: Preset;
  readonly folds: readonly Fold[];
  readonly byTime: boolean;
  readonly run: HeldOutRun;
  readonly deadlineMs?: number;
  /** Tries an estimator over the folds. */
  readonly attempt: (estimator: Estimator) => Promise<RawTrial>;
}

/**
 * New trials beside those there are: of a search only where it found better settings, of a bag where rows are parted at
 * random (a bag over folds would learn from later rows).
 *
 * @param ranked best first
 */
export async function tuneTableTrials(
  ranked: readonly TableTrial[],
  sample: Sample,
  { preset, folds, byTime, run, deadlineMs, attempt }: TuneTableOptions,
): Promise<{ trials: readonly RawTrial[]; refused: readonly Refusal[] }> {
  const searchable = ranked.filter(({ estimator }) => estimator.space && !insideOf(estimator.id));
  const chosen = searchable.slice(0, preset.searched);
  const trials: RawTrial[] = [];
  const refused: Refusal[] = [];
  const untilMs =
    deadlineMs === undefined
      ? undefined
      : run.now() + Math.max(0, deadlineMs - run.now()) * preset.searchShare;
  for (const [at, { estimator }] of chosen.entries()) {
    const shareMs =
      untilMs === undefined ? undefined : run.now() + Math.max(0, untilMs - run.now()) / (chosen.length - at);
    const last = folds[folds.length - 1];
    const search = await searchSettings(
      estimator,
      sortSample(byTime ? takeSample(sample, last.train) : sample),
      {
        trials: preset.searchTrials,
        ...(byTime ? { valid: sortSample(takeSample(sample, last.test)) } : {}),
        ...(shareMs === undefined ? {} : { deadlineMs: shareMs, now: run.now }),
      },
      run,
    );
    const refuse = (reason: string) =>
      refused.push({ id: `search of ${estimator.id}`, label: estimator.label, reason });
    if (search.ended === 'time')
      refuse(`the time limit ended it after ${search.trials.length} of ${preset.searchTrials} trials`);
    if (Object.keys(search.settings).length === 0) continue;
    if (deadlineMs !== undefined && run.now() >= deadlineMs)
      refuse('no time was left to fit with the settings found');
    else
      trials.push({
        ...(await attempt(toldSettings(estimator, search.settings))),
        settings: search.settings,
      });
  }
  if (byTime) return { trials, refused };
  for (const { estimator } of searchable.slice(0, preset.bagged)) {
    const inside = trials.find((trial) => trial.estimator.id === estimator.id);
    const bag = bagged(inside?.estimator ?? estimator);
    const refuse = (reason: string) => refused.push({ id: bag.id, label: bag.label, reason });
    if (deadlineMs !== undefined && run.now() >= deadlineMs) {
      refuse('the time limit was reached before its turn');
      continue;
    }
    try {
      const startedMs = run.now();
      const { model, unseen } = await bag.fitOverFolds(sample, asAssignment(folds, sample), run);
      const fittedMs = run.now();
      await model.predict(sample.frame);
      const seconds = (fittedMs - startedMs) / 1000;
      trials.push({
        estimator: bag,
        predicted: unseen.slice(0, sample.target.length * widthOf(sample.question)),
        fitSeconds: seconds,
        totalSeconds: seconds,
        predictMs: ((run.now() - fittedMs) * 1000) / Math.max(1, sample.target.length),
        ...(inside?.settings ? { settings: inside.settings } : {}),
        fit: async () => model,
      });
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'INTERRUPTED') throw error;
      refuse(error.message);
    }
  }
  return { trials, refused };
}

/** The fold of every row. */
function asAssignment(folds: readonly Fold[], { target }: Sample): { of: Uint8Array; count: number } {
  const of = new Uint8Array(target.length);
  folds.forEach(({ test }, at) => {
    for (const row of test) of[row] = at;
  });
  return { of, count: folds.length };
}
