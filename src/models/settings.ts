// Settings of an estimator: what it is told in place of its defaults, each by its name and of its kind.
import { AppError } from '../core/errors.ts';
import type { Settings } from './estimator.ts';

/**
 * The defaults with some of them changed.
 *
 * @throws AppError USAGE for a setting the estimator does not have, or a value of another type
 */
export function changeSettings<S extends Settings>(estimator: string, defaults: S, changes: Settings): S {
  for (const [name, value] of Object.entries(changes)) {
    const known = Object.hasOwn(defaults, name);
    if (known && typeof value === typeof defaults[name]) continue;
    throw new AppError(
      'USAGE',
      known
        ? `"${estimator}": expected a ${typeof defaults[name]} for setting "${name}", got a ${typeof value}`
        : `"${estimator}" has no setting "${name.slice(0, 40)}"; it has ${Object.keys(defaults).join(', ')}`,
    );
  }
  return { ...defaults, ...changes };
}
