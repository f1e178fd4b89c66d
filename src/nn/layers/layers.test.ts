// Every layer: its gradient against the central difference, and what it must not see.

import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { evaluate } from '../../tensor/evaluate.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { emitModel } from '../../tensor/onnx/emit.ts';
import { cast } from '../../tensor/ops/arithmetic.ts';
import { constant, input } from '../../tensor/ops/leaf.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { volume } from '../../tensor/type.ts';
import { gradientDeviation } from '../gradient-check.ts';
import { initialValues } from '../initialise.ts';
import { defineModule, type Module, trace } from '../module.ts';
import { attention } from './attention.ts';
import { distanceBuckets, gapBuckets, visibility } from './attention-bias.ts';
import { timeConvolution } from './convolution.ts';
import { embedding, tiedReadOut } from './embedding.ts';
import { feedForward } from './feed-forward.ts';
import { gru } from './gru.ts';
import { linear } from './linear.ts';
import { mlp } from './mlp.ts';
import { batchNorm, layerNorm, rmsNorm } from './norm.ts';
import { pooling } from './pooling.ts';
import { positions } from './positions.ts';
import { adaptiveEmbedding, hashedEmbedding } from './small-embedding.ts';
import { transformer } from './transformer.ts';

const SHAPE = { batch: 2, time: 4, width: 4 };
const MASK = constant([1, 1, 1, 1, 0, 1, 1, 0], [2, 4]);
const TIMES = constant([0, 1, 5, 900, 3, 3, 4, 60], [2, 4], 'int32');
const IDS = constant([0, 3, 3, 8, 1, 7, 0, 2], [2, 4], 'int32');

function over(build: (x: Tensor) => readonly [Module<never, unknown>, unknown]): Module<Tensor, Tensor> {
  return defineModule('over', (scope, x) => {
    const [module, value] = build(x);
    return scope.apply('it', module as Module<unknown, unknown>, value) as Tensor;
  });
}

const LAYERS: Readonly<Record<string, Module<Tensor, Tensor>>> = {
  linear: linear({ width: 3 }),
  mlp: mlp({ widths: [5, 2], activation: 'silu' }),
  embedding: over(() => [embedding({ count: 9, width: 3 }), IDS]),
  'hashed embedding, summed': over(() => [hashedEmbedding({ count: 9, rows: 4, width: 3 }), IDS]),
  'hashed embedding, side by side': over(() => [
    hashedEmbedding({ count: 9, rows: 4, width: 4, combine: 'concat' }),
    IDS,
  ]),
  'adaptive embedding': over(() => [adaptiveEmbedding({ ends: [2, 5, 9], width: 4, factor: 2 }), IDS]),
  'tied read-out': tiedReadOut({ count: 5, width: 4 }),
  'layer norm': layerNorm(),
  'rms norm': rmsNorm(),
  'batch norm': batchNorm({ axis: 2 }),
  positions: positions({ length: 6, countFrom: 'end' }),
  'attention with everything': over((x) => [
    attention({ width: 4, heads: 2, rotary: true, gapBuckets: 7, distanceBuckets: 5, dropout: 0.4 }),
    { x, bias: visibility(MASK, 4), gaps: gapBuckets(TIMES, 7), distances: distanceBuckets(4, 2) },
  ]),
  'feed-forward, silu': feedForward({ inner: 5, activation: 'silu', dropout: 0.3 }),
  'transformer, causal with times': over((x) => [
    transformer({
      width: 4,
      heads: 2,
      blocks: 2,
      inner: 5,
      causal: true,
      gapBuckets: 6,
      reach: 2,
      dropout: 0.2,
    }),
    { x, mask: MASK, times: TIMES },
  ]),
  'transformer, rms norm and swiglu': over((x) => [
    transformer({ width: 4, heads: 1, blocks: 1, norm: 'rms', activation: 'swiglu', rotary: true, inner: 3 }),
    { x },
  ]),
  'recurrent layer': defineModule(
    'recurrent',
    (scope, x) => gru({ hidden: 3 }).build(scope, { x, mask: MASK }).states,
  ),
  convolution: timeConvolution({ width: 3, kernel: 2, dilation: 2, causal: true }),
  'pooling by mean': over((x) => [pooling('mean'), { x, mask: MASK }]),
  'pooling by the largest': over((x) => [pooling('max'), { x, mask: MASK }]),
  'pooling by the last': over((x) => [pooling('last'), { x, mask: MASK }]),
};

interface Ready {
  readonly x: Tensor;
  readonly output: Tensor;
  readonly parameters: readonly Tensor[];
  readonly feeds: Readonly<Record<string, ArrayLike<number>>>;
}

/** A layer with parameters, masks and an input that are all far from 0. */
function ready(module: Module<Tensor, Tensor>, { training = true } = {}): Ready {
  const x = input('x', 'float', SHAPE);
  const { output, parameters, masks } = trace(module, x, { training });
  const draws = random(9);
  const drawn = (shape: readonly number[], scale: number): Float64Array =>
    Float64Array.from({ length: volume(shape) }, () => scale * draws.normal());
  const feeds: Record<string, ArrayLike<number>> = { x: drawn(x.shape, 1) };
  for (const { name, tensor } of parameters) feeds[name] = drawn(tensor.shape, 0.7);
  for (const { name, shape, rate } of masks)
    feeds[name] = drawn(shape, 1).map((value) => (value > 0 ? 1 / (1 - rate) : 0));
  const moved = parameters.filter(({ isStatistic }) => !isStatistic).map(({ tensor }) => tensor);
  return { x, output, parameters: moved, feeds };
}

it.each(Object.entries(LAYERS))('%s has the gradient of its central difference', (_, module) => {
  const { x, output, parameters, feeds } = ready(module);
  expect(gradientDeviation(output, [x, ...parameters], feeds)).toBeLessThan(1e-5);
});

it.each(Object.entries(LAYERS))(
  '%s builds for answering as for training, with the same parameters',
  (_, module) => {
    const x = input('x', 'float', SHAPE);
    const [training, answering] = [true, false].map((training) => trace(module, x, { training }));
    expect(answering?.parameters.map(({ name }) => name)).toEqual(
      training?.parameters.map(({ name }) => name),
    );
    expect(answering?.masks).toEqual([]);
    expect(answering?.output.shape).toEqual(training?.output.shape);
  },
);

it.each(Object.entries(LAYERS))('%s answers in onnxruntime as in the interpreter', async (_, module) => {
  const { output, feeds } = ready(module);
  const want = evaluate([output], feeds)[0] as Float64Array;
  const session = await nodeBackend.open(emitModel({ y: output }));
  const fed = Object.entries(feeds).map(([name, values]) => [name, Float32Array.from(values)] as const);
  const { y } = await session.run(Object.fromEntries(fed));
  await session.release();
  // float32; a padding place that sees nothing but hidden ones keeps seven digits of −10,000 + score
  for (const [i, value] of want.entries())
    expect(Math.abs(Number(y?.[i]) - value)).toBeLessThan(1e-3 * Math.max(1, Math.abs(value)));
});

describe('a layer that may not look ahead', () => {
  const stack = { width: 4, heads: 2, blocks: 2, inner: 5, causal: true };
  const causal: Readonly<Record<string, Module<Tensor, Tensor>>> = {
    transformer: over((x) => [transformer({ ...stack, rotary: true }), { x }]),
    'transformer with a mask and times': over((x) => [
      transformer({ ...stack, gapBuckets: 6, reach: 3 }),
      { x, mask: MASK, times: TIMES },
    ]),
    'transformer with norms last': over((x) => [transformer({ ...stack, normAt: 'post' }), { x }]),
    'recurrent layer': LAYERS['recurrent layer'] as Module<Tensor, Tensor>,
    convolution: LAYERS.convolution as Module<Tensor, Tensor>,
  };

  it.each(Object.entries(causal))('%s: a later event changes no earlier output', (_, module) => {
    const { output, feeds } = ready(module, { training: false });
    const before = evaluate([output], feeds)[0] as Float64Array;
    const width = output.shape[2] as number;
    for (let event = 0; event < SHAPE.time; event++) {
      // the first sequence has no padding
      const changed = Float64Array.from(feeds.x as Float64Array, (value, i) =>
        Math.floor(i / SHAPE.width) === event ? value + 3 * Math.cos(i) : value,
      );
      const after = evaluate([output], { ...feeds, x: changed })[0] as Float64Array;
      expect(after.slice(0, event * width)).toEqual(before.slice(0, event * width));
      expect(after.slice(event * width, (event + 1) * width)).not.toEqual(
        before.slice(event * width, (event + 1) * width),
      );
    }
  });

  it('does look ahead when it may', () => {
    const { output, feeds } = ready(over((x) => [transformer({ ...stack, causal: false }), { x }]));
    const before = evaluate([output], feeds)[0] as Float64Array;
    const changed = Float64Array.from(feeds.x as Float64Array, (value, i) => (i === 12 ? value + 1 : value));
    expect((evaluate([output], { ...feeds, x: changed })[0] as Float64Array).slice(0, 4)).not.toEqual(
      before.slice(0, 4),
    );
  });
});

it('attention gives padding no weight, even to sequences that begin with it', () => {
  const { output, feeds } = ready(
    over((x) => [attention({ width: 4, heads: 2 }), { x, bias: visibility(MASK, 4) }]),
  );
  const before = evaluate([output], feeds)[0] as Float64Array;
  // places 4 and 7 of all eight are padding of the second sequence
  const changed = Float64Array.from(feeds.x as Float64Array, (value, i) =>
    Math.floor(i / 4) === 4 || Math.floor(i / 4) === 7 ? value * -5 + 1 : value,
  );
  const after = evaluate([output], { ...feeds, x: changed })[0] as Float64Array;
  expect(after.slice(20, 28)).toEqual(before.slice(20, 28));
  expect([...after].every(Number.isFinite)).toBe(true);
});

it('times between events fall into classes that widen by √2', () => {
  const times = constant([0, 1, 2, 4, 1024, 90], [1, 6], 'int32');
  const classes = evaluate([gapBuckets(times, 20)], {})[0] as Float64Array;
  expect([...classes.slice(0, 6)]).toEqual([0, 1, 3, 5, 19, 13]);
  expect(classes[1]).toBe(classes[6]);
});

it('distances between places are cut off at the reach', () => {
  const classes = evaluate([distanceBuckets(4, 2)], {})[0] as Float64Array;
  expect([...classes]).toEqual([2, 1, 0, 0, 3, 2, 1, 0, 4, 3, 2, 1, 4, 4, 3, 2]);
});

it('pooling of a sequence of padding alone is 0', () => {
  for (const of of ['mean', 'max', 'last'] as const) {
    const x = constant([5, -6, 7, 8], [1, 2, 2]);
    const { output } = trace(pooling(of), { x, mask: constant([0, 0], [1, 2]) });
    expect([...(evaluate([output], {})[0] as Float64Array)].map(Math.abs)).toEqual([0, 0]);
  }
});

it('pooling looks at real events only, padded on either side', () => {
  const x = constant([9, 1, 2, 9, -3, -1, 9, 9], [2, 4, 1]);
  const mask = constant([0, 1, 1, 0, 1, 1, 0, 0], [2, 4]);
  const pooled = (of: 'mean' | 'max' | 'last') => [
    ...(evaluate([trace(pooling(of), { x, mask }).output], {})[0] as Float64Array),
  ];
  expect(pooled('mean')).toEqual([1.5, -2]);
  expect(pooled('max')).toEqual([2, -1]);
  expect(pooled('last')).toEqual([2, -1]);
});

it('hashed ids read different rows, spread evenly', () => {
  const count = 4000;
  const rows = 50;
  const ids = constant(
    Int32Array.from({ length: count }, (_, i) => i),
    [count],
    'int32',
  );
  const module = hashedEmbedding({ count, rows, width: 2, combine: 'concat' });
  const { output, parameters } = trace(module, cast(ids, 'int32'));
  const weight = parameters[0]?.tensor as Tensor;
  expect(weight.shape).toEqual([rows, 1]);
  const read = evaluate([output], {
    weight: Float64Array.from({ length: rows }, (_, i) => i),
  })[0] as Float64Array;
  const pairs = new Set(
    Array.from({ length: count }, (_, i) => (read[2 * i] as number) * rows + (read[2 * i + 1] as number)),
  );
  // 4,000 draws out of 2,500 pairs meet 2,500·(1 − e^−1.6) = 1,995 of them
  expect(Math.abs(pairs.size - 1995)).toBeLessThan(100);
  const first = new Float64Array(rows);
  for (let i = 0; i < count; i++) first[read[2 * i] as number] = (first[read[2 * i] as number] as number) + 1;
  // 80 a row, deviation 9
  expect(Math.max(...first)).toBeLessThan(80 + 4 * 9);
  expect(Math.min(...first)).toBeGreaterThan(80 - 4 * 9);
});

it('adaptive embeddings give each band its own rows and fewer numbers', () => {
  const module = adaptiveEmbedding({ ends: [2, 5, 9], width: 4, factor: 2 });
  const { parameters } = trace(module, IDS);
  expect(parameters.map(({ name, tensor }) => [name, tensor.shape])).toEqual([
    ['bands.0.weight', [2, 4]],
    ['bands.1.weight', [3, 2]],
    ['bands.1.projection.weight', [2, 4]],
    ['bands.2.weight', [4, 1]],
    ['bands.2.projection.weight', [1, 4]],
  ]);
  const values = initialValues(parameters, random(1));
  const read = evaluate([trace(module, IDS).output], values)[0] as Float64Array;
  const [table, projection] = [values['bands.2.weight'], values['bands.2.projection.weight']];
  // id 8 is the last row of the last band
  const want = [0, 1, 2, 3].map((k) => (table?.[3] as number) * (projection?.[k] as number));
  for (const [k, value] of want.entries()) expect(read[12 + k]).toBeCloseTo(value, 12);
});

it('positions counted from the end give the newest event the same vector whatever the length', () => {
  const module = positions({ length: 6, countFrom: 'end' });
  const weight = Float64Array.from({ length: 12 }, (_, i) => i);
  const newest = [2, 6].map((time) => {
    const x = constant(new Float64Array(time * 2), [1, time, 2]);
    return (evaluate([trace(module, x).output], { weight })[0] as Float64Array).slice(-2);
  });
  expect(newest[0]).toEqual(newest[1]);
  expect(() => trace(module, constant(new Float64Array(14), [1, 7, 2]))).toThrow(
    'at most 6 places, got time=7',
  );
});

it('shapes that do not fit are named', () => {
  expect(() => attention({ width: 6, heads: 4 })).toThrow('expected heads that divide width 6, got 4');
  const x = input('x', 'float', SHAPE);
  expect(() => trace(attention({ width: 4, heads: 2, gapBuckets: 3 }), { x })).toThrow(
    'expected the input "gaps"',
  );
  expect(() => adaptiveEmbedding({ ends: [5, 5], width: 4 })).toThrow('expected rising ends');
  expect(() => hashedEmbedding({ count: 5, rows: 2, width: 3, combine: 'concat' })).toThrow('divide width 3');
});
