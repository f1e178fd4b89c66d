// The op table once more: every row in onnxruntime-web equals its reference, and outputs handed in are not relied upon.

import { beforeAll, describe, expect, it } from 'vitest';
import { random } from '../core/random.ts';
import { evaluate } from './evaluate.ts';
import { type AnyOp, apply, type OpCase } from './graph.ts';
import { emitModel } from './onnx/emit.ts';
import { add } from './ops/arithmetic.ts';
import { input } from './ops/leaf.ts';
import { OPS } from './ops.ts';
import { drawSample } from './sample-draw.ts';
import type { Backend, RunArray } from './session.ts';
import { openWebBackend } from './session-web.ts';
import type { DType } from './type.ts';

let backend: Backend;

beforeAll(async () => {
  backend = await openWebBackend();
});

describe('onnxruntime-web', () => {
  it.each(OPS.filter((op) => op.cases.length > 0).map((op) => [op.name, op] as const))(
    'computes %s as the reference does',
    async (name, op) => {
      for (const [i, one] of op.cases.entries()) await expectReference(op, one, `${name}, case ${i + 1}`);
    },
  );

  it('returns a new array where one was handed in, and leaves that as it was', async () => {
    const x = input('x', 'float', [2]);
    const session = await backend.open(emitModel({ y: add(x, 1) }));
    const place = new Float32Array(2);
    const { y } = await session.run({ x: Float32Array.of(1, 2) }, { y: place });
    await session.release();
    expect([...(y as Float32Array)]).toEqual([2, 3]);
    expect([...place]).toEqual([0, 0]);
  });

  it('sees what changed in an array since the last run', async () => {
    const x = input('x', 'float', [2]);
    const session = await backend.open(emitModel({ y: add(x, 1) }));
    const fed = Float32Array.of(1, 2);
    await session.run({ x: fed });
    fed[0] = 10;
    const { y } = await session.run({ x: fed });
    await session.release();
    expect([...(y as Float32Array)]).toEqual([11, 3]);
  });
});

async function expectReference(op: AnyOp, one: OpCase, what: string): Promise<void> {
  const leaves = one.inputs.map((sample, i) => input(`x${i}`, sample.dtype, sample.shape));
  const { outputs } = apply(op, leaves, (one.attributes ?? {}) as never);
  const draws = random(11).fork(op.name);
  const feeds = Object.fromEntries(one.inputs.map((sample, i) => [`x${i}`, drawSample(sample, draws)]));
  const expected = evaluate(outputs, feeds);
  const named = Object.fromEntries(outputs.map((output, i) => [`y${i}`, output]));
  const session = await backend.open(emitModel(named, { inputs: leaves }), { optimisation: 'disabled' });
  const got = await session.run(
    Object.fromEntries(leaves.map(({ dtype }, i) => [`x${i}`, asRun(feeds[`x${i}`] as Float64Array, dtype)])),
  );
  await session.release();
  for (const [i, want] of expected.entries()) {
    const found = got[`y${i}`] as RunArray;
    expect(found.length, what).toBe(want.length);
    for (const [k, value] of want.entries()) {
      const error = Math.abs(Number(found[k]) - value) / Math.max(1, Math.abs(value));
      // float32 against float64, with the sums of the largest case
      expect(error, `${what}, output ${i}[${k}]: ${found[k]} against ${value}`).toBeLessThanOrEqual(2e-5);
    }
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
