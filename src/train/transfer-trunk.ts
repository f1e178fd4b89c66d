// A trunk taken out of one shop as a file, and into another: what leaves is said, and nothing is believed before it is checked.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '../core/errors.ts';
import { type Frame, findColumn } from '../core/frame.ts';
import type { Progress } from '../core/progress.ts';
import type { Engine } from '../data/engine.ts';
import { withLake } from '../data/lake/open.ts';
import { withLock } from '../data/lock.ts';
import { checkWritable, placeError } from '../data/output-place.ts';
import { lakeCatalogue } from '../data/sequences/read-catalogue.ts';
import type { EventSource } from '../data/source.ts';
import { type Workspace, workspacePaths } from '../data/workspace.ts';
import { contentPlaces, type ItemContent } from '../models/behaviour/transfer/item-tower.ts';
import {
  forShop,
  readPortable,
  savedPortable,
  withoutShop,
} from '../models/behaviour/transfer/portable-trunk.ts';
import { portableBytes, readPortableFile } from '../registry/portable-file.ts';
import { showVersion, type VersionInfo } from '../registry/versions.ts';
import { loadTrunk, saveTrunk, TRUNK } from './pretrained.ts';
import { runRecord } from './run-record.ts';

export interface TransferOptions {
  readonly threads: number;
  readonly now: () => number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export interface ExportedTrunk {
  readonly version: string;
  readonly file: string;
  readonly bytes: number;
  /** Numbers that leave: weights, and how what is known of an item becomes one. */
  readonly weights: number;
  /** Items the tower was learned from; 0 where nothing is known of them. */
  readonly itemsTold: number;
  /** Words that leave. */
  readonly types: readonly string[];
  readonly categories: readonly string[];
}

/**
 * Writes a trunk without its shop: weights, kinds of events, names of categories, and a table from what is known of items to
 * their vectors. No item, no customer, no event, no count and no moment is among it.
 *
 * @param reference of the trunk: `latest`, `v3`
 * @throws AppError NOT_FOUND, USAGE for a trunk that has learned from somebody who was erased since, DISK
 */
export async function exportTrunk(
  workspace: Workspace,
  { reference, file, ...options }: TransferOptions & { readonly reference: string; readonly file: string },
): Promise<ExportedTrunk> {
  checkWritable(file, 'file');
  const { trunk, version } = loadTrunk(workspace, reference);
  if (showVersion(workspacePaths.models(workspace), TRUNK, version).erasures)
    throw new AppError(
      'USAGE',
      `trunk ${version} has learned from somebody who was erased since: pretrain again, then export`,
    );
  const { itemIds, typeLevels, categories } = trunk.vocabulary;
  const content = await withLake(workspace, options, (engine, source) =>
    readContent(engine, source, { itemIds, ...options }),
  );
  const portable = withoutShop(trunk, content?.content);
  const saved = savedPortable(portable);
  const bytes = portableBytes(saved);
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  } catch (cause) {
    throw placeError(cause, file, 'file');
  }
  const { itemTower } = portable;
  return {
    ...{ version, file, bytes: bytes.length },
    weights: Object.values(portable.trunk.values).reduce(
      (sum, { length }) => sum + length,
      itemTower?.length ?? 0,
    ),
    itemsTold: itemTower && content ? told(content.content) : 0,
    types: typeLevels,
    categories,
  };
}

export interface ImportedTrunk {
  readonly version: VersionInfo;
  readonly weights: number;
  /** Items of this shop, and those that begin with a vector by what is known of them. */
  readonly items: number;
  readonly itemsTold: number;
  /** Categories of this shop that the trunk knows by their name, and all there are. */
  readonly categoriesKnown: number;
  readonly categories: number;
  /** Whether the trunk knows how to tell an item by its content. */
  readonly hasTower: boolean;
}

/**
 * Saves a trunk of another shop as a version of this one's. It has read nothing here: it may serve any question, and
 * `pretrain --continue` teaches it everything.
 *
 * @throws AppError NOT_FOUND, BAD_FILE, VERSION, TAMPERED, BUSY, DISK
 */
export async function importTrunk(
  workspace: Workspace,
  { file, command, ...options }: TransferOptions & { readonly file: string; readonly command: string },
): Promise<ImportedTrunk> {
  const startedMs = options.now();
  const portable = readPortable(readPortableFile(file));
  const { signal, progress } = options;
  const lock = { signal, onWait: (holder: string) => progress.note(`waiting for ${holder}`) };
  return withLock(workspacePaths.taskLock(workspace, TRUNK), 'importing a trunk', lock, () =>
    withLake(workspace, options, async (engine, source) => {
      const own = await readContent(engine, source, options);
      const trunk = forShop(portable, own?.itemIds ?? [], own?.content);
      const known = new Set(trunk.vocabulary.categories);
      const categories = new Set(own?.content.categories.filter((category) => category !== ''));
      const facts = {
        weights: Object.values(trunk.values).reduce((sum, { length }) => sum + length, 0),
        items: own?.itemIds.length ?? 0,
        itemsTold: portable.itemTower && own ? told(own.content) : 0,
        categoriesKnown: [...categories].filter((category) => known.has(category)).length,
        categories: categories.size,
        hasTower: portable.itemTower !== undefined,
      };
      const createdMs = options.now();
      const version = saveTrunk(workspace, trunk, {
        // Of this shop it has seen nothing.
        ...{
          seenUntilMs: 0,
          dataFingerprint: source.fingerprint,
          seed: 0,
          facts: { ...facts, imported: true },
        },
        run: runRecord({ createdMs, seconds: (createdMs - startedMs) / 1000, command }, []),
      });
      return { version, ...facts };
    }),
  );
}

const told = (content: ItemContent): number =>
  contentPlaces(content).filter(({ length }) => length > 0).length;

interface ShopContent {
  readonly itemIds: readonly string[];
  readonly content: ItemContent;
}

/** What the catalogue tells of these items, or of all it has; undefined without a catalogue. */
async function readContent(
  engine: Engine,
  source: EventSource,
  { itemIds, signal }: { readonly itemIds?: readonly string[]; readonly signal?: AbortSignal },
): Promise<ShopContent | undefined> {
  if (source.items === undefined) return undefined;
  const asOf = source.lastMs;
  const { frame, titles, ...catalogue } = await lakeCatalogue(engine, source, itemIds ?? [], {
    asOf,
    ...(signal && { signal }),
  });
  const count = itemIds?.length ?? catalogue.itemIds.length;
  const price = findColumn(frame, 'price');
  return {
    itemIds: catalogue.itemIds.slice(0, count),
    content: {
      categories: textsIn(frame, 'category', count),
      brands: textsIn(frame, 'brand', count),
      titles: titles?.slice(0, count) ?? new Array<string>(count).fill(''),
      priceMinor:
        price?.kind === 'number' ? price.values.slice(0, count) : new Float64Array(count).fill(Number.NaN),
    },
  };
}

function textsIn(frame: Frame, column: string, count: number): readonly string[] {
  const found = findColumn(frame, column);
  return Array.from({ length: count }, (_, row) =>
    found?.kind === 'category' ? (found.levels[found.codes[row]] ?? '') : '',
  );
}
