// A catalogue made ready for search: its texts and pictures to vectors, unless an earlier index of it has them already.
import { existsSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { AppError } from '../../core/errors.ts';
import type { Progress } from '../../core/progress.ts';
import { openVectorCache } from '../../encoders/cache/vector-cache.ts';
import {
  type EmbedImagesOptions,
  embedImagesCached,
  type ImageFault,
} from '../../encoders/image/embed-images.ts';
import { openImageEncoder } from '../../encoders/image/image-encoder.ts';
import { type ImageSource, imageFolder } from '../../encoders/image/image-source.ts';
import { openImageArchive } from '../../encoders/image/zip-images.ts';
import { openAnyEncoder } from '../../encoders/own/own-folder.ts';
import { embedTexts } from '../../encoders/text/embed.ts';
import {
  CATALOGUE_FOLDER,
  type CatalogueBundle,
  catalogueFiles,
  loadCatalogue,
} from '../../registry/catalogue-bundle.ts';
import { saveVersion } from '../../registry/save.ts';
import { runRecord } from '../run-record.ts';
import { type CatalogueItems, fieldTexts, itemPassages } from './catalogue-items.ts';

export interface IndexOptions {
  readonly out: string;
  /** Folder of a text encoder; without one the catalogue is searched by words alone. */
  readonly encoder?: string;
  readonly imageEncoder?: string;
  /** A folder or a zip archive; a picture belongs to the item whose id or image column its name is. */
  readonly images?: string;
  /** What runs the encoders. */
  readonly backend: EmbedImagesOptions['backend'];
  readonly fingerprint: string;
  readonly threads: number;
  readonly seed: number;
  readonly command: string;
  readonly now: () => number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export interface IndexedCatalogue {
  readonly bundle: CatalogueBundle;
  readonly version: string;
  /** Texts and pictures whose vectors an earlier index had. */
  readonly reused: { readonly texts: number; readonly pictures: number };
  readonly withPicture: number;
  readonly faults: readonly ImageFault[];
}

/** Of pictures, beside the catalogue's versions. */
const CACHE_FOLDER = 'vectors';

type Vectors = NonNullable<CatalogueBundle['meaning']>;

/** @throws AppError NOT_FOUND for encoders or pictures that are not there; INTERRUPTED; DISK */
export async function indexCatalogue(
  items: CatalogueItems,
  options: IndexOptions,
): Promise<IndexedCatalogue> {
  const started = options.now();
  const before = existsSync(resolve(options.out, CATALOGUE_FOLDER)) ? loadCatalogue(options.out) : undefined;
  const texts =
    options.encoder === undefined
      ? undefined
      : await textVectors(items, options.encoder, { before, options });
  const seen =
    options.imageEncoder === undefined
      ? undefined
      : await pictureVectors(items, options.imageEncoder, options);
  const bundle: CatalogueBundle = {
    itemIds: items.itemIds,
    frame: items.frame,
    fields: { ...items.fields } as Record<string, string>,
    ...(texts && { meaning: texts.vectors }),
    ...(seen && { pictures: seen.vectors }),
    ...(before?.order && { order: before.order }),
  };
  const counts = { items: items.itemIds.length, pictures: seen?.count ?? 0 };
  const saved = saveVersion(options.out, {
    task: CATALOGUE_FOLDER,
    files: catalogueFiles(bundle),
    dataFingerprint: options.fingerprint,
    settings: {
      fields: bundle.fields,
      meaning: texts?.vectors.encoder.name ?? null,
      pictures: seen?.vectors.encoder.name ?? null,
    },
    seed: options.seed,
    metrics: counts,
    run: runRecord(
      { createdMs: options.now(), seconds: (options.now() - started) / 1000, command: options.command },
      [],
    ),
  });
  return {
    bundle,
    version: saved.version,
    reused: { texts: texts?.reused ?? 0, pictures: seen?.reused ?? 0 },
    withPicture: seen?.count ?? 0,
    faults: seen?.faults ?? [],
  };
}

/** Texts that an index by the same encoder has are not read again. */
async function textVectors(
  items: CatalogueItems,
  folder: string,
  { before, options }: { readonly before: CatalogueBundle | undefined; readonly options: IndexOptions },
): Promise<{ vectors: Vectors; reused: number }> {
  const encoder = await openAnyEncoder(folder);
  const passages = itemPassages(items);
  const known = new Map<string, Float32Array>();
  if (before?.meaning?.encoder.hash === encoder.hash) {
    const { width, vectors } = before.meaning;
    const old = itemPassages({ frame: before.frame, fields: before.fields });
    old.forEach((passage, i) => {
      known.set(passage, vectors.subarray(i * width, (i + 1) * width));
    });
  }
  const fresh = [...new Set(passages.filter((passage) => passage !== '' && !known.has(passage)))];
  const found = await embedTexts(encoder, fresh, {
    backend: options.backend,
    threads: options.threads,
    progress: options.progress,
    ...(options.signal && { signal: options.signal }),
  });
  const reused = passages.filter((passage) => known.has(passage)).length;
  fresh.forEach((passage, i) => {
    known.set(passage, found.subarray(i * encoder.width, (i + 1) * encoder.width));
  });
  const vectors = new Float32Array(passages.length * encoder.width);
  passages.forEach((passage, i) => {
    const own = known.get(passage);
    if (own) vectors.set(own, i * encoder.width);
  });
  const named = { folder: resolve(folder), name: encoder.name, hash: encoder.hash };
  return { vectors: { encoder: named, width: encoder.width, vectors }, reused };
}

async function pictureVectors(
  items: CatalogueItems,
  folder: string,
  options: IndexOptions,
): Promise<{ vectors: Vectors; count: number; reused: number; faults: readonly ImageFault[] }> {
  if (options.images === undefined)
    throw new AppError(
      'USAGE',
      '--image-encoder needs --images FOLDER or ARCHIVE.zip, where the pictures are',
    );
  const encoder = openImageEncoder(folder);
  const archive =
    extname(options.images).toLowerCase() === '.zip' ? openImageArchive(options.images) : undefined;
  try {
    const sources = archive?.images ?? imageFolder(options.images);
    const named = pictureOf(items, sources);
    const places = Array.from(named.keys()).filter((item) => named[item] !== undefined);
    if (places.length === 0)
      throw new AppError(
        'BAD_DATA',
        `expected pictures named after items (their id, or their cell under --image), none of ${sources.length} is`,
      );
    const found = await embedImagesCached(
      encoder,
      places.map((item) => named[item] as ImageSource),
      {
        backend: options.backend,
        threads: options.threads,
        progress: options.progress,
        ...(options.signal && { signal: options.signal }),
      },
      openVectorCache(join(options.out, CACHE_FOLDER), encoder),
    );
    const vectors = new Float32Array(items.itemIds.length * encoder.width);
    places.forEach((item, i) => {
      vectors.set(found.vectors.subarray(i * encoder.width, (i + 1) * encoder.width), item * encoder.width);
    });
    const by = { folder: resolve(folder), name: encoder.name, hash: encoder.hash };
    return {
      vectors: { encoder: by, width: encoder.width, vectors },
      count: places.length - found.faults.length,
      reused: found.reused,
      faults: found.faults,
    };
  } finally {
    archive?.close();
  }
}

/** The picture of each item, by the name in its image column, else by its id; endings of names do not matter. */
export function pictureOf(
  items: CatalogueItems,
  sources: readonly ImageSource[],
): readonly (ImageSource | undefined)[] {
  const stem = (file: string) => basename(file, extname(file));
  const byName = new Map(sources.map((source) => [source.name, source]));
  const byStem = new Map(sources.map((source) => [stem(source.name), source]));
  const told = fieldTexts(items, 'image');
  return items.itemIds.map((id, item) => {
    const file = told[item].slice(told[item].lastIndexOf('/') + 1);
    return (file === '' ? undefined : (byName.get(file) ?? byStem.get(stem(file)))) ?? byStem.get(id);
  });
}
