// A session: which array lands in which input.

import { describe, expect, it } from 'vitest';
import { emitModel } from '../onnx/emit.ts';
import { add } from '../ops/arithmetic.ts';
import { gather } from '../ops/indexing.ts';
import { input } from '../ops/leaf.ts';
import { sum } from '../ops/structure.ts';
import { nodeBackend } from './session-node.ts';
import { openWebBackend } from './session-web.ts';

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

describe.each([
  ['onnxruntime-node', async () => nodeBackend],
  ['onnxruntime-web', () => openWebBackend()],
] as const)('on %s', (_, backendOf) => {
  const model = emitModel({
    read: gather(input('table', 'float', [4, 2]), input('ids', 'int32', [3])),
  });
  const table = new Float32Array(8);

  it('a number onnxruntime refuses is not told, the op and node are, and its own words are the cause', async () => {
    const session = await (await backendOf()).open(model);
    const failed = session.run({ table, ids: Int32Array.of(0, 1, 987654) });
    await expect(failed).rejects.toMatchObject({
      code: 'BAD_DATA',
      message: expect.stringMatching(/^onnxruntime refused what it met at Gather "\w+"/),
      details: { opType: 'Gather' },
      cause: expect.objectContaining({ message: expect.stringContaining('987654') }),
    });
    await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining('987654') });
    await session.release();
  });

  it('a released session says so', async () => {
    const session = await (await backendOf()).open(model);
    await session.release();
    const expected = { code: 'USAGE', message: expect.stringContaining('released') };
    await expect(session.run({ table, ids: new Int32Array(3) })).rejects.toMatchObject(expected);
    await expect(session.release()).rejects.toMatchObject(expected);
  });

  it.each([0, -1, 1.5, Number.NaN])('%s threads are refused', async (threads) => {
    await expect((await backendOf()).open(model, { threads })).rejects.toMatchObject({ code: 'USAGE' });
  });
});

it('a WebAssembly backend of no thread is refused', async () => {
  await expect(openWebBackend({ threads: 0 })).rejects.toMatchObject({ code: 'USAGE' });
});
