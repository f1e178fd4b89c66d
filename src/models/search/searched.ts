// An estimator that looks for its own settings before it fits: tuning that is nested wherever the fit is.
import type { Estimator, Settings } from '../estimator.ts';
import { type SearchOptions, searchSettings } from './search.ts';

/** The estimator as the search found it best. */
export const toldSettings = (estimator: Estimator, settings: Settings): Estimator =>
  Object.keys(settings).length > 0 && estimator.withSettings ? estimator.withSettings(settings) : estimator;

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
