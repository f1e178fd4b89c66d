// How the trial under way is doing, as the server last wrote it down for whoever lists models.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord, type Json } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import { type Disk, errorCode, nodeDisk, replaceFile } from './disk.ts';
import { jsonBytes, parseJson } from './manifest.ts';
import { checkTask } from './names.ts';

const FIGURES_FILE = 'rollout-figures.json';
/** Of the version that is watched since it was promoted. */
export const WATCH_FIGURES = 'watch-figures.json';

export interface WrittenFigures {
  /** Names the trial they are of. */
  readonly salt: string;
  /** UTC ms. */
  readonly atMs: number;
  readonly figures: Readonly<Record<string, Json>>;
}

/** Of the trial named; undefined while there are none. They are informative, so broken ones read as none. */
export function readRolloutFigures(
  modelsDir: string,
  task: string,
  salt: string,
  file = FIGURES_FILE,
): WrittenFigures | undefined {
  try {
    const value = parseJson(readFileSync(join(modelsDir, checkTask(task), file)), file);
    if (!isRecord(value) || value.salt !== salt || typeof value.atMs !== 'number') return undefined;
    return isRecord(value.figures) ? (value as unknown as WrittenFigures) : undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || (error instanceof AppError && error.code === 'BAD_FILE'))
      return undefined;
    throw error;
  }
}

/** @throws AppError DISK */
export function writeRolloutFigures(
  modelsDir: string,
  task: string,
  written: WrittenFigures,
  { file = FIGURES_FILE, disk = nodeDisk }: { readonly file?: string; readonly disk?: Disk } = {},
): void {
  replaceFile(join(modelsDir, checkTask(task), file), jsonBytes(written), disk);
}
