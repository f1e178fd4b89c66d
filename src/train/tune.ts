// A second look at the best of what was tried: settings searched, then fitted over folds and averaged.
import { AppError } from '../core/errors.ts';
import { BAG, bagged, estimatorById } from '../models/catalogue.ts';
import { insideOf } from '../models/ensemble/bag.ts';
import type { Estimator } from '../models/estimator.ts';
import { sortSample } from '../models/sample.ts';
import { chosenOf, type SearchTrial, searchSettings } from '../models/search/search.ts';
import { toldSettings } from '../models/search/searched.ts';
import type { RankedTrial } from './choose.ts';
import type { Preset } from './preset.ts';
import type { Samples } from './samples.ts';
import { type Refusal, runTrial, type Trial, type TrialRun, tooLong } from './trials.ts';

/** Trials of each search by the id of the estimator; plain JSON, so that a run can be repeated from its record. */
export type Searches = Readonly<Record<string, readonly SearchTrial[]>>;

export interface Tuned {
  /** As given, those whose settings changed in their old place, bags at the end. */
  readonly trials: readonly Trial[];
  /** What did not happen, and why. */
  readonly refused: readonly Refusal[];
  readonly searches: Searches;
}

/** New settings may make a fit slower than the default's was. */
const SLOWER = 2;

/**
 * Searches the settings of the best models that have any, fits those anew where the search found better ones, and bags
 * the best. Every step that is not expected to end in time is left out and said so; what was there before stays.
 *
 * @param trials in the order they were tried
 * @param ranked the same, best first
 */
export async function tuneTrials(
  trials: readonly Trial[],
  ranked: readonly RankedTrial[],
  { samples, preset, run }: { samples: Samples; preset: Preset; run: TrialRun },
): Promise<Tuned> {
  const searchable = ranked.filter(({ estimator }) => estimator.space && !insideOf(estimator.id));
  const chosen = searchable.slice(0, preset.searched);
  const refused: Refusal[] = [];
  const searches: Record<string, readonly SearchTrial[]> = {};
  const retold = new Map<string, Trial>();
  const leftMs = run.deadlineMs === undefined ? undefined : Math.max(0, run.deadlineMs - run.now());
  const untilMs = leftMs === undefined ? undefined : run.now() + leftMs * preset.searchShare;
  for (const [at, trial] of chosen.entries()) {
    const { estimator } = trial;
    const refuse = (reason: string) =>
      refused.push({ id: `search of ${estimator.id}`, label: estimator.label, reason });
    const shareMs =
      untilMs === undefined ? undefined : run.now() + Math.max(0, untilMs - run.now()) / (chosen.length - at);
    const search = await searchSettings(
      estimator,
      sortSample(samples.train),
      {
        trials: preset.searchTrials,
        ...(shareMs !== undefined && { deadlineMs: shareMs, now: run.now }),
      },
      run,
    );
    const { settings } = search;
    if (search.ended === 'time')
      refuse(`the time limit ended it after ${search.trials.length} of ${preset.searchTrials} trials`);
    if (Object.keys(settings).length > 0) {
      const late = tooLong(SLOWER * 1000 * trial.totalSeconds, run);
      if (late) {
        refuse(`a fit with the settings found: ${late}`);
        continue;
      }
      const again = await runTrial(samples, toldSettings(estimator, settings), run);
      retold.set(estimator.id, { ...again, settings });
    }
    searches[estimator.id] = search.trials;
  }
  const tuned = trials.map((trial) => retold.get(trial.estimator.id) ?? trial);
  for (const { estimator } of searchable.slice(0, preset.bagged)) {
    const inside = tuned.find((trial) => trial.estimator.id === estimator.id) as Trial;
    const bag = bagged(inside.estimator);
    const late = tooLong(inside.fitSeconds * BAG.bags * 1000, run);
    if (late) {
      refused.push({ id: bag.id, label: bag.label, reason: late });
      continue;
    }
    try {
      const trial = await runTrial(samples, bag, run);
      tuned.push({ ...trial, ...(inside.settings && { settings: inside.settings }) });
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'INTERRUPTED') throw error;
      refused.push({ id: bag.id, label: bag.label, reason: error.message });
    }
  }
  return { trials: tuned, refused, searches };
}

/** An estimator by its id, told what a recorded search of it, or of what it bags, had found. */
export function repeatedEstimator(id: string, searches: Searches): Estimator {
  const estimator = estimatorById(id);
  const past = searches[insideOf(id) ?? id];
  return past ? toldSettings(estimator, chosenOf(past)) : estimator;
}

/** The settings a recorded search had found, where they are not the defaults. */
export function repeatedSettings(id: string, searches: Searches): Pick<Trial, 'settings'> {
  const settings = chosenOf(searches[insideOf(id) ?? id] ?? []);
  return Object.keys(settings).length > 0 ? { settings } : {};
}
