// Weights of a published model: named arrays of any float width in one file or several, given out as float32.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { readSafeTensors, writeSafeTensors } from '../../nn/checkpoint/safetensors.ts';
import { loadFloat32, type StoredTensor, storeArray } from '../../nn/checkpoint/stored-tensor.ts';
import { readWeightsFile } from './read-weights-file.ts';
import type { Weights } from './weights.ts';

const FLOATS: ReadonlySet<string> = new Set(['F32', 'F16', 'BF16']);

/**
 * A file's weights. Every length, range and overlap is checked first; tensors of other types may lie in it (tables of
 * places are whole numbers in old files) as long as nobody asks for them.
 *
 * @throws AppError BAD_FILE for a file cut short, or a header that does not fit its bytes
 */
export function readWeights(file: Uint8Array): Weights {
  return weightsOf(readSafeTensors(file).tensors);
}

function weightsOf(tensors: ReadonlyMap<string, StoredTensor>): Weights {
  return {
    names: [...tensors.keys()],
    shapeOf: (name) => tensors.get(name)?.shape,
    read: (name) => {
      const tensor = tensors.get(name);
      if (tensor === undefined)
        throw new AppError('NOT_FOUND', `expected a weight "${name}", found none of ${tensors.size}`);
      if (!FLOATS.has(tensor.dtype))
        throw new AppError(
          'BAD_FILE',
          `weight "${name}": expected float32, float16 or bfloat16, got ${tensor.dtype}; take a file that is not quantised`,
        );
      return loadFloat32(tensor);
    },
  };
}

/** Weights as a file, float32. */
export function writeWeights(
  weights: Readonly<Record<string, { readonly shape: readonly number[]; readonly values: Float32Array }>>,
): Uint8Array {
  return writeSafeTensors(
    Object.fromEntries(
      Object.entries(weights).map(([name, { shape, values }]) => [name, storeArray(values, shape)]),
    ),
  );
}

/** What a folder's weights may be called: one file, or the list of several. */
export const WEIGHTS_FILE = 'model.safetensors';
export const SHARDS_FILE = 'model.safetensors.index.json';

/**
 * The weights of a folder, in one file or in shards; undefined where it has neither.
 *
 * @throws AppError NOT_FOUND for a shard that is absent; BAD_FILE for an index that names files elsewhere, or weights that
 *   are not where it says
 */
export async function readFolderWeights(folder: string): Promise<Weights | undefined> {
  const whole = join(folder, WEIGHTS_FILE);
  if (existsSync(whole)) return readWeights(await readWeightsFile(whole));
  const index = join(folder, SHARDS_FILE);
  if (!existsSync(index)) return undefined;
  const shardOf = readShardIndex(await readFile(index, 'utf8'));
  const tensors = new Map<string, StoredTensor>();
  for (const shard of new Set(shardOf.values())) {
    const path = join(folder, shard);
    if (!existsSync(path))
      throw new AppError('NOT_FOUND', `expected ${shard}, which ${SHARDS_FILE} names, found none`);
    for (const [name, tensor] of readSafeTensors(await readWeightsFile(path)).tensors)
      tensors.set(name, tensor);
  }
  for (const [name, shard] of shardOf)
    if (!tensors.has(name))
      throw new AppError('BAD_FILE', `${SHARDS_FILE}: expected weight "${name}" in ${shard}, found none`);
  return weightsOf(tensors);
}

/**
 * Which file holds which weight.
 *
 * @throws AppError BAD_FILE for what is not an index, or names a file outside its folder
 */
export function readShardIndex(text: string): ReadonlyMap<string, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new AppError('BAD_FILE', `expected ${SHARDS_FILE} in JSON`, {}, cause);
  }
  const map = (parsed as { weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== 'object' || map === null || Array.isArray(map) || Object.keys(map).length === 0)
    throw new AppError('BAD_FILE', `${SHARDS_FILE}: expected a weight_map of file names by weight`);
  for (const file of Object.values(map))
    if (typeof file !== 'string' || file !== basename(file) || !file.endsWith('.safetensors'))
      throw new AppError('BAD_FILE', `${SHARDS_FILE}: expected names of .safetensors files beside it`);
  return new Map(Object.entries(map as Record<string, string>));
}
