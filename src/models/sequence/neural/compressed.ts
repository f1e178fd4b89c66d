// A trained network made smaller: the matrices it is asked through pruned, rounded to whole numbers, or both.
import { AppError } from '../../../core/errors.ts';
import { type Int8Options, toInt8 } from '../../../nn/compress/int8-weights.ts';
import { applyMasks, magnitudeMasks } from '../../../nn/compress/magnitude-pruning.ts';
import { chooseWeights } from '../../../nn/compress/weight-uses.ts';
import { readModel } from '../../../tensor/onnx/read.ts';
import { volume } from '../../../tensor/type.ts';
import type { SavedModel } from '../../estimator.ts';
import type { Compression } from '../recommender.ts';
import { readValues } from '../saved-recommender.ts';
import { stateProgram, vectorProgram } from './answers.ts';
import type { Network } from './network.ts';
import { lengthSteps } from './settings.ts';
import type { Trained, Values } from './trained.ts';

/** A matrix, and along which of its axes numbers share a scale with none but their own row or column. */
export interface ScaledAxis {
  readonly shape: readonly [number, number];
  readonly axis: Int8Options['axis'];
}

/**
 * The matrices that products and look-ups read when the network is asked, by name. Shifts, norms, what is small and what
 * only learning reads stay as they are.
 */
export function scaledAxes(network: Network, values: Values): ReadonlyMap<string, ScaledAxis> {
  const [time] = lengthSteps(network.settings.length);
  const programs = [stateProgram(network, { batch: 1, time }, values), vectorProgram(network, values)];
  const found = programs.flatMap(({ model }) => chooseWeights(readModel(model), () => true).chosen);
  return new Map(found.map(({ tensor, shape, axis }) => [tensor.name, { shape, axis }]));
}

/** @throws AppError USAGE for a way that makes nothing smaller, NOT_ENOUGH_DATA where no matrix is large enough */
export function compressTrained(trained: Trained, how: Compression): Trained {
  checkCompression(how);
  const { network, members } = trained;
  const axes = scaledAxes(network, members[0]);
  if (axes.size === 0)
    throw new AppError(
      'NOT_ENOUGH_DATA',
      'expected a network with matrices of 1,024 numbers or more, got a smaller one: there is nothing to gain',
    );
  return {
    ...trained,
    compressed: how,
    members: members.map((values): Values => {
      const own: Record<string, Float32Array> = {};
      for (const [name, value] of Object.entries(values)) own[name] = value.slice();
      const matrices = Object.fromEntries([...axes.keys()].map((name) => [name, own[name]]));
      if (how.sparsity > 0) applyMasks(matrices, magnitudeMasks(matrices, how.sparsity, { match: '**' }));
      if (how.bits !== 32)
        for (const [name, axis] of axes) own[name] = roundedWeight(own[name], axis, how.bits);
      return own;
    }),
  };
}

export function checkCompression({ bits, sparsity }: Compression): void {
  if (!(sparsity >= 0 && sparsity < 1))
    throw new AppError('USAGE', `expected to prune a share from 0 to below 1, got ${sparsity}`);
  if (bits !== 7 && bits !== 8 && bits !== 32)
    throw new AppError('USAGE', `expected weights of 8, 7 or 32 bits, got ${bits}`);
  if (bits === 32 && sparsity === 0)
    throw new AppError('USAGE', 'expected fewer bits than 32 or a share to prune: nothing would be smaller');
}

function roundedWeight(weights: Float32Array, { shape, axis }: ScaledAxis, bits: 7 | 8): Float32Array {
  return widened(toInt8(weights, shape, { axis, bits }), { shape, axis });
}

function widened(
  { values, scales }: { readonly values: Int8Array; readonly scales: Float32Array },
  { shape: [, columns], axis }: ScaledAxis,
): Float32Array {
  return Float32Array.from(
    values,
    (value, at) => value * scales[axis === 0 ? Math.floor(at / columns) : at % columns],
  );
}

export type Packed = Float32Array | Uint8Array | Int32Array;

const PARTS = {
  whole: '~int8',
  rows: '~row scales',
  columns: '~column scales',
  floats: '~floats',
  mask: '~mask',
};

/** Whether an array of a saved model is a part of a packed one. */
export const isPart = (key: string): boolean => Object.values(PARTS).some((part) => key.endsWith(part));

export const isPacked = ({ arrays = {} }: SavedModel, key: string): boolean =>
  arrays[key + PARTS.whole] !== undefined || arrays[key + PARTS.floats] !== undefined;

/**
 * A compressed matrix as arrays under names of its own: numbers that are not zero, their scales, and which they are, a bit each,
 * where a good part is zero.
 */
export function packWeight(
  key: string,
  weights: Float32Array,
  { shape, axis }: ScaledAxis,
  { bits, sparsity }: Compression,
): (readonly [string, Packed])[] {
  const isKept = (value: number): boolean => sparsity === 0 || value !== 0;
  const mask: [string, Packed][] = sparsity > 0 ? [[key + PARTS.mask, bitsOf(weights)]] : [];
  if (bits === 32) return [[key + PARTS.floats, weights.filter(isKept)], ...mask];
  const { values, scales } = toInt8(weights, shape, { axis, bits });
  // Signs lie as two's complement: the file's arrays have no signed bytes.
  const kept = Uint8Array.from(values.filter((_, at) => isKept(weights[at])));
  return [[key + PARTS.whole, kept], [key + (axis === 0 ? PARTS.rows : PARTS.columns), scales], ...mask];
}

/** @throws AppError BAD_FILE for parts that do not fit together */
export function unpackWeight(saved: SavedModel, key: string, shape: readonly number[]): Float32Array {
  const count = volume(shape);
  const { arrays = {} } = saved;
  const mask = arrays[key + PARTS.mask] && readValues(saved, key + PARTS.mask, 'uint8', Math.ceil(count / 8));
  const isKept = (at: number): boolean => !mask || ((mask[at >> 3] >> (at & 7)) & 1) === 1;
  let size = 0;
  for (let at = 0; at < count; at++) if (isKept(at)) size++;
  const spread = <T extends Float32Array | Int8Array>(own: ArrayLike<number>, into: T): T => {
    for (let at = 0, next = 0; at < count; at++) if (isKept(at)) into[at] = own[next++];
    return into;
  };
  if (arrays[key + PARTS.floats])
    return spread(readValues(saved, key + PARTS.floats, 'float32', size), new Float32Array(count));
  const values = spread(readValues(saved, key + PARTS.whole, 'uint8', size), new Int8Array(count));
  const axis = arrays[key + PARTS.rows] ? 0 : 1;
  const scales = readValues(saved, key + (axis === 0 ? PARTS.rows : PARTS.columns), 'float32', shape[axis]);
  return widened({ values, scales }, { shape: shape as ScaledAxis['shape'], axis });
}

/** A bit for every number that is not zero, the lowest first. */
function bitsOf(weights: Float32Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(weights.length / 8));
  for (let at = 0; at < weights.length; at++) if (weights[at] !== 0) bits[at >> 3] |= 1 << (at & 7);
  return bits;
}

/** @throws AppError BAD_FILE */
export function readCompression(found: Compression, estimator: string): Compression {
  try {
    checkCompression(found);
  } catch (cause) {
    throw new AppError('BAD_FILE', `a saved "${estimator}" model is compressed in no way known`, {}, cause);
  }
  return found;
}
