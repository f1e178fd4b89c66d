// A run's folder on disk: checkpoints, metrics.ndjson and TensorBoard events.

import { invariant } from '../../core/errors.ts';
import type { TrainingState } from '../checkpoint/checkpoint-file.ts';
import { bestCheckpoint, latestCheckpoint, saveCheckpoint } from '../checkpoint/checkpoint-folder.ts';
import type { MetricsRecord } from '../record/metrics-log.ts';
import { openTrainingRecord, type TrainingRecord } from '../record/training-record.ts';

/** Where a run keeps what must outlive it. */
export interface RunFiles {
  /** The newest sound checkpoint; `warn` hears of damaged ones. */
  latest(warn: (line: string) => void): TrainingState | undefined;
  best(warn: (line: string) => void): TrainingState | undefined;
  /** Opens the logs, cut back to the step resumed; undefined begins them anew. */
  open(resumeStep: number | undefined): void;
  write(record: MetricsRecord): void;
  /** Returns the path. Whatever was written before survives a kill from then on. */
  save(state: TrainingState): string;
  close(): void;
}

export interface RunFolderOptions {
  /** How many of the newest checkpoints stay, 2 by default; the best stays too. */
  readonly keep?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** @throws AppError DISK, BAD_FILE, TAMPERED, VERSION from its methods */
export function runFolder(folder: string, { keep, now = Date.now }: RunFolderOptions = {}): RunFiles {
  let record: TrainingRecord | undefined;
  return {
    latest: (warn) => latestCheckpoint(folder, warn),
    best: (warn) => bestCheckpoint(folder, warn),
    open(resumeStep) {
      record = openTrainingRecord(folder, { now, ...(resumeStep === undefined ? {} : { resumeStep }) });
    },
    write(line) {
      invariant(record !== undefined, 'a record before the logs are open');
      record.write(line);
    },
    save(state) {
      record?.flush();
      return saveCheckpoint(folder, state, keep === undefined ? {} : { keep });
    },
    close() {
      record?.close();
      record = undefined;
    },
  };
}
