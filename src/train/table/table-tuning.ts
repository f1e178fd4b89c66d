// A second look at the best models of a table: settings searched, then fitted over folds and averaged.
import { BAG, bagged } from '../../models/catalogue.ts';
import type { Folds } from '../../models/cross-fit.ts';
import type { Estimator, Sample } from '../../models/estimator.ts';
import type { HeldOutLoss } from '../../models/held-out-loss.ts';
import { sortSample, takeSample } from '../../models/sample.ts';
import type { SearchTrial } from '../../models/search/search.ts';
import { toldByFold, toldLater } from '../../models/search/searched.ts';
import { type Refusal, refusalOf } from '../attempts.ts';
import { tooLong } from '../expected-time.ts';
import type { Preset } from '../preset.ts';
import { searchableOf, searchBest } from '../search-best.ts';
import type { Fold } from './folds.ts';
import { type HeldOutRun, widthOf } from './held-out.ts';
import type { RawTrial, TableTrial } from './table-trial.ts';

export interface TuneTableOptions {
  readonly preset: Preset;
  readonly folds: readonly Fold[];
  readonly byTime: boolean;
  /** What a search lowers; the question's own when absent. */
  readonly loss?: HeldOutLoss;
  readonly run: HeldOutRun;
  readonly deadlineMs?: number;
  /** Tries an estimator over the folds. */
  readonly attempt: (estimator: Estimator) => Promise<RawTrial>;
}

/** New settings may make a fit slower than the default's was. */
const SLOWER = 2;

/**
 * New trials beside those there are: of a search only where it found better settings, of a bag where rows are parted at
 * random (a bag over folds would learn from later rows). No fold is predicted with settings its own rows had a say in.
 *
 * @param ranked best first
 */
export async function tuneTableTrials(
  ranked: readonly TableTrial[],
  sample: Sample,
  { preset, folds, byTime, loss, run, deadlineMs, attempt }: TuneTableOptions,
): Promise<{ trials: readonly RawTrial[]; refused: readonly Refusal[] }> {
  const timed = { ...run, ...(deadlineMs !== undefined && { deadlineMs }) };
  const { train, within, told } = byTime ? searchInTime(sample, folds) : searchOverFolds(sample, folds);
  const found = await searchBest(ranked, train, {
    preset,
    run: timed,
    within: { ...within, ...(loss && { loss }) },
  });
  const refused = [...found.refused];
  const trials: RawTrial[] = [];
  for (const { trial, result } of found.searched) {
    const { estimator } = trial;
    if (Object.keys(result.settings).length === 0) continue;
    const late = tooLong(SLOWER * 1000 * trial.totalSeconds, timed);
    if (late) {
      const reason = `a fit with the settings found: ${late}`;
      refused.push({ id: `search of ${estimator.id}`, label: estimator.label, reason });
    } else trials.push({ ...(await attempt(told(estimator, result.trials))), settings: result.settings });
  }
  if (byTime) return { trials, refused };
  for (const { estimator, fitSeconds } of searchableOf(ranked).slice(0, preset.bagged)) {
    const inside = trials.find((trial) => trial.estimator.id === estimator.id);
    const bag = bagged(inside?.estimator ?? estimator);
    const late = tooLong((inside?.fitSeconds ?? fitSeconds) * BAG.bags * 1000, timed);
    try {
      if (late) refused.push({ id: bag.id, label: bag.label, reason: late });
      else trials.push({ ...(await bagOverFolds(bag, sample, folds, run)), ...settingsOf(inside) });
    } catch (error) {
      refused.push(refusalOf(bag, error));
    }
  }
  return { trials, refused };
}

const settingsOf = (trial: RawTrial | undefined): Pick<RawTrial, 'settings'> =>
  trial?.settings ? { settings: trial.settings } : {};

/** The bag is the model, and its own fits say what its rows are judged by. */
async function bagOverFolds(
  bag: ReturnType<typeof bagged>,
  sample: Sample,
  folds: readonly Fold[],
  run: HeldOutRun,
): Promise<RawTrial> {
  const startedMs = run.now();
  const { model, unseen, unseenBand } = await bag.fitOverFolds(sample, asAssignment(folds, sample), run);
  const fittedMs = run.now();
  await model.predict(sample.frame);
  const seconds = (fittedMs - startedMs) / 1000;
  return {
    estimator: bag,
    predicted: unseen.slice(0, sample.target.length * widthOf(sample.question)),
    ...(unseenBand && { band: unseenBand }),
    fitSeconds: seconds,
    totalSeconds: seconds,
    predictMs: ((run.now() - fittedMs) * 1000) / Math.max(1, sample.target.length),
    fit: async () => model,
  };
}

interface SearchPlace {
  readonly train: Sample;
  readonly within: { readonly groups?: Folds; readonly valid?: Sample };
  readonly told: (estimator: Estimator, trials: readonly SearchTrial[]) => Estimator;
}

function searchOverFolds(sample: Sample, folds: readonly Fold[]): SearchPlace {
  const { of, count } = asAssignment(folds, sample);
  const ofEntity = new Map(sample.entities.map((entity, row) => [entity, of[row]]));
  const train = sortSample(sample);
  const groups = { of: train.entities.map((entity) => ofEntity.get(entity) as number), count };
  return { train, within: { groups }, told: toldByFold };
}

/** Judged on the last period but one, so that the last can say what the settings found there are worth. */
function searchInTime(sample: Sample, folds: readonly Fold[]): SearchPlace {
  const at = Math.max(0, folds.length - 2);
  const valid = sortSample(takeSample(sample, folds[at].test));
  return {
    train: sortSample(takeSample(sample, folds[at].train)),
    within: { valid },
    told: (estimator, trials) => toldLater(estimator, trials, at),
  };
}

/** The fold of every row. */
function asAssignment(folds: readonly Fold[], { target }: Sample): { of: Uint8Array; count: number } {
  const of = new Uint8Array(target.length);
  folds.forEach(({ test }, at) => {
    for (const row of test) of[row] = at;
  });
  return { of, count: folds.length };
}
