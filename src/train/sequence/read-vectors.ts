// Vectors of items for models of what comes next: a catalogue's texts and pictures, read by encoders.

import { extname, resolve } from 'node:path';
import { AppError } from '../../core/errors.ts';
import type { ItemCatalogue } from '../../core/item-catalogue.ts';
import type { ItemVectors } from '../../core/item-vectors.ts';
import { type Progress, silent } from '../../core/progress.ts';
import { type EmbedImagesOptions, embedImages } from '../../encoders/image/embed-images.ts';
import { openImageEncoder } from '../../encoders/image/image-encoder.ts';
import { type ImageSource, imageFolder } from '../../encoders/image/image-source.ts';
import { openImageArchive } from '../../encoders/image/zip-images.ts';
import { openAnyEncoder } from '../../encoders/own/own-folder.ts';
import { embedTexts } from '../../encoders/text/embed.ts';
import type { NamedEncoder } from '../../registry/catalogue-bundle.ts';
import { type CatalogueItems, catalogueItems, itemPassages } from '../catalogue/catalogue-items.ts';
import { pictureOf } from '../catalogue/index-catalogue.ts';

/** What reads items. */
export interface ItemReaders {
  /** Folder of a text encoder. */
  readonly encoder?: string;
  readonly imageEncoder?: string;
  /** A folder or a zip archive; a picture is named after its item, or as the item's image column says. */
  readonly images?: string;
}

export interface ReadVectorsOptions {
  /** What runs the encoders. */
  readonly backend: EmbedImagesOptions['backend'];
  readonly threads: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** Which encoder made the vectors of a kind; saved with a model, so that items to come are read by the same. */
export type VectorSources = Readonly<Record<string, NamedEncoder>>;

export interface ReadVectors {
  /** One a kind, row i being item i of the catalogue. */
  readonly vectors: readonly ItemVectors[];
  readonly sources: VectorSources;
}

export const readsNothing = ({ encoder, imageEncoder }: ItemReaders): boolean =>
  encoder === undefined && imageEncoder === undefined;

/** @throws AppError USAGE for pictures without an encoder, or the other way round */
export function checkReaders({ images, imageEncoder }: ItemReaders): void {
  if ((images === undefined) === (imageEncoder === undefined)) return;
  throw new AppError('USAGE', 'expected --images PLACE and --image-encoder FOLDER together, got one of them');
}

/**
 * Items of which nothing is written, or no picture can be read, have no vector.
 *
 * @param from items before this one are not read: a model has theirs
 * @param to   nor are those from this one on
 * @throws AppError USAGE for items without a column of titles; NOT_FOUND, BAD_FILE as the encoders; INTERRUPTED
 */
export async function readVectors(
  catalogue: ItemCatalogue,
  readers: ItemReaders,
  {
    from = 0,
    to = catalogue.itemIds.length,
    progress = silent,
    ...options
  }: ReadVectorsOptions & { readonly from?: number; readonly to?: number },
): Promise<ReadVectors> {
  const items = catalogueItems(catalogue, {}, readers.encoder !== undefined);
  const running = { ...options, progress };
  const isRead = (item: number): boolean => item >= from && item < to;
  const read: ReadKind[] = [];
  if (readers.encoder !== undefined) {
    const encoder = await openAnyEncoder(readers.encoder);
    const passages = itemPassages(items).map((passage, item) => (isRead(item) ? passage : ''));
    const different = [...new Set(passages.filter((passage) => passage !== ''))];
    const rowOf = new Map(different.map((passage, row) => [passage, row]));
    const found = await embedTexts(encoder, different, running);
    const { width } = encoder;
    const values = new Float32Array(passages.length * width);
    passages.forEach((passage, item) => {
      const row = rowOf.get(passage);
      if (row !== undefined) values.set(found.subarray(row * width, (row + 1) * width), item * width);
    });
    const known = Uint8Array.from(passages, (passage) => (passage === '' ? 0 : 1));
    const by = { folder: resolve(readers.encoder), name: encoder.name, hash: encoder.hash };
    read.push({ vectors: { name: 'text', width, values, known }, by });
  }
  if (readers.imageEncoder !== undefined) {
    const later = { ...items, itemIds: items.itemIds.map((id, item) => (isRead(item) ? id : '')) };
    read.push(await readPictures(later, readers.imageEncoder, { ...running, images: readers.images ?? '' }));
  }
  return {
    vectors: read.map(({ vectors }) => vectors),
    sources: Object.fromEntries(read.map(({ vectors, by }) => [vectors.name, by])),
  };
}

interface ReadKind {
  readonly vectors: ItemVectors;
  readonly by: NamedEncoder;
}

/** Items without an id are passed over. */
async function readPictures(
  items: CatalogueItems,
  folder: string,
  { images, ...running }: ReadVectorsOptions & { readonly images: string },
): Promise<ReadKind> {
  const encoder = openImageEncoder(folder);
  const archive = extname(images).toLowerCase() === '.zip' ? openImageArchive(images) : undefined;
  try {
    const pictures = pictureOf(items, archive?.images ?? imageFolder(images));
    const places = [...pictures.keys()].filter((item) => items.itemIds[item] !== '' && pictures[item]);
    const { width } = encoder;
    const values = new Float32Array(items.itemIds.length * width);
    const known = new Uint8Array(items.itemIds.length);
    const wanted = places.map((item) => pictures[item] as ImageSource);
    const found = await embedImages(encoder, wanted, running);
    places.forEach((item, i) => {
      values.set(found.vectors.subarray(i * width, (i + 1) * width), item * width);
      known[item] = found.present[i];
    });
    const by = { folder: resolve(folder), name: encoder.name, hash: encoder.hash };
    return { vectors: { name: 'image', width, values, known }, by };
  } finally {
    archive?.close();
  }
}

/**
 * Vectors of the items a model never saw, by the encoders it learned from; absent where there is no new item, or nothing is
 * written of them.
 *
 * @param moved where encoders lie now, and where pictures of the new items are
 * @throws AppError NOT_FOUND for an encoder that lies elsewhere now, TAMPERED for another one; as `readVectors`
 */
export async function readNewVectors(
  catalogue: ItemCatalogue,
  learned: VectorSources | undefined,
  { moved, ...running }: ReadVectorsOptions & { readonly moved: ItemReaders },
): Promise<readonly ItemVectors[] | undefined> {
  if (!learned || catalogue.known === catalogue.itemIds.length) return undefined;
  const encoder = catalogue.titles ? learned.text && (moved.encoder ?? learned.text.folder) : undefined;
  const hasPictures = learned.image !== undefined && moved.images !== undefined;
  const readers: ItemReaders = {
    ...(encoder !== undefined && { encoder }),
    ...(hasPictures && { images: moved.images, imageEncoder: moved.imageEncoder ?? learned.image.folder }),
  };
  if (readsNothing(readers)) return undefined;
  const { vectors, sources } = await readVectors(catalogue, readers, { ...running, from: catalogue.known });
  for (const [kind, { name, hash }] of Object.entries(sources))
    if (learned[kind].hash !== hash)
      throw new AppError(
        'TAMPERED',
        `expected the encoder "${learned[kind].name}" that the model learned from to read new items, "${name}" is another: name its folder`,
      );
  return vectors;
}
