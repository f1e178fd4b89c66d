// First values of parameters: the usual recipes, each drawn from the parameter's own stream.

import type { Random } from '../core/random.ts';
import { volume } from '../tensor/type.ts';
import type { Initialiser, ParameterSpec } from './module.ts';

/** All 0: biases and shifts. */
export const zeros: Initialiser = (shape) => new Float32Array(volume(shape));

/** All 1: the gains of norms. */
export const ones: Initialiser = (shape) => new Float32Array(volume(shape)).fill(1);

/** All the same value. */
export function filled(value: number): Initialiser {
  return (shape) => new Float32Array(volume(shape)).fill(value);
}

/** Normal with mean 0. 0.02 is GPT-2's and BERT's choice. */
export function normal(stdDev = 0.02): Initialiser {
  return (shape, draws) => Float32Array.from({ length: volume(shape) }, () => draws.normal(0, stdDev));
}

/**
 * Uniform in ±√(6 / (fanIn + fanOut)): keeps the size of activations and gradients alike.
 *
 * @see Glorot and Bengio 2010, eq. 16
 */
export const glorot: Initialiser = (shape, draws) => {
  const { fanIn, fanOut } = fans(shape);
  return uniform(Math.sqrt(6 / (fanIn + fanOut)), shape, draws);
};

/**
 * Normal with variance 2 / fanIn: for layers followed by a rectifier.
 *
 * @see He et al. 2015, arXiv:1502.01852, eq. 10
 */
export const he: Initialiser = (shape, draws) => {
  const stdDev = Math.sqrt(2 / fans(shape).fanIn);
  return Float32Array.from({ length: volume(shape) }, () => draws.normal(0, stdDev));
};

function uniform(limit: number, shape: readonly number[], draws: Random): Float32Array {
  return Float32Array.from({ length: volume(shape) }, () => limit * (2 * draws.uniform() - 1));
}

/** Weights are [inputs, outputs]; a convolution's are [outputs, inputs, ...kernel]. */
function fans(shape: readonly number[]): { readonly fanIn: number; readonly fanOut: number } {
  if (shape.length <= 2) return { fanIn: shape[0] ?? 1, fanOut: shape[1] ?? 1 };
  const kernel = volume(shape.slice(2));
  return { fanIn: (shape[1] as number) * kernel, fanOut: (shape[0] as number) * kernel };
}

/** First values of every parameter by name; adding a parameter changes no other's. */
export function initialValues(
  parameters: readonly ParameterSpec[],
  draws: Random,
): Record<string, Float32Array> {
  return Object.fromEntries(
    parameters.map(({ name, tensor, initialise }) => [name, initialise(tensor.shape, draws.fork(name))]),
  );
}
