// The op table once more: every row in onnxruntime-web equals its reference, and outputs handed in are not relied upon.

import { beforeAll, describe, expect, it } from 'vitest';
import { emitModel } from '../onnx/emit.ts';
import { add } from '../ops/arithmetic.ts';
import { input } from '../ops/leaf.ts';
import { OPS } from '../ops.ts';
import type { Backend } from '../session/session.ts';
import { openWebBackend } from '../session/session-web.ts';
import { checkOnnx } from './check.ts';

let backend: Backend;

beforeAll(async () => {
  backend = await openWebBackend();
});

describe('onnxruntime-web', () => {
  it.each(OPS.filter((op) => op.cases.length > 0).map((op) => [op.name, op] as const))(
    'computes %s as the reference does',
    async (_, op) => {
      for (const [i, one] of op.cases.entries()) {
        const { error, at } = await checkOnnx(op, one, backend);
        // float32 against float64, with the sums of the largest case
        expect(error, `case ${i + 1}, ${at}`).toBeLessThanOrEqual(2e-5);
      }
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
