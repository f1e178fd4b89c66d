// A run's folder on disk: checkpoints, metrics.ndjson and TensorBoard events.

import { invariant } from '../../core/errors.ts';
import type { TrainingState } from '../checkpoint/checkpoint-file.ts';
import { bestCheckpoint, latestCheckpoint, saveCheckpoint } from '../checkpoint/checkpoint-folder.ts';
import { type FolderLock, lockFolder } from '../checkpoint/folder-lock.ts';
import type { MetricsRecord } from '../record/metrics-log.ts';
import { openTrainingRecord, type TrainingRecord } from '../record/training-record.ts';

/** Where a run keeps what must outlive it. */
export interface RunFiles {
  /** Makes sure that no other run writes here until `close`; comes before all else. @throws AppError BUSY */
  hold(): void;
  /** The newest sound checkpoint; `warn` hears of damaged ones. */
  latest(warn: (line: string) => void): TrainingState | undefined;
  best(warn: (line: string) => void): TrainingState | undefined;
  /** Opens the logs, cut back to the step resumed; undefined begins them anew. */
  open(resumeStep: number | undefined): void;
  write(record: MetricsRecord): void;
  /** Returns the path. Whatever was written before survives a kill from then on. */
  save(state: TrainingState): string;
  /** Closes the logs and lets others write; harmless where nothing was opened or held. */
  close(): void;
}

export interface RunFolderOptions {
  /** How many of the newest checkpoints stay, 2 by default; the best stays too. */
  readonly keep?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** @throws AppError BUSY, DISK, BAD_FILE, TAMPERED, VERSION from its methods */
export function runFolder(folder: string, { keep, now = Date.now }: RunFolderOptions = {}): RunFiles {
  let record: TrainingRecord | undefined;
  let lock: FolderLock | undefined;
  return {
    hold() {
      invariant(lock === undefined, 'a run folder serves one run at a time');
      lock = lockFolder(folder, now);
    },
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
      try {
        record?.close();
      } finally {
        record = undefined;
        lock?.release();
        lock = undefined;
      }
    },
  };
}
