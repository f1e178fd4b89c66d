// Putting a version into service and taking it back: both check every file first.
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import { type Disk, nodeDisk } from './disk.ts';
import { loadVersion } from './load.ts';
import { checkTask } from './names.ts';
import { type PromotionStep, type PromotionWatch, readHistory, standing, writeHistory } from './pointer.ts';
import { DEFAULT_ROLLOUT_LIMITS } from './rollout-limits.ts';
import { showVersion, type VersionInfo } from './versions.ts';

/**
 * Makes a version the one that answers. Promoting the promoted one changes nothing.
 *
 * @param reference as for `showVersion`; without one, the latest
 * @param watch how a server watches it; as its settings say when absent
 * @throws AppError as `loadVersion`: a version that is not as it was saved is not promoted
 */
export function promote(
  modelsDir: string,
  { task, reference = 'latest', watch }: { task: string; reference?: string; watch?: PromotionWatch },
  { atMs, disk = nodeDisk }: { atMs: number; disk?: Disk },
): VersionInfo {
  const taskFolder = join(modelsDir, checkTask(task));
  const { version, digest } = loadVersion(modelsDir, task, reference);
  const history = readHistory(taskFolder);
  if (standing(history).at(-1)?.version !== version) {
    const step = { action: 'promote', version, digest, atMs, ...(watch && { watch }) } as const;
    writeHistory(taskFolder, [...history, step], disk);
  }
  return showVersion(modelsDir, task, version);
}

/**
 * Goes back to the version promoted before the present one.
 *
 * @throws AppError NOT_FOUND when there is none before; otherwise as `loadVersion`
 */
export function rollback(
  modelsDir: string,
  task: string,
  { atMs, disk = nodeDisk }: { atMs: number; disk?: Disk },
): VersionInfo {
  const taskFolder = join(modelsDir, checkTask(task));
  const history = readHistory(taskFolder);
  const before = standing(history).at(-2);
  if (!before) {
    throw new AppError(
      'NOT_FOUND',
      `no version of "${task}" was promoted before the present one: promote a version by its id instead`,
    );
  }
  const { version, digest } = loadVersion(modelsDir, task, before.version);
  writeHistory(taskFolder, [...history, { action: 'rollback', version, digest, atMs }], disk);
  return showVersion(modelsDir, task, version);
}

/** For a version that needs no watching: it was tried before, or nobody is to take it back. */
export const UNWATCHED: PromotionWatch = { forMs: 0, limits: DEFAULT_ROLLOUT_LIMITS };

/** Every promotion and rollback of a task, oldest first. */
export function promotionHistory(modelsDir: string, task: string): readonly PromotionStep[] {
  return readHistory(join(modelsDir, checkTask(task)));
}
