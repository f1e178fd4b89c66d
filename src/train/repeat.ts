// What a saved version tried, read back from its manifest so that a run can be repeated.
import { join } from 'node:path';
import { isRecord } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import type { Workspace } from '../data/workspace.ts';
import { showVersion } from '../registry/versions.ts';
import { PRESET_NAMES } from './preset.ts';
import type { Recorded } from './tournament.ts';

/**
 * @param reference as `showVersion` takes it: `v3`, `latest`, …
 * @throws AppError NOT_FOUND, BAD_FILE for a version that did not record what it tried
 */
export function readTried(workspace: Workspace, version: { task: string; reference: string }): Recorded {
  const { task, reference } = version;
  const { settings } = showVersion(join(workspace.dir, 'models'), task, reference);
  const { trials, searches = {}, preset: named, again, trunk } = isRecord(settings) ? settings : {};
  const preset = PRESET_NAMES.find((each) => each === named);
  if (Array.isArray(trials) && trials.every((id) => typeof id === 'string') && isRecord(searches))
    return {
      trials,
      searches: searches as unknown as Recorded['searches'],
      again: again === true,
      ...(preset && { preset }),
      ...(typeof trunk === 'string' && { trunk }),
    };
  throw new AppError(
    'BAD_FILE',
    `expected version ${reference} of "${task}" to say what it tried; train again`,
  );
}
