// Settings of a recommender as people and searches write them, held to the range they make sense in.
import { AppError } from '../../core/errors.ts';
import type { SearchSpace, Settings } from '../estimator.ts';
import { lies } from '../search/space.ts';
import { changeSettings } from '../settings.ts';

/**
 * The defaults with some of them changed.
 *
 * @param bounds of every setting that has any: wider than what is worth searching
 * @throws AppError USAGE for a setting there is not, of another type, or out of bounds
 */
export function tellSettings<S extends Settings>(
  recommender: string,
  defaults: S,
  bounds: SearchSpace,
  changes: Settings,
): S {
  const told = changeSettings(recommender, defaults, changes);
  for (const [setting, bound] of Object.entries(bounds)) {
    if (lies(bound, told[setting])) continue;
    const range =
      bound.kind === 'choice'
        ? `one of ${bound.options.join(', ')}`
        : `${bound.integer ? 'a whole number' : 'a number'} from ${bound.low} to ${bound.high}`;
    throw new AppError(
      'USAGE',
      `"${recommender}": expected ${range} for setting "${setting}", got ${String(told[setting]).slice(0, 40)}`,
    );
  }
  return told;
}
