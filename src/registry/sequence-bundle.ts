// All that answering "what comes next" takes, as the files of one saved version in a folder of its own.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord, type Json } from '../core/canonical-json.ts';
import { type CaseView, viewOf } from '../core/case-view.ts';
import { AppError, invariant } from '../core/errors.ts';
import type { ItemAttributes, Sequences } from '../core/sequences.ts';
import { clustersOf } from '../eval/bootstrap.ts';
import type { Protocol, Scores } from '../eval/score.ts';
import { loadNextItemModel } from '../models/sequence/catalogue.ts';
import type { NextItemModel } from '../models/sequence/recommender.ts';
import { type PackedArray, packArrays, unpackArrays } from './array-pack.ts';
import type { NamedEncoder } from './catalogue-bundle.ts';
import { fileBytes, type LoadedVersion, loadVersion } from './load.ts';
import { parseJson } from './manifest.ts';
import { readSavedModel, savedModelFiles } from './saved-model-files.ts';

/** From 2 on cases are places in sequences; before, each had a history of its own. */
const SEQUENCE_FORMAT = 2;

/** Versions of a next-item model lie in this folder of the one it is saved to. */
export const SEQUENCE_FOLDER = 'next-item';

export interface SequenceBundle {
  readonly model: NextItemModel;
  /** Row i belongs to item i of the model. */
  readonly attributes?: ItemAttributes;
  /** Encoders that read the items, by kind of vector: new items are read by the same. */
  readonly encoders?: Readonly<Record<string, NamedEncoder>>;
  /** Left-out items and what came before them, entities without their names; absent where a test file was named. */
  readonly cases?: CaseView;
  /** Places down to which rankings were read. */
  readonly at: readonly number[];
  /** Whether what an entity has had was a candidate in the test; the first way decides. */
  readonly histories: readonly ('included' | 'excluded')[];
  readonly protocol: Protocol;
  readonly scores: Scores;
  /** By recommender id. */
  readonly baselines: Readonly<Record<string, Scores>>;
}

/** The bundle as files for `saveVersion`. */
export function sequenceBundleFiles(bundle: SequenceBundle): Record<string, Json | Uint8Array> {
  const { model, attributes, cases, ...rest } = bundle;
  const arrays: Record<string, PackedArray> = {};
  if (cases) {
    const { sequences, rows, ends, targets } = cases;
    Object.assign(arrays, {
      // Who they were is not kept, only whose cases belong together, in an order that draws the same intervals.
      'cases.entities': clustersOf(sequences.entities).cluster,
      'cases.offsets': sequences.offsets,
      'cases.items': sequences.items,
      'cases.rows': rows,
      'cases.ends': ends,
      'cases.targets': targets,
    });
    if (sequences.timesMs) arrays['cases.times'] = sequences.timesMs;
    if (sequences.types) arrays['cases.types'] = sequences.types;
  }
  for (const [kind, { codes }] of Object.entries(attributes?.categories ?? {}))
    arrays[`items.${kind}`] = codes;
  if (attributes?.priceMinor) arrays['items price'] = attributes.priceMinor;
  const { index, bytes } = packArrays(arrays);
  const document = {
    sequence_format: SEQUENCE_FORMAT,
    ...rest,
    ...(cases?.sequences.typeLevels && { typeLevels: cases.sequences.typeLevels }),
    ...(attributes && {
      levels: Object.fromEntries(
        Object.entries(attributes.categories).map(([kind, { levels }]) => [kind, levels]),
      ),
    }),
    arrays: index,
  };
  return {
    'sequence.json': JSON.parse(JSON.stringify(document)) as Json,
    'sequence.bin': bytes,
    ...savedModelFiles('model', model.save()),
  };
}

export interface LoadedSequence extends SequenceBundle {
  readonly version: LoadedVersion;
}

/**
 * The newest model saved in a folder, every byte checked first.
 *
 * @param reference another version than the newest, as for `loadVersion`
 * @throws AppError NOT_FOUND, TAMPERED, VERSION, BAD_FILE
 */
export function loadSequence(
  folder: string,
  { reference }: { readonly reference?: string | undefined } = { reference: 'latest' },
): LoadedSequence {
  if (!existsSync(join(folder, SEQUENCE_FOLDER)))
    throw new AppError('NOT_FOUND', `expected a folder that "sequence fit" saved, "${folder}" is none`);
  const version = loadVersion(folder, SEQUENCE_FOLDER, reference);
  const document = parseJson(fileBytes(version.files, 'sequence.json'), 'sequence.json');
  if (!isRecord(document) || typeof document.sequence_format !== 'number')
    throw new AppError(
      'BAD_FILE',
      'expected a next-item model in sequence.json, got JSON of another shape: fit it again',
    );
  if (document.sequence_format > SEQUENCE_FORMAT)
    throw new AppError(
      'VERSION',
      `expected a next-item model of format ${SEQUENCE_FORMAT} or older, got ${document.sequence_format}: update foresell`,
    );
  // The bytes are the ones `sequenceBundleFiles` wrote: the manifest's digests have said so.
  const { arrays, levels, typeLevels, at, histories, protocol, scores, baselines, encoders } =
    document as unknown as Omit<SequenceBundle, 'model' | 'attributes' | 'cases'> & Stored;
  const model = loadNextItemModel(readSavedModel(version.files, 'model'));
  const unpacked = unpackArrays(arrays, fileBytes(version.files, 'sequence.bin'), 'sequence.json');
  const cases = casesOf(unpacked, model.itemIds, typeLevels);
  return {
    version,
    model,
    at,
    histories,
    protocol,
    scores,
    baselines,
    ...(encoders && { encoders }),
    ...(cases && { cases }),
    ...(levels && { attributes: attributesOf(unpacked, levels) }),
  };
}

interface Stored {
  readonly arrays: Json;
  readonly levels?: Readonly<Record<string, readonly string[]>>;
  readonly typeLevels?: readonly string[];
}

/** Of the largest number an entity can have: texts then sort as numbers do. */
const DIGITS = 10;

type Unpacked = ReadonlyMap<string, PackedArray>;

function casesOf(
  arrays: Unpacked,
  itemIds: readonly string[],
  typeLevels: readonly string[] | undefined,
): CaseView | undefined {
  const entities = arrays.get('cases.entities');
  const offsets = arrays.get('cases.offsets');
  const items = arrays.get('cases.items');
  const targets = arrays.get('cases.targets');
  const timesMs = arrays.get('cases.times');
  const types = arrays.get('cases.types');
  const rows = arrays.get('cases.rows');
  const ends = arrays.get('cases.ends');
  if (
    !(
      entities instanceof Uint32Array &&
      offsets instanceof Uint32Array &&
      items instanceof Int32Array &&
      targets instanceof Int32Array
    )
  )
    return undefined;
  const before: Sequences = {
    entities: Array.from(entities, (entity) => String(entity).padStart(DIGITS, '0')),
    offsets,
    items,
    ...(timesMs instanceof Float64Array && { timesMs }),
    ...(types instanceof Uint8Array && { types }),
    ...(typeLevels && { typeLevels }),
    itemIds,
  };
  return rows instanceof Uint32Array && ends instanceof Uint32Array
    ? { sequences: before, rows, ends, targets }
    : viewOf({ before, targets });
}

function attributesOf(arrays: Unpacked, levels: Readonly<Record<string, readonly string[]>>): ItemAttributes {
  const priceMinor = arrays.get('items price');
  return {
    categories: Object.fromEntries(
      Object.entries(levels).map(([kind, own]) => {
        const codes = arrays.get(`items.${kind}`);
        invariant(codes instanceof Int32Array, `items have codes of "${kind}"`);
        return [kind, { codes, levels: own }];
      }),
    ),
    ...(priceMinor instanceof Float64Array && { priceMinor }),
  };
}
