// A second look at the best of what was tried: settings searched, then fitted over folds and averaged.
import { BAG, bagged, estimatorById } from '../models/catalogue.ts';
import { insideOf } from '../models/ensemble/bag.ts';
import type { Estimator } from '../models/estimator.ts';
import { sortSample } from '../models/sample.ts';
import { chosenOf, type SearchTrial } from '../models/search/search.ts';
import { toldByFold } from '../models/search/searched.ts';
import { type Refusal, refusalOf } from './attempts.ts';
import type { RankedTrial } from './choose.ts';
import { tooLong } from './expected-time.ts';
import type { Preset } from './preset.ts';
import type { Samples } from './samples.ts';
import { searchableOf, searchBest } from './search-best.ts';
import { foldsOf, runTrial, type Trial, type TrialRun } from './trials.ts';
/** Trials of each search by the id of the estimator; plain JSON, so that a run can be repeated from its record. */
export type Searches = Readonly<Record<string, readonly SearchTrial[]>>;

export interface Tuned {
  /** As given, those whose settings changed in their old place, bags at the end. */
  readonly trials: readonly Trial[];
  /** What did not happen, and why. */
  readonly refused: readonly Refusal[];
  readonly searches: Searches;
}

export interface TuneOptions {
  readonly samples: Samples;
  readonly preset: Preset;
  readonly run: TrialRun;
  /** Whether the first is better than the second, by what trials are compared by. */
  readonly isBetter: (trial: Trial, than: Trial) => boolean;
}

/** New settings may make a fit slower than the default's was. */
const SLOWER = 2;

/**
 * Searches the settings of the best models that have any, fits those anew where the search found better ones, keeps the
 * better fit, and bags the best. What is said of customers held out comes with settings chosen without their fold. Every step that is not
 * expected to end in time is left out and said so; what was there before stays.
 *
 * @param trials in the order they were tried
 * @param ranked the same, best first
 */
export async function tuneTrials(
  trials: readonly Trial[],
  ranked: readonly RankedTrial[],
  { samples, preset, run, isBetter }: TuneOptions,
): Promise<Tuned> {
  const train = sortSample(samples.train);
  const found = await searchBest(ranked, train, {
    preset,
    run,
    // A later period has no part in the search; held-out customers have.
    within: samples.calibrate ? {} : { groups: foldsOf(train, run) },
  });
  const refused = [...found.refused];
  const searches: Record<string, readonly SearchTrial[]> = {};
  const retold = new Map<string, Trial>();
  for (const { trial, result } of found.searched) {
    const { id, label } = trial.estimator;
    const { settings } = result;
    if (Object.keys(settings).length > 0) {
      const late = tooLong(SLOWER * 1000 * trial.totalSeconds, run);
      if (late) {
        refused.push({ id: `search of ${id}`, label, reason: `a fit with the settings found: ${late}` });
        continue;
      }
      const again = await runTrial(samples, toldByFold(trial.estimator, result.trials), run);
      if (!isBetter(again, trial)) {
        const reason = 'the settings found were no better on the examples models are compared on';
        refused.push({ id: `search of ${id}`, label, reason });
        continue;
      }
      retold.set(id, { ...again, settings });
    }
    searches[id] = result.trials;
  }
  const tuned = trials.map((trial) => retold.get(trial.estimator.id) ?? trial);
  for (const { estimator } of searchableOf(ranked).slice(0, preset.bagged)) {
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
      refused.push(refusalOf(bag, error));
    }
  }
  return { trials: tuned, refused, searches };
}

/** An estimator by its id, told what a recorded search of it, or of what it bags, had found. */
export function repeatedEstimator(id: string, searches: Searches): Estimator {
  const inside = insideOf(id);
  const past = searches[inside ?? id];
  if (!past) return estimatorById(id);
  const told = toldByFold(estimatorById(inside ?? id), past);
  return inside === undefined ? told : bagged(told);
}

/** The settings a recorded search had found, where they are not the defaults. */
export function repeatedSettings(id: string, searches: Searches): Pick<Trial, 'settings'> {
  const settings = chosenOf(searches[insideOf(id) ?? id] ?? []);
  return Object.keys(settings).length > 0 ? { settings } : {};
}
