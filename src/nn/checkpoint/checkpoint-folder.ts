// A folder of training checkpoints: saved so that no kill and no full disk loses the last one, resumed from the newest.
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { AppError, invariant } from '../../core/errors.ts';
import {
  decodeCheckpoint,
  decodeCheckpointHeader,
  encodeCheckpoint,
  type TrainingState,
} from './checkpoint-file.ts';
import { type Disk, guardDisk, nodeDisk } from './disk.ts';
import { readWhole } from './read-file.ts';
import { safeTensorsHeaderEnd } from './safetensors.ts';

export interface SaveOptions {
  /** How many of the newest checkpoints stay; the best one each of them names stays too. */
  readonly keep?: number;
  readonly disk?: Disk;
}

/** Two: should the newest be damaged where it lies, there is one to fall back to. */
const KEPT = 2;

const FILE_NAME = /^checkpoint-(\d{9,16})\.safetensors$/;
/** Where a checkpoint is written before it takes its name; at most one is left behind by a kill. */
const STAGED = 'checkpoint.partial';

/**
 * Saves `state` as `checkpoint-<step>.safetensors`: written beside, forced to the disk, then renamed, so that whatever
 * stops it the checkpoint before stays whole. Afterwards older ones that are neither kept nor best are removed; later
 * ones, left by a run that this one does not continue, go before the new one takes its name. One writer a folder: `train`
 * holds a lock for as long as it runs.
 *
 * @returns the path written
 * @throws AppError DISK when the disk refuses; the checkpoint the run was last saved in is untouched
 */
export function saveCheckpoint(folder: string, state: TrainingState, options: SaveOptions = {}): string {
  const { keep = KEPT, disk = nodeDisk } = options;
  invariant(keep >= 1, `at least one checkpoint is kept, got ${keep}`);
  const path = join(folder, fileName(state.step));
  const staged = join(folder, STAGED);
  guardDisk(() => {
    disk.makeFolder(folder);
    try {
      disk.writeFile(staged, encodeCheckpoint(state));
      for (const step of checkpointSteps(folder)) {
        if (step > state.step) disk.removeFile(join(folder, fileName(step)));
      }
      disk.rename(staged, path);
    } catch (error) {
      disk.removeFile(staged);
      throw error;
    }
    disk.syncFolder(folder);
    for (const step of outdatedSteps(folder, keep)) disk.removeFile(join(folder, fileName(step)));
  });
  return path;
}

/**
 * The newest sound checkpoint of a folder, or undefined where there is none at all.
 *
 * A damaged one is passed over for the one before it, and `warn` is told a line about it.
 *
 * @throws AppError BAD_FILE or TAMPERED when there are checkpoints and none is sound, VERSION when a later version of
 *   the product wrote the newest
 */
export function latestCheckpoint(folder: string, warn: (line: string) => void): TrainingState | undefined {
  let damage: unknown;
  for (const step of checkpointSteps(folder).reverse()) {
    try {
      return readCheckpoint(join(folder, fileName(step)));
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'VERSION') throw error;
      warn(`checkpoint of step ${step} cannot be used, trying the one before it: ${error.message}`);
      damage ??= error;
    }
  }
  if (damage !== undefined) throw damage;
  return undefined;
}

/**
 * The best checkpoint, as the newest sound one names it; undefined where none was ever called best.
 *
 * @throws AppError as `latestCheckpoint`; NOT_FOUND when the best one was removed
 */
export function bestCheckpoint(folder: string, warn: (line: string) => void): TrainingState | undefined {
  const latest = latestCheckpoint(folder, warn);
  if (latest?.bestStep === undefined || latest.bestStep === latest.step) {
    return latest?.bestStep === undefined ? undefined : latest;
  }
  return readCheckpoint(join(folder, fileName(latest.bestStep)));
}

/**
 * One checkpoint, its sum checked.
 *
 * @throws AppError NOT_FOUND, BAD_FILE, TAMPERED, VERSION
 */
export function readCheckpoint(path: string): TrainingState {
  return decodeCheckpoint(readWhole(path, 'a checkpoint'), basename(path));
}

/** Steps of a folder's checkpoints, oldest first. */
export function checkpointSteps(folder: string): number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => FILE_NAME.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

const fileName = (step: number): string => `checkpoint-${String(step).padStart(9, '0')}.safetensors`;

/** Steps whose files may go: neither among the newest nor the best of one of those. */
function outdatedSteps(folder: string, keep: number): number[] {
  const steps = checkpointSteps(folder);
  const newest = steps.slice(-keep);
  const kept = new Set([...newest, ...newest.map((step) => bestStepOf(join(folder, fileName(step))))]);
  return steps.filter((step) => !kept.has(step));
}

/** The best step a file names, from its header alone; a damaged file names none. */
function bestStepOf(path: string): number | undefined {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(8);
    readSync(file, start, 0, 8, 0);
    const head = Buffer.alloc(safeTensorsHeaderEnd(start, fstatSync(file).size));
    readSync(file, head, 0, head.length, 0);
    return decodeCheckpointHeader(head, basename(path)).bestStep;
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  } finally {
    closeSync(file);
  }
}
