// What was decided each time a task was trained anew: beside its versions, oldest first.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import { type Disk, errorCode, nodeDisk, replaceFile } from './disk.ts';
import { jsonBytes, parseJson } from './manifest.ts';
import { checkTask } from './names.ts';

const RECORD_FILE = 'retraining.json';
const MOST_KEPT = 200;

export interface RetrainingRecord {
  /** UTC ms. */
  readonly atMs: number;
  /** `accepted`, `kept` or `unchanged`. */
  readonly verdict: string;
  /** A stable word. */
  readonly reason: string;
  /** The figures behind it. */
  readonly said: string;
  /** The version that was trained; null where none was. */
  readonly version: string | null;
  /** The one it was held against; null where none answered. */
  readonly incumbent: string | null;
  /** How it came into service: `promoted`, `canary`, or null. */
  readonly service: string | null;
}

/** Informative: a broken file reads as empty. */
export function readRetraining(modelsDir: string, task: string): readonly RetrainingRecord[] {
  try {
    const value = parseJson(readFileSync(join(modelsDir, checkTask(task), RECORD_FILE)), RECORD_FILE);
    const records = isRecord(value) && Array.isArray(value.records) ? (value.records as unknown[]) : [];
    return records.filter((record): record is RetrainingRecord => isRecord(record) && 'verdict' in record);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || (error instanceof AppError && error.code === 'BAD_FILE')) return [];
    throw error;
  }
}

/** @throws AppError DISK */
export function addRetraining(
  modelsDir: string,
  task: string,
  record: RetrainingRecord,
  disk: Disk = nodeDisk,
): void {
  const records = [...readRetraining(modelsDir, task), record].slice(-MOST_KEPT);
  const path = join(modelsDir, checkTask(task), RECORD_FILE);
  replaceFile(path, jsonBytes({ format: 1, records }), disk);
}
