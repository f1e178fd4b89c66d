// Weights of a TensorFlow.js model: one list of names and shapes, numbers in shards end to end.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isRecord } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import type { Weights } from './weights.ts';

interface ListedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** Bytes of a number, of the types a list may name. */
const BYTES: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, uint8: 1 };

/**
 * The weights that a folder's `model.json` lists; only float32 ones can be read.
 *
 * @throws AppError NOT_FOUND for a shard that is absent; BAD_FILE for a list that does not fit its shards, or quantised
 *   weights
 */
export async function readTensorFlowWeights(folder: string): Promise<Weights> {
  const groups = readGroups(await readFile(join(folder, 'model.json'), 'utf8'));
  const found = new Map<
    string,
    { readonly shape: readonly number[]; readonly bytes: Uint8Array; readonly dtype: string }
  >();
  for (const { paths, weights } of groups) {
    const bytes = Buffer.concat(await Promise.all(paths.map((path) => readShard(folder, path))));
    let start = 0;
    for (const { name, shape, dtype } of weights) {
      const end = start + shape.reduce((a, b) => a * b, 1) * BYTES[dtype];
      if (end > bytes.length)
        throw bad(`weight "${name}" ends at byte ${end} of ${bytes.length}: a shard is cut short`);
      found.set(name, { shape, dtype, bytes: bytes.subarray(start, end) });
      start = end;
    }
    if (start !== bytes.length)
      throw bad(`the weights end at byte ${start}, the shards at byte ${bytes.length}`);
  }
  return {
    names: [...found.keys()],
    shapeOf: (name) => found.get(name)?.shape,
    read: (name) => {
      const weight = found.get(name);
      if (weight === undefined)
        throw new AppError('NOT_FOUND', `model.json: expected a weight "${name}", found none`);
      if (weight.dtype !== 'float32') throw bad(`weight "${name}": expected float32, got ${weight.dtype}`);
      return new Float32Array(new Uint8Array(weight.bytes).buffer);
    },
  };
}

interface WeightGroup {
  readonly paths: readonly string[];
  readonly weights: readonly ListedWeight[];
}

function readGroups(text: string): readonly WeightGroup[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw bad('expected JSON', cause);
  }
  const manifest = isRecord(parsed) ? parsed.weightsManifest : undefined;
  if (!Array.isArray(manifest)) throw bad('expected a weightsManifest');
  return manifest.map((group: unknown) => {
    const { paths, weights } = isRecord(group) ? group : {};
    if (
      !Array.isArray(paths) ||
      !paths.every((path) => typeof path === 'string' && path === basename(path) && path !== '..')
    )
      throw bad('expected names of shards beside it');
    if (!Array.isArray(weights)) throw bad('expected a list of weights');
    return { paths, weights: weights.map(readListed) };
  });
}

function readListed(value: unknown): ListedWeight {
  const { name, shape, dtype, quantization } = isRecord(value) ? value : {};
  if (
    typeof name !== 'string' ||
    typeof dtype !== 'string' ||
    !Object.hasOwn(BYTES, dtype) ||
    quantization !== undefined
  )
    throw bad(`expected a name and a type of ${Object.keys(BYTES).join(', ')}, not quantised`);
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw bad(`weight "${name}": expected a shape of whole numbers`);
  return { name, shape, dtype };
}

async function readShard(folder: string, path: string): Promise<Buffer> {
  if (!existsSync(join(folder, path)))
    throw new AppError('NOT_FOUND', `expected ${path}, which model.json names, found none`, { file: path });
  return readFile(join(folder, path));
}

const bad = (what: string, cause?: unknown): AppError =>
  new AppError('BAD_FILE', `model.json: ${what}; install the package again`, {}, cause);
