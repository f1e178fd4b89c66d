// Where sequences come from: text, a table with a row an event, or a shop's workspace, and what is known of the items.
import { mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { AppError, invariant } from '../../core/errors.ts';
import type { ItemCatalogue } from '../../core/item-catalogue.ts';
import { takeVectors } from '../../core/item-vectors.ts';
import type { Progress } from '../../core/progress.ts';
import type { ItemAttributes } from '../../core/sequences.ts';
import { type Engine, openEngine } from '../../data/engine.ts';
import type { EventType } from '../../data/event.ts';
import { withLake } from '../../data/lake/open.ts';
import { lakeAttributes, lakeSequences } from '../../data/sequences/lake-sequences.ts';
import { lakeCatalogue, readCatalogue } from '../../data/sequences/read-catalogue.ts';
import { readEventTable } from '../../data/sequences/read-event-table.ts';
import { type ItemFile, readItems } from '../../data/sequences/read-items.ts';
import { readSequences, type SequenceFile } from '../../data/sequences/read-sequences.ts';
import { needFile } from '../../data/sequences/text-lines.ts';
import { openWorkspace } from '../../data/workspace.ts';
import {
  checkReaders,
  type ItemReaders,
  type ReadVectorsOptions,
  readsNothing,
  readVectors,
  type VectorSources,
} from './read-vectors.ts';

export const SEQUENCE_FORMATS = ['lines', 'user-lines', 'pairs', 'csv', 'workspace'] as const;
export type SequenceFormat = (typeof SEQUENCE_FORMATS)[number];

export interface SequenceSource {
  readonly path: string;
  readonly format: SequenceFormat;
  /** Columns of a `csv`. */
  readonly user?: string;
  readonly item?: string;
  readonly time?: string;
  readonly type?: string;
  /** Of a `workspace`: whose events belong together; those of a user when absent. */
  readonly by?: 'user' | 'session';
  /** Of a `workspace`: which events; all that name an item when absent. */
  readonly events?: readonly EventType[];
  /** What is known of the items; of a workspace its catalogue when absent. */
  readonly itemsFile?: string;
  /** What reads texts and pictures of the items, so that models know them by more than their ids. */
  readonly readers?: ItemReaders;
}

export interface ReadDataOptions {
  /** An existing folder for decoded copies. */
  readonly scratch: string;
  readonly seed: number;
  readonly threads: number;
  /** Runs encoders; needed where there are readers. */
  readonly backend?: ReadVectorsOptions['backend'];
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export interface ReadSource extends SequenceFile {
  readonly attributes?: ItemAttributes;
  /** Of a file of items. */
  readonly items?: Omit<ItemFile, 'attributes'>;
  /** Which encoders read the items. */
  readonly sources?: VectorSources;
}

/** Before long work. @throws AppError NOT_FOUND, BAD_FILE, USAGE for columns that are missing */
export function checkSource({ path, format, user, item, itemsFile, readers }: SequenceSource): void {
  if (readers) checkReaders(readers);
  if (readers && !readsNothing(readers) && itemsFile === undefined && format !== 'workspace')
    throw new AppError(
      'USAGE',
      'expected --items FILE: it says what is written of the items that --encoder reads',
    );
  if (format === 'workspace') openWorkspace(path);
  else needFile(path);
  if (itemsFile !== undefined) needFile(itemsFile);
  if (format === 'csv' && (user === undefined || item === undefined))
    throw new AppError('USAGE', 'expected --user COLUMN and --item COLUMN with --format csv');
}

/** @throws AppError as the readers do */
export async function readSource(source: SequenceSource, options: ReadDataOptions): Promise<ReadSource> {
  const { itemsFile, readers: _, ...events } = source;
  if (itemsFile === undefined) return readEvents(source, options);
  // What is written of items stands in their own file then.
  const read = await readEvents(events, options);
  const { scratch, threads, signal } = options;
  const { itemIds } = read.sequences;
  return withEngine('items', { scratch, threads }, async (engine, folder) => {
    const reading = { scratch: folder, ...(signal && { signal }) };
    const { attributes, ...items } = await readItems(engine, itemsFile, itemIds, reading);
    if (!source.readers || readsNothing(source.readers)) return { ...read, attributes, items };
    const catalogue = await readCatalogue(engine, itemsFile, itemIds, reading);
    return { ...read, ...(await toldBy(source.readers, catalogue, options, attributes)), items };
  });
}

/** What is known of items with their vectors beside. */
async function toldBy(
  readers: ItemReaders,
  catalogue: ItemCatalogue,
  { backend, threads, progress, signal }: ReadDataOptions,
  attributes: ItemAttributes = { categories: {} },
): Promise<Pick<ReadSource, 'attributes' | 'sources'>> {
  invariant(backend, 'encoders are run by something');
  const running = { backend, threads, progress, ...(signal && { signal }) };
  const { vectors, sources } = await readVectors(catalogue, readers, { ...running, to: catalogue.known });
  // Items in no history are none a model is asked of.
  const own = Array.from({ length: catalogue.known }, (_, item) => item);
  return { attributes: { ...attributes, vectors: vectors.map((all) => takeVectors(all, own)) }, sources };
}

async function readEvents(source: SequenceSource, options: ReadDataOptions): Promise<ReadSource> {
  const { path, format, user = '', item = '', time, type } = source;
  const { scratch, threads, progress, signal } = options;
  if (format === 'workspace') return readWorkspace(source, options);
  if (format !== 'csv') return readSequences(path, format, { progress, signal });
  return withEngine('events', { scratch, threads }, (engine, folder) =>
    readEventTable(engine, path, { user, item, time, type, scratch: folder, progress, signal }),
  );
}

function readWorkspace(
  { path, by = 'user', events, readers }: SequenceSource,
  options: ReadDataOptions,
): Promise<ReadSource> {
  const { threads, progress, signal } = options;
  return withLake(openWorkspace(path), { threads }, async (engine, lake) => {
    const sequences = await lakeSequences(engine, lake, {
      by,
      ...(events && { types: events }),
      progress,
      signal,
    });
    if (sequences.items.length === 0)
      throw new AppError(
        'NOT_ENOUGH_DATA',
        'expected events with items in the workspace, got none: import some, or name other events',
      );
    const attributes = await lakeAttributes(engine, lake, sequences.itemIds, signal);
    const told =
      readers && !readsNothing(readers)
        ? await toldBy(
            readers,
            await lakeCatalogue(engine, lake, sequences.itemIds, {
              asOf: lake.lastMs,
              ...(signal && { signal }),
            }),
            options,
            attributes,
          )
        : attributes && { attributes };
    return {
      file: basename(resolve(path)),
      sequences,
      fingerprint: lake.fingerprint,
      passedOver: lake.rows - sequences.items.length,
      ...told,
    };
  });
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
