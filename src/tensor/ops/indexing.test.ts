// Indexing beyond the op table: one-hot on both sides, gradients along other axes, and what errors say.

import { describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate.ts';
import { denseGradient, gradients } from '../gradient.ts';
import type { Tensor } from '../graph.ts';
import { emitModel } from '../onnx/emit.ts';
import { nodeBackend } from '../session/session-node.ts';
import { mul } from './arithmetic.ts';
import { gather, gatherElements, oneHot, scatterElements } from './indexing.ts';
import { input, parameter } from './leaf.ts';
import { sum } from './structure.ts';

describe('one-hot', () => {
  const places = input('places', 'int32', { batch: 2, time: 2 });
  const expected = [0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0];

  it('is 1 at the place, and all zeros for a place outside', () => {
    const hot = oneHot(places, 3);
    expect(hot.axes).toEqual([{ size: 2, name: 'batch' }, { size: 2, name: 'time' }, { size: 3 }]);
    expect([...(evaluate([hot], { places: [1, 0, 2, 3] })[0] as Float64Array)]).toEqual(expected);
  });

  it.each(['float', 'double'] as const)('is the same in onnxruntime as %s', async (float) => {
    const session = await nodeBackend.open(emitModel({ hot: oneHot(places, 3) }, { float }));
    const { hot } = await session.run({ places: Int32Array.of(1, 0, 2, 3) });
    await session.release();
    expect([...(hot as Float32Array)]).toEqual(expected);
  });
});

it('what is read twice along another axis receives twice', () => {
  const x = parameter('x', { rows: 2, columns: 3 });
  const read = gather(x, input('places', 'int32', [3]), -1);
  const [gradient] = gradients(sum(mul(read, input('g', 'float', [2, 3]))), [x]);
  const dense = denseGradient(x, gradient as NonNullable<typeof gradient>) as Tensor;
  const [values] = evaluate([dense], { x: new Float64Array(6), places: [2, 0, 2], g: [1, 2, 4, 8, 16, 32] });
  expect([...(values as Float64Array)]).toEqual([2, 0, 5, 16, 0, 40]);
});

describe('errors', () => {
  const x = input('x', 'float', { batch: 2, items: 5 });

  it('name what was expected of shapes and types', () => {
    expect(() => gather(x, input('at', 'float', [3]))).toThrow('whole numbers');
    expect(() => gather(x, input('at', 'int32', [3]), 2)).toThrow('expected an axis from -2 to 1, got 2');
    expect(() => gatherElements(x, input('at', 'int32', [3, 1]))).toThrow(
      'of the shape [batch=2, items=5] but for axis 1, got int32 [3, 1]',
    );
    expect(() => scatterElements(input('at', 'int32', [2, 4]), x, 1, 9)).toThrow('one value a place');
  });

  it('name a place that is not there', () => {
    const at = input('at', 'int32', [1]);
    const feeds = { x: new Float64Array(10), at: [2] };
    expect(() => evaluate([gather(x, at)], feeds)).toThrow('expected a row from 0 to 1, got 2');
  });
});
