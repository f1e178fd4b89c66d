// An embedding's gradient with nine duplicates in ten equals the sum in order, bit for bit, on one and two threads.
// The benchmark does the same 200 times, and counts what onnxruntime's ScatterND loses.

import { describe, expect, it } from 'vitest';
import { addInOrder, countWrongRuns, drawDuplicates } from './made-up-duplicates.ts';

describe.each([1, 2])('with %i threads', (threads) => {
  it('rows fetched and added by the kernel lose nothing', async () => {
    expect(await countWrongRuns('kernel', { threads, runs: 20, seed: 1 })).toBe(0);
  });

  it('rows scattered inside the graph lose nothing', async () => {
    expect(await countWrongRuns('graph', { threads, runs: 20, seed: 1 })).toBe(0);
  });
});

it('the drawn places are nine tenths duplicates, and the order of adding shows', () => {
  const { indices, upstream } = drawDuplicates(5);
  expect(new Set(indices).size).toBe(indices.length / 10);
  const width = upstream.length / indices.length;
  const backwards = {
    indices: indices.toReversed(),
    upstream: Float32Array.from(
      upstream,
      (_, i) => upstream[(indices.length - 1 - Math.floor(i / width)) * width + (i % width)] as number,
    ),
  };
  expect(addInOrder(backwards)).not.toEqual(addInOrder({ indices, upstream }));
});
