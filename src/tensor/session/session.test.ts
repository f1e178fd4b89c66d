// A session: which array lands in which input.

import { expect, it } from 'vitest';
import { emitModel } from '../onnx/emit.ts';
import { add } from '../ops/arithmetic.ts';
import { input } from '../ops/leaf.ts';
import { sum } from '../ops/structure.ts';
import { nodeBackend } from './session-node.ts';

it('one array feeds two inputs of different shapes, run after run', async () => {
  const total = add(sum(input('flat', 'float', [6])), sum(input('table', 'float', [2, 3])));
  const session = await nodeBackend.open(emitModel({ total }));
  const values = Float32Array.of(1, 2, 3, 4, 5, 6);
  for (let run = 0; run < 2; run++)
    expect((await session.run({ flat: values, table: values })).total?.[0]).toBe(42);
  await session.release();
});

it('an input without a value is named', async () => {
  const session = await nodeBackend.open(emitModel({ total: sum(input('flat', 'float', [6])) }));
  await expect(session.run({})).rejects.toThrow('expected a value for input "flat", got none');
  await expect(session.run({ flat: new Float32Array(5) })).rejects.toThrow('expected 6 values, got 5');
  await session.release();
});

it('an array of another kind than its input is named', async () => {
  const session = await nodeBackend.open(emitModel({ total: sum(input('x', 'float', [2])) }));
  await expect(session.run({ x: Int32Array.of(1, 2) })).rejects.toMatchObject({
    code: 'SHAPE',
    message: '"x" is of type float: expected a Float32Array, got a Int32Array',
  });
  await session.release();
});
