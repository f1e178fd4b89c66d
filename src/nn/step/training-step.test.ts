// A training step: it learns, adds micro-batches as mathematics does, repeats itself, and says where a NaN began.

import { describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import type { Backend } from '../../tensor/session/session.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { openWebBackend } from '../../tensor/session/session-web.ts';
import type { Gradient } from '../optimiser/gradient.ts';
import { ITEMS, LENGTHS, madeUpBatch, madeUpProgram, madeUpSettings, WIDTH } from '../trainer/made-up-run.ts';
import { type Batch, createTrainingStep, type TrainingStepOptions } from './training-step.ts';

const moment = { epoch: 0, learningRate: 0.01 };
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Batch 8 of bucket 0, and its examples one by one for a program of batch 1. */
const BATCH = madeUpBatch(0);
const singles: readonly Batch[] = Array.from({ length: 8 }, (_, i) => {
  const { items, target } = BATCH.arrays;
  const time = LENGTHS[0];
  return {
    bucket: 0,
    arrays: {
      items: items.slice(i * time, (i + 1) * time),
      target: target.slice(i, i + 1),
      weight: Float32Array.of(1),
    },
  };
});

const plain = madeUpSettings({ rate: 0 });
/** Gradient descent with rate 1: what a step takes off a weight is its gradient. */
const descent = { ...plain, backend: nodeBackend, optimiser: { kind: 'sgd' }, seed: 1 } as const;
const single = { ...descent, programs: [madeUpProgram(1, LENGTHS[0], 0)] };

/** The gradient of a step, by parameter, as the weights show it. */
async function gradientOf(options: TrainingStepOptions, batches: readonly Batch[]) {
  const run = createTrainingStep(options);
  const before = Object.fromEntries(
    Object.entries(run.values()).map(([name, value]) => [name, value.slice()]),
  );
  const { gradientNorm } = await run.step(batches, { epoch: 0, learningRate: 1 });
  const gradient = Object.fromEntries(
    ['table', 'hidden', 'bias', 'out'].map((name) => [
      name,
      before[name].map((value, i) => value - (run.values()[name] as Float32Array)[i]),
    ]),
  );
  await run.close();
  return { gradient, gradientNorm };
}

const flat = (gradient: Readonly<Record<string, ArrayLike<number>>>): number[] =>
  Object.values(gradient).flatMap((values) => Array.from(values));

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  // gradients of order 1 read off weights of order 1 in single precision
  for (const [i, value] of expected.entries()) expect(Math.abs(actual[i] - value)).toBeLessThan(3e-6);
}

describe('a training step', () => {
  it('makes the loss smaller, in every bucket', async () => {
    const run = createTrainingStep({ backend: nodeBackend, ...plain });
    const losses: number[] = [];
    for (let i = 0; i < 200; i++) losses.push((await run.step([madeUpBatch(i)], moment)).loss);
    expect(mean(losses.slice(-20))).toBeLessThan(0.1 * mean(losses.slice(0, 20)));
    const scores = await run.evaluate(madeUpBatch(10_000));
    expect(Number(scores.loss[0])).toBeLessThan(0.2 * mean(losses.slice(0, 20)));
    await run.close();
  });

  it('gives the gradient of the batch as the mean over its examples', async () => {
    const whole = await gradientOf(descent, [BATCH]);
    const parts = await gradientOf(single, singles);
    expectClose(flat(parts.gradient), flat(whole.gradient));
    expect(Math.hypot(...flat(whole.gradient))).toBeCloseTo(whole.gradientNorm, 4);
  });

  it('clips each example and then adds, as a loop over examples does', async () => {
    const bound = 0.05;
    const transform = (gradients: readonly Gradient[]): void => {
      const norm = Math.hypot(...gradients.flatMap(({ values }) => Array.from(values)));
      const factor = Math.min(1, bound / norm);
      for (const { values } of gradients) for (let i = 0; i < values.length; i++) values[i] *= factor;
    };
    const clipped = await gradientOf({ ...single, transform }, singles);
    const sums = new Float64Array(ITEMS * WIDTH + WIDTH * WIDTH + WIDTH + WIDTH);
    const norms: number[] = [];
    for (const example of singles) {
      const { gradient } = await gradientOf(single, [example]);
      const values = flat(gradient);
      const norm = Math.hypot(...values);
      norms.push(norm);
      for (const [i, value] of values.entries()) sums[i] += (value * Math.min(1, bound / norm)) / 8;
    }
    expectClose(flat(clipped.gradient), Array.from(sums));
    expect(Math.max(...norms)).toBeGreaterThan(bound);
  });

  it.each([
    { kind: 'adamw', beta1: 1 },
    { kind: 'adamw', epsilon: 0 },
    { kind: 'row-adam', beta2: Number.NaN },
    { kind: 'sgd', momentum: 1.5 },
  ] as const)('refuses the optimiser %j', (optimiser) => {
    expect(() => createTrainingStep({ backend: nodeBackend, ...plain, optimiser })).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
  });

  it.each([{ clipNorm: -1 }, { clipNorm: 0 }, { averageDecay: 1 }, { averageDecay: Number.NaN }])(
    'refuses %j, which would climb, stand still or never average',
    (wrong) => {
      expect(() => createTrainingStep({ backend: nodeBackend, ...plain, ...wrong })).toThrow(
        expect.objectContaining({ code: 'USAGE' }),
      );
    },
  );

  it('refuses settings of a parameter nobody trains, and names the nearest', () => {
    const parameters = { hiden: { weightDecay: 0 } };
    expect(() => createTrainingStep({ backend: nodeBackend, ...plain, parameters })).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringMatching(/trained parameter, got "hiden"; the nearest of 4 are "hidden", /),
      }),
    );
  });

  it.each([Number.NaN, -0.1, Number.POSITIVE_INFINITY])(
    'refuses the rate %s before a weight moves',
    async (learningRate) => {
      const run = createTrainingStep({ backend: nodeBackend, ...plain });
      await expect(run.step([BATCH], { epoch: 0, learningRate })).rejects.toMatchObject({ code: 'USAGE' });
      expect(run.values().hidden).toEqual(plain.values.hidden);
      await run.close();
    },
  );

  it.each([
    ['above', ITEMS],
    ['below', -1],
  ])(
    'refuses an id %s the rows of its table, trained on or evaluated, before anything moves',
    async (_, id) => {
      const run = createTrainingStep({ backend: nodeBackend, ...plain });
      const bad = madeUpBatch(0);
      bad.arrays.items[7] = id;
      const before = structuredClone(run.state());
      const expected = {
        code: 'BAD_DATA',
        message: expect.stringMatching(
          /^batch input "items" \[8, 3\]: expected ids in \[0, 40\), .* at \[2, 1\]$/,
        ),
        details: { input: 'items', position: [2, 1], below: ITEMS },
      };
      await expect(run.step([madeUpBatch(1), bad], moment)).rejects.toMatchObject(expected);
      await expect(run.evaluate(bad)).rejects.toMatchObject(expected);
      expect(run.state()).toEqual(before);
      await run.close();
    },
  );

  it('leaves all as it was when the second of two micro-batches fails', async () => {
    const fault = new Error('of the caller');
    let calls = 0;
    const transform = (): void => {
      if (++calls === 2) throw fault;
    };
    const run = createTrainingStep({ backend: nodeBackend, ...plain, transform });
    const before = structuredClone(run.state());
    await expect(run.step([BATCH, BATCH], moment)).rejects.toBe(fault);
    expect(run.state()).toEqual(before);
    await run.close();
  });

  it('moves statistics as the forward pass says', async () => {
    const run = createTrainingStep({ backend: nodeBackend, ...plain });
    const { table, hidden } = plain.values as { readonly table: Float32Array; readonly hidden: Float32Array };
    const expected = new Float64Array(WIDTH);
    for (const { arrays } of singles) {
      for (let j = 0; j < WIDTH; j++) {
        let inner = 0;
        for (const item of arrays.items)
          for (let k = 0; k < WIDTH; k++) inner += table[Number(item) * WIDTH + k] * hidden[k * WIDTH + j];
        expected[j] += (0.1 * Math.max(0, inner)) / 8;
      }
    }
    await run.step([BATCH], moment);
    const seen = run.values().seen;
    for (const [j, value] of expected.entries()) expect(seen[j]).toBeCloseTo(value, 6);
    await run.close();
  });

  it.each([1, 2])('repeats itself bit for bit on %d threads', async (threads) => {
    const states: unknown[] = [];
    for (let time = 0; time < 2; time++) {
      const run = createTrainingStep({ backend: nodeBackend, ...madeUpSettings({ batch: 64 }), threads });
      for (let i = 0; i < 20; i++) await run.step([madeUpBatch(i, 64), madeUpBatch(i + 1, 64)], moment);
      states.push(structuredClone(run.state()));
      await run.close();
    }
    expect(states[1]).toEqual(states[0]);
  });

  it('keeps as many sessions open as it was told', async () => {
    let open = 0;
    let most = 0;
    let opened = 0;
    const counting: Backend = {
      ...nodeBackend,
      async open(model, options) {
        const session = await nodeBackend.open(model, options);
        opened++;
        most = Math.max(most, ++open);
        return {
          ...session,
          release: () => {
            open--;
            return session.release();
          },
        };
      },
    };
    const run = createTrainingStep({ ...plain, backend: counting, openSessions: 1 });
    expect(open).toBe(0);
    for (const bucket of [0, 0, 1, 0]) await run.step([madeUpBatch(bucket, 8, bucket)], moment);
    await run.close();
    expect({ opened, most, open }).toEqual({ opened: 3, most: 1, open: 0 });
  });

  it.each<readonly [string, Record<string, undefined>]>([
    ['a parameter', { 'value.hidden': undefined }],
    ['a statistic', { 'statistic.seen': undefined }],
  ])('refuses a state without %s, and is then as it was', async (_, missing) => {
    const run = createTrainingStep({ backend: nodeBackend, ...plain });
    const other = createTrainingStep({ backend: nodeBackend, ...plain });
    await other.step([BATCH], moment);
    const state = { ...structuredClone(other.state()), ...missing } as ReturnType<typeof run.state>;
    const before = structuredClone(run.state());
    expect(() => run.restore(state)).toThrow(expect.objectContaining({ code: 'SHAPE' }));
    expect(run.state()).toEqual(before);
    await run.close();
    await other.close();
  });

  it('goes on from a state as the run it was taken from', async () => {
    const options = { backend: nodeBackend, ...madeUpSettings(), averageDecay: 0.9 };
    const first = createTrainingStep(options);
    for (let i = 0; i < 5; i++) await first.step([madeUpBatch(i)], moment);
    const second = createTrainingStep(options);
    second.restore(structuredClone(first.state()));
    for (const run of [first, second]) for (let i = 5; i < 9; i++) await run.step([madeUpBatch(i)], moment);
    expect(second.state()).toEqual(first.state());
    await first.close();
    await second.close();
  });
});

it('takes the same course on WebAssembly as on the native runtime', async () => {
  const losses = async (backend: Backend) => {
    const run = createTrainingStep({ backend, ...madeUpSettings() });
    const list: number[] = [];
    for (let i = 0; i < 50; i++)
      list.push((await run.step([madeUpBatch(2 * i), madeUpBatch(2 * i + 1)], moment)).loss);
    await run.close();
    return list;
  };
  const native = await losses(nodeBackend);
  for (const [i, loss] of (await losses(await openWebBackend())).entries())
    expect(Math.abs(loss - (native[i] as number))).toBeLessThan(1e-4);
});

describe('a number that is not finite', () => {
  const faultOf = async (settings: typeof plain, batches: readonly Batch[]): Promise<AppError> => {
    const run = createTrainingStep({ backend: nodeBackend, ...settings });
    const before = structuredClone(run.values());
    const error = await run.step(batches, moment).then(
      () => undefined,
      (caught: unknown) => caught,
    );
    expect(run.values()).toEqual(before);
    expect(run.steps).toBe(0);
    await run.close();
    expect(error).toBeInstanceOf(AppError);
    return error as AppError;
  };
  const withValue = (name: string, at: number, value: number): typeof plain => {
    const changed = (plain.values[name] as Float32Array).slice();
    changed[at] = value;
    return { ...plain, values: { ...plain.values, [name]: changed } };
  };

  it('in the batch is named as an input', async () => {
    const bad = madeUpBatch(0);
    (bad.arrays.target as Float32Array)[5] = Number.NaN;
    const fault = await faultOf(plain, [madeUpBatch(1), bad]);
    expect(fault).toMatchObject({ code: 'BAD_DATA', details: { tensor: 'target' } });
    expect(fault.message).toMatch(/^step 1: batch input "target" holds a NaN at 5/);
  });

  it('in a parameter is named as one', async () => {
    const fault = await faultOf(withValue('hidden', 3, Number.NaN), [madeUpBatch(0)]);
    expect(fault).toMatchObject({ code: 'DIVERGED', details: { tensor: 'hidden' } });
    expect(fault.message).toMatch(/parameter "hidden" held a NaN at 3 before the step/);
  });

  it('born in the forward pass is named by the op that made it', async () => {
    // 1e30 · 1e30 overflows in the product with `hidden`, before anything is squared.
    const huge = withValue('hidden', 0, 1e30);
    const table = (plain.values.table as Float32Array).map(() => 1e30);
    const settings = { ...huge, values: { ...huge.values, table } };
    const fault = await faultOf(settings, [madeUpBatch(0)]);
    expect(fault).toMatchObject({
      code: 'DIVERGED',
      details: { pass: 'forward', parameter: 'hidden', opType: expect.stringMatching(/MatMul|Gemm/) },
    });
  });

  it('born in the backward pass is named with the parameter whose gradient it spoils', async () => {
    // Hidden values of 1e25 meet an error of 1e15: the loss, 1e30, is finite; their product, the gradient of `out`, is not.
    const table = (plain.values.table as Float32Array).map(() => 1e12);
    const hidden = new Float32Array(WIDTH * WIDTH).fill(1e12);
    const out = new Float32Array(WIDTH).fill(1e-11);
    const settings = { ...plain, values: { ...plain.values, table, hidden, out } };
    const fault = await faultOf(settings, [madeUpBatch(0)]);
    expect(fault).toMatchObject({ code: 'DIVERGED', details: { pass: 'backward', gradient: 'out' } });
    expect(fault.message).toMatch(/comes out of (MatMul|Gemm) in the backward pass.*gradient of "out"/);
  });

  it('is told even where the search for its origin fails', async () => {
    let opened = 0;
    const backend: Backend = {
      ...nodeBackend,
      open: (model, options) =>
        ++opened > 1 ? Promise.reject(new Error('no memory')) : nodeBackend.open(model, options),
    };
    const table = (plain.values.table as Float32Array).map(() => 1e30);
    const run = createTrainingStep({ ...plain, backend, values: { ...plain.values, table } });
    await expect(run.step([madeUpBatch(0)], moment)).rejects.toMatchObject({
      code: 'DIVERGED',
      message: expect.stringMatching(/^step 1: the loss is not finite/),
      cause: new Error('no memory'),
    });
    await run.close();
  });
});
