// The two measures of an op: how far its gradient is from the central difference, how far onnxruntime is from its reference.

import { random } from '../../core/random.ts';
import { evaluate } from '../evaluate.ts';
import { denseGradient, pullBack } from '../gradient.ts';
import { type AnyOp, apply, type OpCase, type Tensor } from '../graph.ts';
import { emitModel } from '../onnx/emit.ts';
import { input } from '../ops/leaf.ts';
import type { Backend, RunArray } from '../session/session.ts';
import { type DType, volume } from '../type.ts';
import { drawSample } from './sample-draw.ts';

/** The step of the central difference: truncation ~ h² and rounding ~ 1e-16 / h meet near 1e-5. */
const STEP = 1e-5;

/** Largest |got − want| / max(1, |want|), and where. */
export interface Deviation {
  readonly error: number;
  /** Such as `input 1, value 4: 0.31 against 0.3`. */
  readonly at: string;
}

interface BuiltCase {
  readonly leaves: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly feeds: Readonly<Record<string, Float64Array>>;
}

/**
 * The gradient of a row of the op table against the central difference of its reference, in float64, for random
 * upstream values. A right rule stays under 1e-5.
 */
export function checkGradient(op: AnyOp, one: OpCase): Deviation {
  const { leaves, outputs, feeds } = build(op, one);
  const draws = random(7).fork(op.name);
  const real = outputs.slice(0, op.results).filter((output) => output.dtype === 'float');
  const upstream = real.map((output, i) => input(`g${i}`, 'float', output.shape));
  const weights = real.map(({ shape }) => Float64Array.from({ length: volume(shape) }, () => draws.normal()));
  const all = { ...feeds, ...Object.fromEntries(weights.map((w, i) => [`g${i}`, w])) };
  const wanted = leaves.filter((leaf) => leaf.dtype === 'float');
  const found = pullBack(real, upstream, wanted);

  const loss = (at: typeof all): number =>
    evaluate(real, at).reduce((total, values, i) => total + dot(values, weights[i] as Float64Array), 0);
  const deviations = wanted.map((leaf, i) => {
    const name = `x${leaves.indexOf(leaf)}`;
    const start = feeds[name] as Float64Array;
    const gradient = denseGradient(leaf, found[i] as (typeof found)[number]);
    const analytic =
      gradient === undefined
        ? new Float64Array(start.length)
        : (evaluate([gradient], all)[0] as Float64Array);
    const numeric = start.map((_, k) => {
      const above = loss({ ...all, [name]: moved(start, k, STEP) });
      const below = loss({ ...all, [name]: moved(start, k, -STEP) });
      return (above - below) / (2 * STEP);
    });
    return deviation(analytic, numeric, `gradient of input ${leaves.indexOf(leaf)}`);
  });
  return largest(deviations);
}

/** onnxruntime against the reference of a row, in the given precision. */
export async function checkOnnx(
  op: AnyOp,
  one: OpCase,
  backend: Backend,
  float: 'float' | 'double' = 'float',
): Promise<Deviation> {
  const { leaves, outputs, feeds } = build(op, one);
  const expected = evaluate(outputs, feeds);
  const named = Object.fromEntries(outputs.map((output, i) => [`y${i}`, output]));
  const session = await backend.open(emitModel(named, { inputs: leaves, float }), {
    optimisation: 'disabled',
  });
  const arrays = leaves.map(({ dtype }, i) => [`x${i}`, asRun(feeds[`x${i}`] as Float64Array, dtype, float)]);
  const got = await session.run(Object.fromEntries(arrays));
  await session.release();
  return largest(expected.map((want, i) => deviation(got[`y${i}`] as RunArray, want, `output ${i}`)));
}

function build(op: AnyOp, one: OpCase): BuiltCase {
  const leaves = one.inputs.map((sample, i) => input(`x${i}`, sample.dtype, sample.shape));
  const { outputs } = apply(op, leaves, (one.attributes ?? {}) as never);
  const draws = random(11).fork(op.name);
  const feeds = Object.fromEntries(one.inputs.map((sample, i) => [`x${i}`, drawSample(sample, draws)]));
  return { leaves, outputs, feeds };
}

function deviation(got: ArrayLike<number | bigint>, want: Float64Array, what: string): Deviation {
  if (got.length !== want.length)
    return { error: Number.POSITIVE_INFINITY, at: `${what}: ${got.length} values against ${want.length}` };
  let worst: Deviation = { error: 0, at: what };
  for (const [i, value] of want.entries()) {
    const found = Number(got[i]);
    const error = found === value ? 0 : Math.abs(found - value) / Math.max(1, Math.abs(value));
    // written so that a NaN is a deviation too
    if (!(error <= worst.error))
      worst = {
        error: Number.isNaN(error) ? Number.POSITIVE_INFINITY : error,
        at: `${what}, value ${i}: ${found} against ${value}`,
      };
  }
  return worst;
}

function largest(deviations: readonly Deviation[]): Deviation {
  return deviations.reduce((worst, one) => (one.error > worst.error ? one : worst), {
    error: 0,
    at: 'nowhere',
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((total, value, i) => total + value * (b[i] as number), 0);
}

function moved(values: Float64Array, at: number, by: number): Float64Array {
  const copy = values.slice();
  copy[at] = (copy[at] as number) + by;
  return copy;
}

function asRun(values: Float64Array, dtype: DType, float: 'float' | 'double'): RunArray {
  switch (dtype) {
    case 'float':
      return float === 'double' ? values : Float32Array.from(values);
    case 'int32':
      return Int32Array.from(values);
    case 'int64':
      return BigInt64Array.from(Array.from(values, BigInt));
    case 'int8':
      return Int8Array.from(values);
    default:
      return Uint8Array.from(values);
  }
}
