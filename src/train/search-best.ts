// Settings of the best models looked for, each search within its share of the time.
import { insideOf } from '../models/ensemble/bag.ts';
import type { Estimator, FitRun, Sample } from '../models/estimator.ts';
import { rungsFor } from '../models/search/halving.ts';
import { type SearchOptions, type SearchResult, searchSettings } from '../models/search/search.ts';
import type { Refusal } from './attempts.ts';
import { type Deadline, tooLong } from './expected-time.ts';
import type { Preset } from './preset.ts';

export interface Searched<T> {
  readonly trial: T;
  readonly result: SearchResult;
}

export interface SearchBestOptions {
  readonly preset: Preset;
  readonly run: FitRun & Deadline;
  /** Where a search looks: folds it leaves out by turns, or a later period; and what it lowers there. */
  readonly within: Pick<SearchOptions, 'groups' | 'valid' | 'loss'>;
}

/** What a search needs to know of a trial of the defaults. */
interface Tried {
  readonly estimator: Estimator;
  /** Of one fit. */
  readonly fitSeconds: number;
}

/** The default and one more: fewer find nothing. */
const LEAST_TRIALS = 2;
/** Folds of a search on few rows; it takes fewer on many. */
const MOST_FOLDS = 4;

/** Settings seldom lift a model over a better one. */
const PART_OF_OTHERS = 0.25;

const foldsMs = ({ fitSeconds }: Tried): number => MOST_FOLDS * 1000 * fitSeconds;

/** `gbdt` of `gbdt:fine`: kinds that differ in where a search of the same settings begins. */
const familyOf = (id: string): string => id.split(':')[0];

/** Those with settings of their own to search, in the order given; of several kinds of one estimator the first. */
export function searchableOf<T extends { readonly estimator: Estimator }>(
  ranked: readonly T[],
): readonly T[] {
  const seen = new Set<string>();
  return ranked.filter(({ estimator: { id, space, seconds } }) => {
    // What costs more than all others is fitted once: forty times would take hours.
    if (!space || seconds || insideOf(id) || seen.has(familyOf(id))) return false;
    seen.add(familyOf(id));
    return true;
  });
}

/**
 * Searches the best so many of the preset. The best comes last: each of the others may use a quarter of the time left by
 * then, and what it does not use is spent on the better ones.
 *
 * @param ranked best first
 * @param train  sorted
 * @returns best first
 */
export async function searchBest<T extends Tried>(
  ranked: readonly T[],
  train: Sample,
  { preset, run, within }: SearchBestOptions,
): Promise<{ searched: readonly Searched<T>[]; refused: readonly Refusal[] }> {
  const { now, deadlineMs, ...fitRun } = run;
  const chosen = searchableOf(ranked).slice(0, preset.searched).reverse();
  const untilMs =
    deadlineMs === undefined ? undefined : now() + Math.max(0, deadlineMs - now()) * preset.searchShare;
  const searched: Searched<T>[] = [];
  const refused: Refusal[] = [];
  for (const [at, trial] of chosen.entries()) {
    const { id, label } = trial.estimator;
    const share =
      untilMs === undefined
        ? {}
        : {
            deadlineMs: now() + Math.max(0, untilMs - now()) * (at < chosen.length - 1 ? PART_OF_OTHERS : 1),
            now,
          };
    const trials = preset.searchTrials;
    const late = tooLong(LEAST_TRIALS * foldsMs(trial) * rungsFor(train.frame.rows)[0], { now, ...share });
    if (late) {
      refused.push({ id: `search of ${id}`, label, reason: late });
      continue;
    }
    const result = await searchSettings(trial.estimator, train, { trials, ...within, ...share }, fitRun);
    searched.push({ trial, result });
    if (result.ended === 'time') {
      const reason = `the time limit ended it after ${result.trials.length} of ${trials} trials`;
      refused.push({ id: `search of ${id}`, label, reason });
    }
  }
  return { searched: searched.reverse(), refused };
}
