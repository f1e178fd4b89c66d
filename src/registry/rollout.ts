// A version on trial beside the one that answers: one small file a task, replaced whole, that keeps how earlier trials ended.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import { type Disk, errorCode, nodeDisk, replaceFile } from './disk.ts';
import { loadVersion } from './load.ts';
import { jsonBytes, parseJson } from './manifest.ts';
import { checkTask, parseVersionId } from './names.ts';
import { checkedLimits, isLimits, type RolloutLimits } from './rollout-limits.ts';

const ROLLOUT_FORMAT = 1;
const ROLLOUT_FILE = 'rollout.json';
const MAX_ROLLOUT_BYTES = 2 ** 20;
/** Trials remembered; the oldest are forgotten. */
const MOST_ENDED = 200;

/** `canary`: its answers are given to a share of people. `shadow`: it is asked about them, and nobody sees its answers. */
export type RolloutMode = 'canary' | 'shadow';

export interface RolloutOrder {
  readonly mode: RolloutMode;
  readonly version: string;
  /** Manifest digest of that version when the trial began. */
  readonly digest: string;
  /** Of people, in (0, 1]. */
  readonly share: number;
  /** Draws who is on which side, and names the trial: no two have the same. */
  readonly salt: string;
  /** UTC ms. */
  readonly startedMs: number;
  /** A canary that has stayed within its limits for so long is promoted; never by itself where absent. */
  readonly promoteAfterMs?: number;
  readonly limits: RolloutLimits;
}

/** `rolled-back`: by the server, over a limit. `stopped`: by a person. `kept`: it answered everybody, and was within its limits. */
export type RolloutOutcome = 'promoted' | 'stopped' | 'rolled-back' | 'kept';

export interface EndedRollout extends Omit<RolloutOrder, 'mode' | 'limits' | 'promoteAfterMs'> {
  /** `watch`: it was promoted without a trial, and watched while it answered everybody. */
  readonly mode: RolloutMode | 'watch';
  /** UTC ms. */
  readonly endedMs: number;
  readonly outcome: RolloutOutcome;
  /** Which limit it broke: `errors`, `latency`, `score-shift`. */
  readonly reason?: string;
  /** The figures behind it, in a sentence. */
  readonly said?: string;
}

export interface RolloutState {
  readonly current: RolloutOrder | undefined;
  /** Oldest first. */
  readonly ended: readonly EndedRollout[];
}

const NONE: RolloutState = { current: undefined, ended: [] };

/** @throws AppError BAD_FILE, VERSION */
export function readRollout(modelsDir: string, task: string): RolloutState {
  const path = join(modelsDir, checkTask(task), ROLLOUT_FILE);
  let bytes: Uint8Array;
  try {
    if (statSync(path).size > MAX_ROLLOUT_BYTES) throw badRollout();
    bytes = readFileSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return NONE;
    throw error;
  }
  const value = parseJson(bytes, ROLLOUT_FILE);
  if (isRecord(value) && typeof value.format === 'number' && value.format > ROLLOUT_FORMAT) {
    throw new AppError(
      'VERSION',
      `expected ${ROLLOUT_FILE} of format ${ROLLOUT_FORMAT} or older, got ${value.format}: update foresell`,
    );
  }
  if (!isRecord(value) || !Array.isArray(value.ended) || !value.ended.every(isEnded)) throw badRollout();
  const { current, ended } = value;
  if (current !== undefined && !isOrder(current)) throw badRollout();
  return { current, ended };
}

export interface RolloutRequest {
  readonly task: string;
  /** As for `showVersion`; `latest` when absent. */
  readonly reference?: string;
  readonly mode: RolloutMode;
  readonly share: number;
  readonly promoteAfterMs?: number;
  readonly limits?: Partial<RolloutLimits>;
  /** Also a version that a server took back before. */
  readonly again?: boolean;
}

/**
 * Puts a version on trial; one that was on trial before ends as `stopped`.
 *
 * @param salt random, so that no trial draws the people of another
 * @throws AppError USAGE for the version that answers anyway, for one that was taken back, for a share outside (0, 1]; NOT_FOUND
 *   where no version answers yet; and as `loadVersion`: a version that is not as it was saved is not put on trial
 */
export function startRollout(
  modelsDir: string,
  request: RolloutRequest,
  { atMs, salt, disk = nodeDisk }: { readonly atMs: number; readonly salt: string; readonly disk?: Disk },
): RolloutOrder {
  const { task, reference = 'latest', mode, share, promoteAfterMs, again = false } = request;
  if (!(share > 0 && share <= 1))
    throw new AppError('USAGE', `expected a share above 0 % and up to 100 %, got ${share * 100} %`);
  const limits = checkedLimits(request.limits);
  const { version, digest, promoted } = loadVersion(modelsDir, task, reference);
  if (promoted)
    throw new AppError('USAGE', `expected another version than the one that answers, got ${version}`);
  const { current, ended } = readRollout(modelsDir, task);
  const failed = takenBack(ended, digest);
  if (failed && !again)
    throw new AppError(
      'USAGE',
      `${version} was taken back before: ${failed.said ?? failed.reason ?? 'over a limit'}; train another, or say --again`,
    );
  const order: RolloutOrder = {
    ...{ mode, version, digest, share, salt, startedMs: atMs, limits },
    ...(promoteAfterMs !== undefined && { promoteAfterMs }),
  };
  const before = current ? [endOf(current, { outcome: 'stopped', endedMs: atMs })] : [];
  writeRollout(modelsDir, task, { current: order, ended: [...ended, ...before] }, disk);
  return order;
}

/**
 * Ends the trial under way; the version that answered goes on alone.
 *
 * @param salt the trial that is meant: another one, begun meanwhile, is left alone
 * @returns how it ended; undefined where that trial is not under way
 */
export function endRollout(
  modelsDir: string,
  {
    task,
    salt,
    ...how
  }: Pick<EndedRollout, 'outcome' | 'endedMs' | 'reason' | 'said'> & {
    readonly task: string;
    readonly salt?: string;
  },
  disk: Disk = nodeDisk,
): EndedRollout | undefined {
  const { current, ended } = readRollout(modelsDir, task);
  if (!current || (salt !== undefined && current.salt !== salt)) return undefined;
  const end = endOf(current, how);
  writeRollout(modelsDir, task, { current: undefined, ended: [...ended, end] }, disk);
  return end;
}

/** Remembers how something ended that was no order of this file. */
export function addEnded(modelsDir: string, task: string, end: EndedRollout, disk: Disk = nodeDisk): void {
  const { current, ended } = readRollout(modelsDir, task);
  writeRollout(modelsDir, task, { current, ended: [...ended, end] }, disk);
}

/** The last time a server took these very bytes back; a person who put them into service since has overruled it. */
export function takenBack(ended: readonly EndedRollout[], digest: string): EndedRollout | undefined {
  const last = ended.findLast((end) => end.digest === digest && end.outcome !== 'stopped');
  return last?.outcome === 'rolled-back' ? last : undefined;
}

function endOf(
  { mode, version, digest, share, salt, startedMs }: RolloutOrder,
  { outcome, endedMs, reason, said }: Pick<EndedRollout, 'outcome' | 'endedMs' | 'reason' | 'said'>,
): EndedRollout {
  return {
    ...{ mode, version, digest, share, salt, startedMs, endedMs, outcome },
    ...(reason !== undefined && { reason }),
    ...(said !== undefined && { said }),
  };
}

function writeRollout(modelsDir: string, task: string, { current, ended }: RolloutState, disk: Disk): void {
  const state = {
    format: ROLLOUT_FORMAT,
    ...(current && { current }),
    ended: ended.slice(-MOST_ENDED),
  };
  replaceFile(join(modelsDir, checkTask(task), ROLLOUT_FILE), jsonBytes(state), disk);
}

const isOrder = (value: unknown): value is RolloutOrder =>
  isTrial(value) &&
  (value.mode === 'canary' || value.mode === 'shadow') &&
  isLimits(value.limits) &&
  (value.promoteAfterMs === undefined || typeof value.promoteAfterMs === 'number');

const OUTCOMES: readonly unknown[] = ['promoted', 'stopped', 'rolled-back', 'kept'];

const isEnded = (value: unknown): value is EndedRollout =>
  isTrial(value) &&
  typeof value.endedMs === 'number' &&
  OUTCOMES.includes(value.outcome) &&
  (value.reason === undefined || typeof value.reason === 'string') &&
  (value.said === undefined || typeof value.said === 'string');

const isTrial = (value: unknown): value is Record<string, unknown> =>
  isRecord(value) &&
  (value.mode === 'canary' || value.mode === 'shadow' || value.mode === 'watch') &&
  typeof value.version === 'string' &&
  parseVersionId(value.version) !== undefined &&
  typeof value.digest === 'string' &&
  typeof value.share === 'number' &&
  value.share > 0 &&
  value.share <= 1 &&
  typeof value.salt === 'string' &&
  typeof value.startedMs === 'number';

const badRollout = (): AppError =>
  new AppError(
    'BAD_FILE',
    `expected the trial of a version in ${ROLLOUT_FILE}, got something else: restore it from a backup, or remove it`,
  );
