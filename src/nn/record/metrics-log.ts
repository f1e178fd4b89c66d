// metrics.ndjson: one line a record of training, cut back to a checkpoint's step when training is resumed.
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { invariant } from '../../core/errors.ts';
import { guardDisk, nodeDisk } from '../checkpoint/disk.ts';
import { readWhole } from '../checkpoint/read-file.ts';
import { openAppendFile } from './append-file.ts';

/** What is known at one step; fields keep the order they are given in. */
export interface MetricsRecord {
  /** Steps taken so far; a later record never has a smaller one. */
  readonly step: number;
  /** Numbers in units their names say; NaN and infinities are written as `null`, which is all JSON has for them. */
  readonly [field: string]: number | string | boolean | null | undefined;
}

/** Fields that tell how fast the machine was; they alone differ between a run that was killed and one that was not. */
export const TIMING_FIELDS = ['elapsed_seconds', 'examples_per_second', 'tokens_per_second'] as const;

/** The record without its timing fields: what two equal runs have in common. */
export const withoutTiming = (record: MetricsRecord): MetricsRecord => ({
  ...Object.fromEntries(Object.entries(record).filter(([field]) => !TIMING.has(field))),
  step: record.step,
});

const TIMING: ReadonlySet<string> = new Set(TIMING_FIELDS);

/** A log being written; close it. */
export interface MetricsLog {
  readonly path: string;
  /** The last step in the log, if it holds any. */
  lastStep(): number | undefined;
  write(record: MetricsRecord): void;
  /**
   * Returns once all records written would survive a power cut. Call it before a checkpoint is saved: only then is no
   * record of a step before the checkpoint lost.
   */
  flush(): void;
  close(): void;
}

/**
 * Opens the log at `path`: empty, or with `resumeStep` the log of the run that is resumed, without what it wrote after
 * that step and without a line that was torn when it was killed.
 *
 * @throws AppError DISK when the disk refuses
 */
export function openMetricsLog(path: string, resumeStep?: number): MetricsLog {
  guardDisk(() => nodeDisk.makeFolder(dirname(path)));
  const kept =
    resumeStep === undefined || !existsSync(path)
      ? { bytes: 0, lastStep: undefined }
      : keptUpTo(readFileSync(path), resumeStep);
  const file = openAppendFile(path, kept.bytes);
  let lastStep = kept.lastStep;
  return {
    path,
    lastStep: () => lastStep,
    write(record) {
      invariant(
        Number.isSafeInteger(record.step) && record.step >= (lastStep ?? 0),
        `steps only grow along a log, got ${record.step} after ${lastStep}`,
      );
      file.append(Buffer.from(`${JSON.stringify(record)}\n`));
      lastStep = record.step;
    },
    flush: file.flush,
    close: file.close,
  };
}

/**
 * The records of a log in their order; reading ends at a line that is torn.
 *
 * @throws AppError NOT_FOUND, BAD_FILE
 */
export function readMetricsLog(path: string): MetricsRecord[] {
  return [...wholeLines(readWhole(path, 'a log'))].map(({ record }) => record);
}

function keptUpTo(file: Buffer, step: number): { bytes: number; lastStep: number | undefined } {
  let kept: { bytes: number; lastStep: number | undefined } = { bytes: 0, lastStep: undefined };
  for (const { record, end } of wholeLines(file)) {
    if (record.step > step) break;
    kept = { bytes: end, lastStep: record.step };
  }
  return kept;
}

/** Lines that end and hold a record; what follows the first that does not was being written at the kill. */
function* wholeLines(file: Buffer): Generator<{ record: MetricsRecord; end: number }> {
  for (let start = 0; ; ) {
    const newline = file.indexOf('\n', start);
    if (newline < 0) return;
    const record = parseRecord(file.toString('utf8', start, newline));
    if (record === undefined) return;
    start = newline + 1;
    yield { record, end: start };
  }
}

function parseRecord(line: string): MetricsRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isRecord =
      typeof value === 'object' && value !== null && 'step' in value && typeof value.step === 'number';
    return isRecord ? (value as MetricsRecord) : undefined;
  } catch {
    return undefined;
  }
}
