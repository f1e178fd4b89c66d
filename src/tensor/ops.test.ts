// The op table, row by row: onnxruntime equals the reference, the gradient equals the central difference.

import { describe, expect, it } from 'vitest';
import { random } from '../core/random.ts';
import { evaluate } from './evaluate.ts';
import { denseGradient, pullBack } from './gradient.ts';
import { type AnyOp, apply, type OpCase, type Tensor } from './graph.ts';
import { emitModel } from './onnx/emit.ts';
import { input } from './ops/leaf.ts';
import { OPS } from './ops.ts';
import { drawSample } from './sample-draw.ts';
import type { RunArray } from './session.ts';
import { nodeBackend } from './session-node.ts';
import type { DType } from './type.ts';

/** The step of the central difference: truncation ~ h² and rounding ~ 1e-16 / h meet near 1e-5. */
const STEP = 1e-5;

describe.each(OPS.filter((op) => op.cases.length > 0).map((op) => [op.name, op] as const))('%s', (_, op) => {
  it.each(op.cases.map((one, i) => [caseName(one, i), one] as const))(
    'in onnxruntime equals its reference: %s',
    async (_name, one) => {
      const { leaves, outputs, feeds } = build(op, one);
      const expected = evaluate(outputs, feeds);
      const named = Object.fromEntries(outputs.map((output, i) => [`y${i}`, output]));
      const session = await nodeBackend.open(emitModel(named, { inputs: leaves }), {
        optimisation: 'disabled',
      });
      const got = await session.run(
        Object.fromEntries(
          leaves.map((leaf, i) => [`x${i}`, asRun(feeds[`x${i}`] as Float64Array, leaf.dtype)]),
        ),
      );
      await session.release();
      for (const [i, want] of expected.entries())
        expectClose(got[`y${i}`] as RunArray, want, 2e-5, `${op.name} output ${i}`);
    },
  );

  if (op.gradient !== undefined)
    it.each(op.cases.map((one, i) => [caseName(one, i), one] as const))(
      'has the gradient the central difference has: %s',
      (_name, one) => {
        const { leaves, outputs, feeds } = build(op, one);
        const draws = random(7).fork(op.name);
        const real = outputs.filter((output) => output.dtype === 'float');
        const upstream = real.map((output, i) => input(`g${i}`, 'float', output.shape));
        const weights = real.map((output) =>
          Float64Array.from({ length: count(output) }, () => draws.normal()),
        );
        const all = { ...feeds, ...Object.fromEntries(weights.map((w, i) => [`g${i}`, w])) };
        const wanted = leaves.filter((leaf) => leaf.dtype === 'float');
        const found = pullBack(real, upstream, wanted).map((gradient, i) =>
          denseGradient(wanted[i] as Tensor, gradient),
        );

        const loss = (at: typeof all): number =>
          evaluate(real, at).reduce((total, values, i) => total + dot(values, weights[i] as Float64Array), 0);
        for (const [i, leaf] of wanted.entries()) {
          const name = `x${leaves.indexOf(leaf)}`;
          const start = feeds[name] as Float64Array;
          const gradient = found[i];
          const analytic =
            gradient === undefined
              ? new Float64Array(start.length)
              : (evaluate([gradient], all)[0] as Float64Array);
          const numeric = start.map(
            (_value, k) =>
              (loss({ ...all, [name]: moved(start, k, STEP) }) -
                loss({ ...all, [name]: moved(start, k, -STEP) })) /
              (2 * STEP),
          );
          expectClose(analytic, numeric, 1e-5, `${op.name} gradient to input ${leaves.indexOf(leaf)}`);
        }
      },
    );
});

it('has one row a name', () => {
  const names = OPS.map((op) => op.name);
  expect(new Set(names).size).toBe(names.length);
});

function caseName(one: OpCase, i: number): string {
  return one.name ?? `case ${i + 1} of [${one.inputs.map((sample) => sample.shape.join('×')).join('] [')}]`;
}

function build(op: AnyOp, one: OpCase) {
  const leaves = one.inputs.map((sample, i) => input(`x${i}`, sample.dtype, sample.shape));
  const { outputs } = apply(op, leaves, (one.attributes ?? {}) as never);
  const draws = random(11).fork(op.name);
  const feeds = Object.fromEntries(one.inputs.map((sample, i) => [`x${i}`, drawSample(sample, draws)]));
  return { leaves, outputs, feeds };
}

function count(tensor: Tensor): number {
  return tensor.shape.reduce((a, b) => a * b, 1);
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((total, value, i) => total + value * (b[i] as number), 0);
}

function moved(values: Float64Array, at: number, by: number): Float64Array {
  const copy = values.slice();
  copy[at] = (copy[at] as number) + by;
  return copy;
}

/** |got − want| ≤ tolerance · max(1, |want|), everywhere. */
function expectClose(
  got: ArrayLike<number | bigint>,
  want: Float64Array,
  tolerance: number,
  what: string,
): void {
  expect(got.length, what).toBe(want.length);
  for (const [i, value] of want.entries()) {
    const error = Math.abs(Number(got[i]) - value) / Math.max(1, Math.abs(value));
    expect(error, `${what}[${i}]: ${got[i]} against ${value}`).toBeLessThanOrEqual(tolerance);
  }
}

function asRun(values: Float64Array, dtype: DType): RunArray {
  switch (dtype) {
    case 'float':
      return Float32Array.from(values);
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
