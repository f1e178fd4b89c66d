// A pretrained trunk among the saved versions of a workspace, and who may be taught on it.
import { join } from 'node:path';
import { isRecord, type Json } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import { formatLocalMoment, UTC, type ZoneOffsets } from '../core/time.ts';
import type { SplitPlan } from '../data/splits.ts';
import { type Workspace, workspacePaths } from '../data/workspace.ts';
import type { LearnedTrunk } from '../models/behaviour/pretrain.ts';
import { readTrunk, savedTrunk } from '../models/behaviour/saved-trunk.ts';
import { loadVersion } from '../registry/load.ts';
import { saveVersion, type VersionDraft } from '../registry/save.ts';
import { readSavedModel, savedModelFiles } from '../registry/saved-model-files.ts';
import type { VersionInfo } from '../registry/versions.ts';

/** Trunks lie among the models under this name. */
export const TRUNK = 'trunk';

export interface PretrainedTrunk {
  readonly trunk: LearnedTrunk;
  readonly version: string;
  /** Of the newest event it has read, or later, UTC ms. */
  readonly seenUntilMs: number;
}

export interface TrunkDraft extends Pick<VersionDraft, 'dataFingerprint' | 'seed' | 'run'> {
  readonly seenUntilMs: number;
  readonly facts: Readonly<Record<string, unknown>>;
}

export function saveTrunk(workspace: Workspace, trunk: LearnedTrunk, draft: TrunkDraft): VersionInfo {
  const { seenUntilMs, facts, ...rest } = draft;
  return saveVersion(workspacePaths.models(workspace), {
    ...rest,
    task: TRUNK,
    files: savedModelFiles('trunk', savedTrunk(trunk)),
    settings: { seenUntilMs, trunk: JSON.parse(JSON.stringify(trunk.settings)) as Json },
    metrics: JSON.parse(JSON.stringify(facts)) as Json,
  });
}

/**
 * @param reference as for `showVersion`: `v3`, `latest`
 * @throws AppError NOT_FOUND, TAMPERED, VERSION, BAD_FILE
 */
export function loadTrunk(workspace: Workspace, reference = 'latest'): PretrainedTrunk {
  const { files, settings, version } = loadVersion(join(workspace.dir, 'models'), TRUNK, reference);
  const { seenUntilMs } = isRecord(settings) ? settings : {};
  if (typeof seenUntilMs !== 'number')
    throw new AppError('BAD_FILE', `expected trunk ${version} to say up to when it has read; pretrain again`);
  return { trunk: readTrunk(readSavedModel(files, 'trunk')), version, seenUntilMs };
}

/** The moment up to which a trunk may read: models are compared and tested by what came after. */
export const lastToRead = ({ train, calibrate }: SplitPlan): number =>
  calibrate === 'cross-fit' ? train[train.length - 1] : calibrate[0];

/**
 * A trunk that has read what models are compared or tested by would know their answers.
 *
 * @param zone the shop's, in which moments are said
 * @throws AppError USAGE for one that has read beyond the moment after which nothing may be known
 */
export function refuseForesight(
  { version, seenUntilMs }: PretrainedTrunk,
  plan: SplitPlan,
  zone: ZoneOffsets = UTC,
): void {
  const limit = lastToRead(plan);
  if (seenUntilMs <= limit) return;
  const shown = (ms: number): string => formatLocalMoment(ms, zone);
  throw new AppError(
    'USAGE',
    `trunk ${version} has read events up to ${shown(seenUntilMs)}, models are judged by what came after ${shown(limit)}: pretrain --as-of ${shown(limit)}`,
  );
}
