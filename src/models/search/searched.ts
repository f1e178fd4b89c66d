// An estimator that looks for its own settings before it fits: tuning that is nested wherever the fit is.
import type { ChosenByFold } from '../cross-fit.ts';
import type { Estimator, Settings } from '../estimator.ts';
import { chosenOf, type SearchOptions, type SearchTrial, searchSettings } from './search.ts';

/** The estimator as the search found it best. */
export const toldSettings = (estimator: Estimator, settings: Settings): Estimator =>
  Object.keys(settings).length > 0 && estimator.withSettings ? estimator.withSettings(settings) : estimator;

/**
 * The estimator as a search over groups found it best; scored over those groups as folds, each fold is predicted with
 * settings its own losses had no say in.
 */
export function toldByFold(estimator: Estimator, trials: readonly SearchTrial[]): Estimator | ChosenByFold {
  const told = toldSettings(estimator, chosenOf(trials));
  const grouped = trials.some(({ rungs }) => rungs.some(({ without }) => without));
  if (told === estimator || !grouped) return told;
  return { ...told, inFold: (fold) => toldSettings(estimator, chosenOf(trials, fold)) };
}

/** The same for folds that follow one another in time: up to the one the search was judged on, nothing was found yet. */
export function toldLater(
  estimator: Estimator,
  trials: readonly SearchTrial[],
  judgedOn: number,
): Estimator | ChosenByFold {
  const told = toldSettings(estimator, chosenOf(trials));
  return told === estimator ? told : { ...told, inFold: (fold) => (fold > judgedOn ? told : estimator) };
}

/**
 * The same estimator, id and all, whose every fit first searches within the examples it was given. What it saves is the
 * inner estimator's.
 */
export function searched(
  estimator: Estimator,
  options: Pick<SearchOptions, 'trials' | 'loss' | 'folds' | 'deadlineMs' | 'now'>,
): Estimator {
  return {
    ...estimator,
    async fit(train, valid, run) {
      const { settings } = await searchSettings(estimator, train, options, run);
      return toldSettings(estimator, settings).fit(train, valid, run);
    },
  };
}
