// TensorBoard event files: scalars appended as training goes, cut back to a checkpoint's step when it is resumed.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { guardDisk, nodeDisk } from '../checkpoint/disk.ts';
import { openAppendFile } from './append-file.ts';
import {
  decodeScalarEvent,
  EVENT_FILE_VERSION,
  encodeScalarEvent,
  type ScalarEvent,
} from './scalar-event.ts';
import { frameRecord, readRecords } from './tfrecord.ts';

/** An event file being written; close it. */
export interface EventFile {
  readonly path: string;
  /** Appends one event; NaN and infinities are kept as they are. */
  writeScalars(step: number, scalars: Readonly<Record<string, number>>): void;
  /** Returns once all events written would survive a power cut. */
  flush(): void;
  close(): void;
}

export interface EventFileOptions {
  /** Milliseconds since 1970, as `Date.now` gives them. */
  readonly now: () => number;
  /** Keep events up to this step of the folder's newest file and write on there; without it a new file is begun. */
  readonly resumeStep?: number;
}

const FILE_NAME = /^events\.out\.tfevents\.(\d+)\.foresell$/;

/**
 * Opens `events.out.tfevents.<seconds>.foresell` in `folder` for writing.
 *
 * Where other writers put the machine's name we put the product's: a log that is passed on names no machine.
 *
 * @throws AppError DISK when the disk refuses
 */
export function openEventFile(folder: string, { now, resumeStep }: EventFileOptions): EventFile {
  guardDisk(() => nodeDisk.makeFolder(folder));
  const earlier = eventFileNames(folder);
  const resumed = resumeStep === undefined ? undefined : earlier.at(-1);
  // A second run begun in the same second gets a later name, so that the newest file is always the last.
  const previousSeconds = earlier.length > 0 ? secondsOf(earlier[earlier.length - 1]) : 0;
  const seconds = Math.max(Math.floor(now() / 1000), previousSeconds + 1);
  const path = join(folder, resumed ?? `events.out.tfevents.${seconds}.foresell`);
  const kept = resumed === undefined ? 0 : bytesUpTo(readFileSync(path), resumeStep ?? 0);
  const file = openAppendFile(path, kept);
  const write = (event: Omit<ScalarEvent, 'wallTime'>): void =>
    file.append(frameRecord(encodeScalarEvent({ wallTime: now() / 1000, ...event })));
  if (kept === 0) write({ step: 0, fileVersion: EVENT_FILE_VERSION, scalars: {} });
  return {
    path,
    writeScalars: (step, scalars) => write({ step, scalars }),
    flush: file.flush,
    close: file.close,
  };
}

/** The events of a file in their order; a torn tail is left out. */
export const readEventFile = (bytes: Uint8Array): ScalarEvent[] =>
  readRecords(bytes).map(({ content }) => decodeScalarEvent(content));

/** Names of a folder's event files, oldest first. */
export const eventFileNames = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => FILE_NAME.test(name))
    .sort((a, b) => secondsOf(a) - secondsOf(b));

const secondsOf = (name: string): number => Number(FILE_NAME.exec(name)?.[1]);

/** Where the first event after `step` begins; steps only grow along a file. */
function bytesUpTo(file: Uint8Array, step: number): number {
  let kept = 0;
  for (const { content, end } of readRecords(file)) {
    if (decodeScalarEvent(content).step > step) break;
    kept = end;
  }
  return kept;
}
