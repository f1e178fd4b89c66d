// Magnitude pruning: which weights go, that they stay gone while training goes on, and that a resumed run is the same run.

import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { createTrainingStep } from '../step/training-step.ts';
import { madeUpBatch, madeUpSettings, madeUpSource } from '../trainer/made-up-run.ts';
import { train } from '../trainer/train.ts';
import { applyMasks, magnitudeMasks, sparsityTable } from './magnitude-pruning.ts';
import { cubicSparsity, withPruning } from './pruned-training.ts';

const draws = random(3);
const values = {
  'a.weight': Float32Array.from({ length: 200 }, () => draws.normal()),
  'b.weight': Float32Array.from({ length: 100 }, () => draws.normal(0, 0.1)),
  'b.bias': new Float32Array(10).fill(0.001),
};
const kept = (mask: Uint8Array = new Uint8Array(0)): number => mask.reduce((total, bit) => total + bit, 0);

describe('magnitude masks', () => {
  it('leave out the same share of every tensor, and only its smallest', () => {
    const masks = magnitudeMasks(values, 0.8, { match: '**.weight' });
    expect(Object.keys(masks)).toEqual(['a.weight', 'b.weight']);
    expect([kept(masks['a.weight']), kept(masks['b.weight'])]).toEqual([40, 20]);
    for (const [name, mask] of Object.entries(masks)) {
      const sizes = (values[name as keyof typeof values] as Float32Array).map(Math.abs);
      const smallestKept = Math.min(...sizes.filter((_, i) => mask[i] === 1));
      expect(Math.max(...sizes.filter((_, i) => mask[i] === 0))).toBeLessThanOrEqual(smallestKept);
    }
  });

  it('with one threshold for all take more where weights are small', () => {
    const masks = magnitudeMasks(values, 0.5, { match: '**.weight', scope: 'global' });
    expect(kept(masks['a.weight']) + kept(masks['b.weight'])).toBe(150);
    expect(kept(masks['a.weight'])).toBeGreaterThan(120);
  });

  it('take exactly as many where all weights are equal', () => {
    const masks = magnitudeMasks({ w: new Float32Array(9).fill(-2) }, 1 / 3, { match: 'w' });
    expect([...(masks.w as Uint8Array)]).toEqual([0, 0, 0, 1, 1, 1, 1, 1, 1]);
  });

  it('of nothing leave all, and of more hold those of less', () => {
    const [none, some, more] = [0, 0.3, 0.6].map(
      (sparsity) => magnitudeMasks(values, sparsity, { match: 'a.*' })['a.weight'] as Uint8Array,
    ) as [Uint8Array, Uint8Array, Uint8Array];
    expect(kept(none)).toBe(200);
    expect(some.every((bit, i) => bit >= (more[i] as number))).toBe(true);
  });

  it('refuse a share of all and a pattern of nothing', () => {
    expect(() => magnitudeMasks(values, 1, { match: '**' })).toThrowError(
      expect.objectContaining({ code: 'USAGE' }),
    );
    expect(() => magnitudeMasks(values, 0.5, { match: 'c.*' })).toThrowError(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
  });

  it('are counted tensor by tensor', () => {
    const copy = { w: Float32Array.of(1, 2, 3, 4), v: Float32Array.of(0, 1) };
    applyMasks(copy, magnitudeMasks(copy, 0.5, { match: 'w' }));
    expect(sparsityTable(copy)).toEqual([
      { name: 'w', count: 4, zeros: 2, sparsity: 0.5 },
      { name: 'v', count: 2, zeros: 1, sparsity: 0.5 },
      { name: 'total', count: 6, zeros: 3, sparsity: 0.5 },
    ]);
  });
});

it('a cubic schedule is the written one', () => {
  const share = cubicSparsity({ from: 0.1, to: 0.9, firstStep: 100, lastStep: 300 });
  expect(share(99)).toBe(0);
  expect(share(100)).toBeCloseTo(0.1, 12);
  // half way: .9 − .8 / 8
  expect(share(200)).toBeCloseTo(0.8, 12);
  expect([share(300), share(1000)]).toEqual([0.9, 0.9]);
  expect(() => cubicSparsity({ to: 0.5, lastStep: 0 })).toThrowError(
    expect.objectContaining({ code: 'USAGE' }),
  );
});

describe('training while pruning', () => {
  const match = ['table', 'hidden'];
  const moment = { epoch: 0, learningRate: 0.01 };
  const open = (averageDecay?: number) =>
    createTrainingStep({
      backend: nodeBackend,
      ...madeUpSettings(),
      ...(averageDecay === undefined ? {} : { averageDecay }),
    });
  const shares = (run: ReturnType<typeof open>): readonly number[] =>
    sparsityTable(run.values(), match).map(({ sparsity }) => sparsity);

  it('keeps pruned weights at zero while the others learn', async () => {
    const plain = open();
    for (let i = 0; i < 20; i++) await plain.step([madeUpBatch(i)], moment);
    const run = withPruning(plain, { match, sparsity: 0.5 });
    const { hidden } = run.masks() as { readonly hidden: Uint8Array };
    const before = (run.values().hidden as Float32Array).slice();
    const losses: number[] = [];
    for (let i = 20; i < 120; i++) losses.push((await run.step([madeUpBatch(i)], moment)).loss);
    const after = run.values().hidden as Float32Array;
    expect(after.every((value, i) => (value === 0) === (hidden[i] === 0))).toBe(true);
    expect(after).not.toEqual(before);
    expect(shares(run)).toEqual([0.5, 0.5, 0.5]);
    const mean = (part: readonly number[]) => part.reduce((a, b) => a + b, 0) / part.length;
    expect(mean(losses.slice(-10))).toBeLessThan(0.7 * mean(losses.slice(0, 10)));
    await run.close();
  });

  it('prunes more and more, at the steps it was told', async () => {
    const sparsity = cubicSparsity({ to: 0.75, lastStep: 8 });
    const run = withPruning(open(), { match, sparsity, every: 4 });
    const seen: number[] = [];
    for (let i = 0; i < 9; i++) {
      await run.step([madeUpBatch(i)], moment);
      seen.push(shares(run).at(-1) as number);
    }
    const half = Math.round((0.75 - 0.75 / 8) * 320 + (0.75 - 0.75 / 8) * 64) / 384;
    expect(seen.slice(0, 3)).toEqual([0, 0, 0]);
    for (const share of seen.slice(3, 7)) expect(share).toBeCloseTo(half, 12);
    expect(seen.slice(7)).toEqual([0.75, 0.75]);
    await run.close();
  });

  it('goes on from a state as the run it was taken from, averages included', async () => {
    const options = { match, sparsity: cubicSparsity({ to: 0.8, lastStep: 9 }), every: 3 };
    const [first, second] = [withPruning(open(0.9), options), withPruning(open(0.9), options)];
    for (let i = 0; i < 7; i++) await first.step([madeUpBatch(i)], moment);
    second.restore(structuredClone(first.state()));
    expect(second.masks()).toEqual(first.masks());
    for (const run of [first, second]) {
      for (let i = 7; i < 14; i++) await run.step([madeUpBatch(i)], moment);
      run.swapAverages();
      expect(shares(run).at(-1)).toBeCloseTo(0.8, 2);
      run.swapAverages();
    }
    expect(second.state()).toEqual(first.state());
    expect(shares(first).at(-1)).toBeCloseTo(0.8, 2);
    await first.close();
    await second.close();
  });

  it('works inside the training loop, whose averaged weights are pruned too', async () => {
    const prune = { match, sparsity: cubicSparsity({ to: 0.5, lastStep: 8 }), every: 4 };
    for await (const event of train({
      ...madeUpSettings(),
      backend: nodeBackend,
      batches: madeUpSource(),
      schedule: { kind: 'constant', rate: 0.01 },
      limits: { steps: 10 },
      averageDecay: 0.9,
      around: (step) => withPruning(step, prune),
    }))
      if (event.kind === 'stopped') expect(sparsityTable(event.values, match).at(-1)?.sparsity).toBe(0.5);
    expect.assertions(1);
  });
});
