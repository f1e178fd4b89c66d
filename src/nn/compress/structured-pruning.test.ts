// Structured pruning: a smaller model answers as the larger one with the same parts multiplied by zero.

import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { emitModel } from '../../tensor/onnx/emit.ts';
import { mul } from '../../tensor/ops/arithmetic.ts';
import { input, leafName } from '../../tensor/ops/leaf.ts';
import { mean } from '../../tensor/ops/reductions.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { volume } from '../../tensor/type.ts';
import { mergeLora, withLora } from '../adapt/lora.ts';
import { normal } from '../initialise.ts';
import { type TransformerOptions, transformer } from '../layers/transformer.ts';
import { defineModule, type ParameterSpec, trace } from '../module.ts';
import { type GateKind, gated } from './gates.ts';
import { gateImportance, leastImportant } from './importance.ts';
import { pruneTransformer } from './structured-pruning.ts';

const [BATCH, TIME, WIDTH] = [3, 5, 16] as const;
const draws = random(9);

/** Everything drawn anew, so that no shift is 0 and no scale 1. */
const valuesOf = (parameters: readonly ParameterSpec[]): Record<string, Float32Array> =>
  Object.fromEntries(
    parameters.map(({ name, tensor }) => [name, normal(0.4)(tensor.shape, draws.fork(name))]),
  );

const model = (options: TransformerOptions) => {
  const trunk = transformer(options);
  return defineModule('model', (scope, x: ReturnType<typeof input>) => {
    const times = input('times', 'int32', { batch: BATCH, time: TIME });
    return scope.apply('trunk', trunk, { x, ...(options.gapBuckets === undefined ? {} : { times }) });
  });
};

const x = normal(1)([BATCH, TIME, WIDTH], draws.fork('x'));
const times = Int32Array.from({ length: BATCH * TIME }, (_, i) => (i * i) % 50);

/** What a model answers, with some of its gates closed. */
async function answers(
  options: TransformerOptions,
  values: Readonly<Record<string, Float32Array>>,
  closed: Readonly<Record<string, readonly number[]>> = {},
): Promise<Float32Array> {
  const kinds: readonly GateKind[] = Object.keys(closed).length === 0 ? [] : ['head', 'unit', 'block'];
  const { output, gates } = trace(
    gated(model(options), kinds),
    input('x', 'float', { batch: BATCH, time: TIME, width: WIDTH }),
  ).output;
  const found = new Set(gates.map(({ path }) => path));
  expect(Object.keys(closed).filter((path) => !found.has(path))).toEqual([]);
  const feeds = gates.map(({ path, tensor }) => {
    const last = tensor.shape[1] as number;
    const open = (_: unknown, i: number) => (closed[path]?.includes(i % last) ? 0 : 1);
    return [leafName(tensor), Float32Array.from({ length: volume(tensor.shape) }, open)];
  });
  const session = await nodeBackend.open(emitModel({ y: output }, { weights: values }));
  const { y } = await session.run({ x, times, ...Object.fromEntries(feeds) });
  await session.release();
  return y as Float32Array;
}

const parametersOf = (options: TransformerOptions): readonly ParameterSpec[] =>
  trace(model(options), input('x', 'float', { batch: BATCH, time: TIME, width: WIDTH })).parameters;

function expectClose(got: Float32Array, want: Float32Array): void {
  expect(got).toHaveLength(want.length);
  // sums of other lengths round otherwise; the last norm keeps answers near 1
  for (const [i, value] of want.entries()) expect(Math.abs((got[i] as number) - value)).toBeLessThan(2e-5);
}

const plain = { width: WIDTH, heads: 4, blocks: 3, inner: 24, causal: true } as const;
const variants: readonly (readonly [string, TransformerOptions])[] = [
  ['plain', plain],
  ['rotary, with SwiGLU and RMS norm', { ...plain, rotary: true, activation: 'swiglu', norm: 'rms' }],
  ['with biases by time and distance', { ...plain, gapBuckets: 6, reach: 2 }],
  ['with norms behind', { ...plain, normAt: 'post' }],
];

describe.each(variants)('a transformer %s', (_, options) => {
  const values = valuesOf(parametersOf(options));

  it('without some heads and cells answers as with them closed, and is smaller', async () => {
    const heads = { 'trunk.blocks.0.attention': [1, 2], 'trunk.blocks.2.attention': [0, 1, 3] };
    const units = { 'trunk.blocks.1.feedForward': [0, 5, 6, 23] };
    const pruned = pruneTransformer({ path: 'trunk', options, values, heads, units });
    expect(pruned.options.shapes).toEqual([
      { heads: 2, inner: 24 },
      { heads: 4, inner: 20 },
      { heads: 1, inner: 24 },
    ]);
    for (const { name, tensor } of parametersOf(pruned.options))
      expect([name, pruned.values[name]?.length]).toEqual([name, volume(tensor.shape)]);
    const want = await answers(options, values, { ...heads, ...units });
    expectClose(await answers(pruned.options, pruned.values), want);
    // and cutting matters at all
    const whole = await answers(options, values);
    expect(Math.max(...whole.map((value, i) => Math.abs(value - (want[i] as number))))).toBeGreaterThan(0.05);
  });
});

describe('cutting', () => {
  const values = valuesOf(parametersOf(plain));

  it('a block answers as with both its halves closed, and can follow another cut', async () => {
    const first = pruneTransformer({
      path: 'trunk',
      options: plain,
      values,
      heads: { 'trunk.blocks.2.attention': [3] },
    });
    const { options, values: left } = pruneTransformer({
      path: 'trunk',
      ...first,
      heads: { 'trunk.blocks.2.attention': [0] },
      blocks: ['trunk.blocks.1'],
    });
    expect(options).toMatchObject({ blocks: 2, headWidth: 4, shapes: [{ heads: 4 }, { heads: 2 }] });
    const want = await answers(plain, values, { 'trunk.blocks.1': [0], 'trunk.blocks.2.attention': [0, 3] });
    expectClose(await answers(options, left), want);
  });

  it('refuses what is not there, what leaves nothing, and LoRA that is not merged', () => {
    const cut = (more: object) => () => pruneTransformer({ path: 'trunk', options: plain, values, ...more });
    const refused = expect.objectContaining({ code: 'USAGE' });
    expect(cut({ heads: { 'trunk.blocks.3.attention': [0] } })).toThrowError(refused);
    expect(cut({ heads: { 'trunk.blocks.0.attention': [4] } })).toThrowError(refused);
    expect(
      cut({ units: { 'trunk.blocks.0.feedForward': Array.from({ length: 24 }, (_, i) => i) } }),
    ).toThrowError(refused);
    expect(cut({ blocks: [0, 1, 2].map((i) => `trunk.blocks.${i}`) })).toThrowError(refused);
    const lora = withLora(model(plain), { rank: 2, match: '**.query.weight' });
    const adapted = valuesOf(trace(lora, input('x', 'float', [BATCH, TIME, WIDTH])).parameters);
    expect(cut({ values: adapted })).toThrowError(refused);
    expect(cut({ values: mergeLora(adapted, { rank: 2 }) })).not.toThrow();
  });
});

describe('importance', () => {
  const specs = { x: { dtype: 'float', axes: { batch: BATCH, time: TIME, width: WIDTH } } } as const;
  const objective = defineModule(
    'objective',
    (scope, { x: rows }: { readonly x: ReturnType<typeof input> }) => {
      const y = scope.apply('model', model(plain), rows);
      return { loss: mean(mul(y, mul(y, y))) };
    },
  );
  const values = Object.fromEntries(
    Object.entries(valuesOf(parametersOf(plain))).map(([name, value]) => [`model.${name}`, value]),
  );
  /** A head nobody listens to. */
  const deaf = values['model.trunk.blocks.1.attention.output.weight'] as Float32Array;
  deaf.fill(0, 2 * 4 * WIDTH, 3 * 4 * WIDTH);

  it('is the mean slope of the loss over examples, and 0 for a head nobody listens to', async () => {
    const importance = await gateImportance(objective, specs, {
      backend: nodeBackend,
      values,
      batches: [{ x }],
      kinds: ['head', 'unit', 'block'],
    });
    expect(importance.map(({ kind, path, values: { length } }) => [kind, path, length])).toContainEqual([
      'unit',
      'model.trunk.blocks.2.feedForward',
      24,
    ]);
    const heads = importance.filter(({ kind }) => kind === 'head');
    expect(heads[1]?.values[2]).toBe(0);
    expect(Math.min(...(heads[0]?.values ?? []))).toBeGreaterThan(0);

    // one example at a time by central differences of the gate of block 0, head 3
    const slopes: number[] = [];
    const trunk = Object.fromEntries(
      Object.entries(values).map(([name, v]) => [name.replace('model.', ''), v]),
    );
    const { output, gates } = trace(
      gated(model(plain), ['head']),
      input('x', 'float', { batch: BATCH, time: TIME, width: WIDTH }),
    ).output;
    const session = await nodeBackend.open(emitModel({ y: output }, { weights: trunk }));
    const cubes = async (gate: number): Promise<readonly number[]> => {
      const open = gates.map(({ path, tensor }) => [
        leafName(tensor),
        Float32Array.from({ length: BATCH * 4 }, (_, i) =>
          path === 'trunk.blocks.0.attention' && i % 4 === 3 ? gate : 1,
        ),
      ]);
      const { y } = await session.run({ x, ...Object.fromEntries(open) });
      const each = TIME * WIDTH;
      return Array.from({ length: BATCH }, (_, b) =>
        (y as Float32Array).slice(b * each, (b + 1) * each).reduce((total, v) => total + v ** 3 / each, 0),
      );
    };
    const [above, below] = [await cubes(1.01), await cubes(0.99)];
    await session.release();
    for (const [b, value] of above.entries()) slopes.push(Math.abs(value - (below[b] as number)) / 0.02);
    const want = slopes.reduce((total, slope) => total + slope / BATCH, 0);
    expect(Math.abs((heads[0]?.values[3] as number) / want - 1)).toBeLessThan(0.01);
  });

  it('says what to cut, leaving each attention a head', () => {
    const head = (path: string, ...list: readonly number[]) =>
      ({ kind: 'head', path, values: Float64Array.from(list) }) as const;
    const importance = [head('a', 1, 8, 2), head('b', 0.1, 0.2, 0.9)];
    expect(leastImportant(importance, { kind: 'head', count: 2 })).toEqual({ a: [0], b: [0] });
    expect(leastImportant(importance, { kind: 'head', count: 2, normalise: false })).toEqual({ b: [0, 1] });
    expect(leastImportant(importance, { kind: 'head', count: 4 })).toEqual({ a: [0, 2], b: [0, 1] });
    expect(() => leastImportant(importance, { kind: 'head', count: 5 })).toThrowError(
      expect.objectContaining({ code: 'USAGE' }),
    );
    const blocks = ['a', 'b'].map(
      (path, i) => ({ kind: 'block', path, values: Float64Array.of(2 - i) }) as const,
    );
    expect(leastImportant(blocks, { kind: 'block', count: 1 })).toEqual({ b: [0] });
    expect(() => leastImportant(blocks, { kind: 'block', count: 2 })).toThrowError(
      expect.objectContaining({ code: 'USAGE' }),
    );
  });
});
