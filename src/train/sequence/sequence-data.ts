// What a run learns from and is tested on: sequences of a file, split by leaving the last out or by a test file.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import type { Progress } from '../../core/progress.ts';
import { random } from '../../core/random.ts';
import type { ItemAttributes, NextItemCases, Sequences } from '../../core/sequences.ts';
import { type Engine, openEngine } from '../../data/engine.ts';
import { readCases } from '../../data/sequences/read-cases.ts';
import { readEventTable } from '../../data/sequences/read-event-table.ts';
import { type ItemFile, readItems } from '../../data/sequences/read-items.ts';
import { readSequences, type SequenceFile, type TextFormat } from '../../data/sequences/read-sequences.ts';
import {
  countSequences,
  repeatedTargets,
  type SequenceCounts,
} from '../../eval/sequences/count-sequences.ts';
import { holdOutLast } from '../../eval/sequences/hold-out-last.ts';
import { leaveOneOut } from '../../eval/sequences/leave-one-out.ts';

export const SEQUENCE_FORMATS = ['lines', 'user-lines', 'pairs', 'csv'] as const;
export type SequenceFormat = (typeof SEQUENCE_FORMATS)[number];

export interface SequenceSource {
  readonly path: string;
  readonly format: SequenceFormat;
  /** Columns of a `csv`. */
  readonly user?: string;
  readonly item?: string;
  readonly time?: string;
  readonly type?: string;
  /** What is known of the items. */
  readonly itemsFile?: string;
  /** Test cases of their own; the last item of every sequence is left out where there are none. */
  readonly testFile?: string;
}

export interface ReadDataOptions {
  /** An existing folder for decoded copies. */
  readonly scratch: string;
  readonly seed: number;
  readonly threads: number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export interface SequenceData {
  readonly file: string;
  readonly fingerprint: string;
  /** Everything in the file. */
  readonly counts: SequenceCounts;
  readonly passedOver: number;
  readonly by: 'leave-one-out' | 'file';
  readonly train: Sequences;
  /** To stop early and to choose by; absent where sequences are too few. */
  readonly valid?: NextItemCases;
  readonly test: NextItemCases;
  /** Sequences too short to be asked about. */
  readonly tooShort: number;
  /** Targets of a test file that the catalogue does not have. */
  readonly unknownTargets: number;
  /** 1 where a test target is an item its entity has had, [cases]. */
  readonly repeated: Uint8Array;
  readonly attributes?: ItemAttributes;
  /** Of a file of items. */
  readonly items?: Omit<ItemFile, 'attributes'>;
}

/** @throws AppError as the readers and splits do; USAGE for columns that are missing or not asked for */
export async function readSequenceData(
  source: SequenceSource,
  options: ReadDataOptions,
): Promise<SequenceData> {
  const { sequences, ...read } = await readSource(source, options);
  const shared = {
    file: read.file,
    passedOver: read.passedOver,
    counts: countSequences(sequences),
    ...(await readAttributes(source, sequences, options)),
  };
  if (source.testFile === undefined) {
    const split = leaveOneOut(sequences);
    return {
      ...shared,
      ...split,
      fingerprint: read.fingerprint,
      by: 'leave-one-out',
      unknownTargets: 0,
      repeated: repeatedTargets(split.test),
    };
  }
  const tested = await readCases(source.testFile, sequences.itemIds, options);
  return {
    ...shared,
    ...holdOutLast(sequences, { random: random(options.seed).fork('validation') }),
    fingerprint: `${read.fingerprint}+${tested.fingerprint}`,
    by: 'file',
    test: tested.cases,
    tooShort: 0,
    unknownTargets: tested.unknownTargets,
    repeated: repeatedTargets(tested.cases),
  };
}

async function readSource(
  { path, format, user, item, time, type }: SequenceSource,
  { scratch, threads, progress, signal }: ReadDataOptions,
): Promise<SequenceFile> {
  if (format !== 'csv') return readSequences(path, format satisfies TextFormat, { progress, signal });
  if (user === undefined || item === undefined)
    throw new AppError('USAGE', 'expected --user COLUMN and --item COLUMN with --format csv');
  return withEngine('events', { scratch, threads }, (engine, decoded) =>
    readEventTable(engine, path, { user, item, time, type, scratch: decoded, progress, signal }),
  );
}

async function readAttributes(
  { itemsFile }: SequenceSource,
  { itemIds }: Sequences,
  { signal, ...options }: ReadDataOptions,
): Promise<Pick<SequenceData, 'attributes' | 'items'>> {
  if (itemsFile === undefined) return {};
  const { attributes, ...items } = await withEngine('items', options, (engine, scratch) =>
    readItems(engine, itemsFile, itemIds, { scratch, signal }),
  );
  return { attributes, items };
}

/** An engine with a folder of its own, closed when the work is done. */
async function withEngine<T>(
  name: string,
  { scratch, threads }: Pick<ReadDataOptions, 'scratch' | 'threads'>,
  work: (engine: Engine, folder: string) => Promise<T>,
): Promise<T> {
  const folder = join(scratch, name);
  mkdirSync(folder, { recursive: true });
  const engine = await openEngine({ tempDir: join(scratch, 'spill'), threads });
  try {
    return await work(engine, folder);
  } finally {
    engine.close();
  }
}
