// A catalogue made ready for search, as the files of one saved version: its columns, its vectors, and which encoders gave them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord, type Json } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import { type Frame, findColumn, makeFrame, type VectorColumn } from '../core/frame.ts';
import { name } from '../core/name.ts';
import type { OrderWeights } from '../models/retrieval/purchase-order.ts';
import { frameFiles, readFrame } from './frame-files.ts';
import { fileBytes, type LoadedVersion, loadVersion } from './load.ts';
import { parseJson } from './manifest.ts';

export const CATALOGUE_FOLDER = 'catalogue';
const FORMAT = 1;

/** An encoder by where it lies and what it is. */
export interface NamedEncoder {
  readonly folder: string;
  readonly name: string;
  /** Of weights and plan: a question is read by the same one. */
  readonly hash: string;
}

export interface CatalogueBundle {
  readonly itemIds: readonly string[];
  /** Row i is item i. */
  readonly frame: Frame;
  /** Columns of the frame by what they are for: `title` is always there. */
  readonly fields: Readonly<Record<string, string>>;
  /** Vectors of titles, [items, width]; zeros where an item has none. */
  readonly meaning?: {
    readonly encoder: NamedEncoder;
    readonly width: number;
    readonly vectors: Float32Array;
  };
  /** Vectors of pictures. */
  readonly pictures?: {
    readonly encoder: NamedEncoder;
    readonly width: number;
    readonly vectors: Float32Array;
  };
  /** How likeness and purchases weigh, where searches have taught it. */
  readonly order?: OrderWeights;
}

/** Names no column of a shop has. */
const OWN = { ids: ' item', meaning: ' meaning', pictures: ' pictures' } as const;

const vectorColumn = (key: string, width: number, values: Float32Array): VectorColumn => ({
  ...{ name: key, label: name(key, key), unit: 'none', group: key, kind: 'vector' },
  width,
  values,
});

/** The bundle as files for `saveVersion`. */
export function catalogueFiles(bundle: CatalogueBundle): Record<string, Json | Uint8Array> {
  const { itemIds, frame, fields, meaning, pictures, order } = bundle;
  const columns = [
    ...frame.columns,
    {
      ...({
        name: OWN.ids,
        label: name('item', '商品'),
        unit: 'none',
        group: OWN.ids,
        kind: 'text',
      } as const),
      values: itemIds,
    },
    ...(meaning ? [vectorColumn(OWN.meaning, meaning.width, meaning.vectors)] : []),
    ...(pictures ? [vectorColumn(OWN.pictures, pictures.width, pictures.vectors)] : []),
  ];
  const document = {
    catalogue_format: FORMAT,
    fields,
    ...(meaning && { meaning: meaning.encoder }),
    ...(pictures && { pictures: pictures.encoder }),
    ...(order && { order }),
  };
  return {
    'catalogue.json': JSON.parse(JSON.stringify(document)) as Json,
    ...frameFiles('items', makeFrame(columns, { rows: itemIds.length, currency: frame.currency })),
  };
}

export interface LoadedCatalogue extends CatalogueBundle {
  readonly version: LoadedVersion;
}

/**
 * The newest catalogue of a folder, every byte checked first.
 *
 * @throws AppError NOT_FOUND, TAMPERED, VERSION, BAD_FILE
 */
export function loadCatalogue(folder: string): LoadedCatalogue {
  if (!existsSync(join(folder, CATALOGUE_FOLDER)))
    throw new AppError('NOT_FOUND', `expected a folder that "catalogue index" made, "${folder}" is none`);
  const version = loadVersion(folder, CATALOGUE_FOLDER, 'latest');
  const document = parseJson(fileBytes(version.files, 'catalogue.json'), 'catalogue.json');
  if (!isRecord(document) || typeof document.catalogue_format !== 'number')
    throw new AppError(
      'BAD_FILE',
      'expected a catalogue in catalogue.json, got JSON of another shape: index it again',
    );
  if (document.catalogue_format > FORMAT)
    throw new AppError(
      'VERSION',
      `expected a catalogue of format ${FORMAT} or older, got ${document.catalogue_format}: update foresell`,
    );
  // The bytes are those `catalogueFiles` wrote: the manifest's digests have said so.
  const { fields, meaning, pictures, order } = document as unknown as {
    readonly fields: Record<string, string>;
    readonly meaning?: NamedEncoder;
    readonly pictures?: NamedEncoder;
    readonly order?: OrderWeights;
  };
  const all = readFrame(version.files, 'items');
  const ids = findColumn(all, OWN.ids);
  if (ids?.kind !== 'text')
    throw new AppError('BAD_FILE', 'expected the ids of items in items.json: index it again');
  const vectors = (key: string, encoder: NamedEncoder | undefined) => {
    const column = findColumn(all, key);
    return encoder && column?.kind === 'vector'
      ? { encoder, width: column.width, vectors: column.values }
      : undefined;
  };
  const [meant, seen] = [vectors(OWN.meaning, meaning), vectors(OWN.pictures, pictures)];
  const hidden: ReadonlySet<string> = new Set(Object.values(OWN));
  return {
    version,
    itemIds: ids.values,
    frame: { ...all, columns: all.columns.filter((column) => !hidden.has(column.name)) },
    fields,
    ...(meant && { meaning: meant }),
    ...(seen && { pictures: seen }),
    ...(order && { order }),
  };
}
