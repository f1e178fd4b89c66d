// The next-item model of a shop: `sequence fit` on its workspace, kept with the shop's other models and put into service.
import { join } from 'node:path';
import { readSnapshot } from '../../data/lake/snapshot.ts';
import { withLock } from '../../data/lock.ts';
import { type Workspace, workspacePaths } from '../../data/workspace.ts';
import { promote } from '../../registry/promotion.ts';
import { SEQUENCE_FOLDER } from '../../registry/sequence-bundle.ts';
import { markErasures } from '../../registry/versions.ts';
import { type RunSequenceOptions, runSequence, type SequenceRun } from './run-sequence.ts';

/** The task's name: what `train` and `predict` are told. */
export const NEXT_ITEM = SEQUENCE_FOLDER;

export interface TrainNextItemOptions
  extends Omit<RunSequenceOptions, 'path' | 'format' | 'out' | 'reportFolder'> {
  /** Puts the new version into service; the one before stays a `rollback` away. */
  readonly promote: boolean;
}

/**
 * Holds the task's lock; imports and predictions run beside it.
 *
 * @throws AppError as `runSequence`; BUSY
 */
export async function trainNextItem(
  workspace: Workspace,
  options: TrainNextItemOptions,
): Promise<SequenceRun> {
  const { signal, progress, now } = options;
  const lock = { signal, onWait: (holder: string) => progress.note(`waiting for ${holder}`) };
  const path = workspacePaths.taskLock(workspace, NEXT_ITEM);
  const models = workspacePaths.models(workspace);
  return withLock(path, `training of ${NEXT_ITEM}`, lock, async () => {
    const { erasures } = readSnapshot(workspace);
    const run = await runSequence({
      ...options,
      ...{ path: workspace.dir, format: 'workspace', out: models },
      reportFolder: (version) => join(workspace.dir, 'reports', NEXT_ITEM, version),
    });
    const { version } = run.version;
    if (readSnapshot(workspace).erasures !== erasures && !run.version.erasures)
      markErasures(models, { task: NEXT_ITEM, version }, { users: 1, atMs: now() });
    if (!options.promote) return run;
    return { ...run, version: promote(models, { task: NEXT_ITEM, reference: version }, { atMs: now() }) };
  });
}
