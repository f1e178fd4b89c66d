// The fashion photographs: what the table says of each product, and the vectors of its picture by MobileNetV2.
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CategoryColumn, findColumn, type TextColumn, type VectorColumn } from '../../src/core/frame.ts';
import { name } from '../../src/core/name.ts';
import { random } from '../../src/core/random.ts';
import { readTable } from '../../src/data/table/read-table.ts';
import { openVectorCache } from '../../src/encoders/cache/vector-cache.ts';
import { embedImagesCached } from '../../src/encoders/image/embed-images.ts';
import { type ImageEncoder, openImageEncoder } from '../../src/encoders/image/image-encoder.ts';
import type { ImageSource } from '../../src/encoders/image/image-source.ts';
import { openImageArchive } from '../../src/encoders/image/zip-images.ts';
import { searchWords } from '../../src/models/retrieval/search-words.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import type { BenchOptions } from '../bench.ts';

const shared = join(dirname(fileURLToPath(import.meta.url)), '../../../shared');
const TABLE = join(shared, 'data/fashion_images/styles_with_images.csv.gz');
const ARCHIVE = join(shared, 'data/fashion_images/images_9583.zip');
export const MOBILENET = join(shared, 'models/mobilenet-v2-1.0-224-imagenet-dequant');
export const USE_LITE = join(shared, 'models/use-lite-en');
/** Vectors are kept from run to run: what they are of and who gave them name them. */
const CACHE = join(tmpdir(), 'foresell-bench-vectors');

export const FASHION_FIELDS = ['gender', 'masterCategory', 'articleType', 'baseColour'] as const;

export interface Fashion {
  readonly ids: readonly string[];
  readonly names: readonly string[];
  readonly fields: Readonly<Record<(typeof FASHION_FIELDS)[number], readonly string[]>>;
  /** Products whose names say the same have one key: they stay on one side of a split. */
  readonly keys: readonly string[];
  readonly sources: readonly ImageSource[];
  readonly encoder: ImageEncoder;
}

/** @throws Error where the photographs are not beside the repository */
export async function readFashion(): Promise<Fashion> {
  for (const path of [TABLE, ARCHIVE, MOBILENET])
    if (!existsSync(path)) throw new Error(`this benchmark needs ${path}`);
  const types = {
    id: 'text',
    productDisplayName: 'text',
    ...Object.fromEntries(FASHION_FIELDS.map((field) => [field, 'category'])),
  };
  const { frame } = await readTable(TABLE, { types });
  const texts = (key: string) => (findColumn(frame, key) as TextColumn).values;
  const levels = (key: string) => {
    const column = findColumn(frame, key) as CategoryColumn;
    return Array.from(column.codes, (code) => column.levels[code] ?? '');
  };
  const ids = texts('id');
  const byName = new Map(openImageArchive(ARCHIVE).images.map((source) => [source.name, source]));
  const names = texts('productDisplayName');
  return {
    ids,
    names,
    fields: Object.fromEntries(
      FASHION_FIELDS.map((field) => [field, levels(field)]),
    ) as unknown as Fashion['fields'],
    keys: names.map((title, i) => [...new Set(searchWords(title))].sort().join(' ') || ids[i]),
    sources: ids.map((id) => byName.get(`${id}.jpg`) as ImageSource),
    encoder: openImageEncoder(MOBILENET),
  };
}

/** Vectors of all pictures, [products, width]. */
export async function pictureVectors(
  fashion: Fashion,
  { threads, log }: BenchOptions,
): Promise<Float32Array> {
  const { encoder, sources } = fashion;
  const found = await embedImagesCached(
    encoder,
    sources,
    { backend: nodeBackend, threads },
    openVectorCache(CACHE, encoder),
  );
  log(
    `pictures: ${sources.length - found.reused} read, ${found.reused} known, ${found.faults.length} unreadable`,
  );
  return found.vectors;
}

export const vectorColumn = (key: string, width: number, values: Float32Array): VectorColumn => ({
  ...{ name: key, label: name(key, key), unit: 'none', group: key, kind: 'vector' },
  width,
  values,
});

export function takeVectors(vectors: Float32Array, width: number, rows: readonly number[]): Float32Array {
  const taken = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    taken.set(vectors.subarray(row * width, (row + 1) * width), i * width);
  });
  return taken;
}

/** A fifth of the names, drawn by the seed, with all products that have them. */
export function splitByName(keys: readonly string[], seed: number): { train: number[]; test: number[] } {
  const distinct = random(seed)
    .fork('split')
    .shuffle([...new Set(keys)].sort());
  const held = new Set(distinct.slice(0, Math.floor(distinct.length / 5)));
  const rows = Array.from(keys.keys());
  return { train: rows.filter((i) => !held.has(keys[i])), test: rows.filter((i) => held.has(keys[i])) };
}

export const meanAndSpread = (
  values: readonly number[],
): { mean: number; std_dev: number; seeds: number } => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std_dev: Math.sqrt(squares / Math.max(1, values.length - 1)), seeds: values.length };
};
