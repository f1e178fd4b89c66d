// Which version of a task answers: one small file, replaced whole, that keeps its history.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import { type Disk, errorCode, replaceFile } from './disk.ts';
import { jsonBytes, parseJson } from './manifest.ts';
import { parseVersionId } from './names.ts';
import { isLimits, type RolloutLimits } from './rollout-limits.ts';

const POINTER_FORMAT = 1;
export const POINTER_FILE = 'promoted.json';
const MAX_POINTER_BYTES = 4 * 2 ** 20;

/** One step of a task's history. `rollback` names the version it went back to. */
export interface PromotionStep {
  readonly action: 'promote' | 'rollback';
  readonly version: string;
  /** Manifest digest of that version at that moment. */
  readonly digest: string;
  /** UTC ms. */
  readonly atMs: number;
  /** How a server watches it from then on; as its settings say where absent. */
  readonly watch?: PromotionWatch;
}

export interface PromotionWatch {
  /** 0: not at all. As the server's settings say where absent. */
  readonly forMs?: number;
  readonly limits: RolloutLimits;
}

/** Oldest first; empty when nothing was ever promoted. @throws AppError BAD_FILE, VERSION */
export function readHistory(taskFolder: string): readonly PromotionStep[] {
  const path = join(taskFolder, POINTER_FILE);
  let bytes: Uint8Array;
  try {
    if (statSync(path).size > MAX_POINTER_BYTES) throw badPointer();
    bytes = readFileSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
  const value = parseJson(bytes, POINTER_FILE);
  if (isRecord(value) && typeof value.format === 'number' && value.format > POINTER_FORMAT) {
    throw new AppError(
      'VERSION',
      `expected ${POINTER_FILE} of format ${POINTER_FORMAT} or older, got ${value.format}: update foresell`,
    );
  }
  if (!isRecord(value) || !Array.isArray(value.history) || !value.history.every(isStep)) throw badPointer();
  return value.history;
}

export function writeHistory(taskFolder: string, history: readonly PromotionStep[], disk: Disk): void {
  replaceFile(join(taskFolder, POINTER_FILE), jsonBytes({ format: POINTER_FORMAT, history }), disk);
}

/** The promoted steps still standing, oldest first: a promotion puts one on top, a rollback takes the top one away. */
export function standing(history: readonly PromotionStep[]): readonly PromotionStep[] {
  const stack: PromotionStep[] = [];
  for (const step of history) {
    if (step.action === 'promote') stack.push(step);
    else stack.pop();
  }
  return stack;
}

const isStep = (value: unknown): value is PromotionStep =>
  isRecord(value) &&
  (value.action === 'promote' || value.action === 'rollback') &&
  typeof value.version === 'string' &&
  parseVersionId(value.version) !== undefined &&
  typeof value.digest === 'string' &&
  typeof value.atMs === 'number' &&
  (value.watch === undefined || isWatch(value.watch));

const isWatch = (value: unknown): value is PromotionWatch =>
  isRecord(value) && isLimits(value.limits) && (value.forMs === undefined || typeof value.forMs === 'number');

const badPointer = (): AppError =>
  new AppError(
    'BAD_FILE',
    `expected the history of promotions in ${POINTER_FILE}, got something else: restore it from a backup, ` +
      'or remove it and promote a version again',
  );
