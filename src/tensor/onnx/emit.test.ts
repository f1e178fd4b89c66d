// Emission: names a caller gives never meet those the writer makes up.

import { expect, it } from 'vitest';
import { evaluate } from '../evaluate.ts';
import { add, mul } from '../ops/arithmetic.ts';
import { exp } from '../ops/elementwise.ts';
import { input } from '../ops/leaf.ts';
import { nodeBackend } from '../session/session-node.ts';
import { emitModel } from './emit.ts';

it.each([
  ['t0', 'y'],
  ['c0', 'y'],
  ['c1', 't1'],
  ['x', 't0'],
])('an input "%s" and an output "%s" keep their names and their meaning', async (given, asked) => {
  const x = input(given, 'float', [2]);
  const raised = exp(add(mul(x, 3), 1));
  const outputs = { [asked]: add(raised, 2), twice: mul(raised, 2) };
  const session = await nodeBackend.open(emitModel(outputs));
  const got = await session.run({ [given]: Float32Array.of(0.25, -1) });
  await session.release();
  const [sum, twice] = evaluate(Object.values(outputs), { [given]: [0.25, -1] }) as [
    Float64Array,
    Float64Array,
  ];
  expect(Array.from(got[asked] as Float32Array)).toEqual([
    expect.closeTo(sum[0]!, 4),
    expect.closeTo(sum[1]!, 4),
  ]);
  expect(Array.from(got.twice as Float32Array)).toEqual([
    expect.closeTo(twice[0]!, 4),
    expect.closeTo(twice[1]!, 4),
  ]);
});
