// 8-bit models: what they compute by hand, how far they are from the float model, what onnxruntime fuses, what is refused.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { emitModel } from '../../tensor/onnx/emit.ts';
import type { OnnxModel } from '../../tensor/onnx/model.ts';
import { readModel } from '../../tensor/onnx/read.ts';
import { writeModel } from '../../tensor/onnx/write.ts';
import { add } from '../../tensor/ops/arithmetic.ts';
import { gather } from '../../tensor/ops/indexing.ts';
import { input, parameter } from '../../tensor/ops/leaf.ts';
import { matmul } from '../../tensor/ops/matrix.ts';
import type { RunArray } from '../../tensor/session/session.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { openWebBackend } from '../../tensor/session/session-web.ts';
import { calibrate } from './calibration.ts';
import { fixInputShapes } from './input-shapes.ts';
import { toInt8 } from './int8-weights.ts';
import { byteScale, quantiseDynamic, quantisedActivations, quantiseStatic } from './quantise.ts';
import { roundHalfToEven } from './rounding.ts';

const draws = random(5);
const normals = (name: string, count: number): Float32Array => {
  const own = draws.fork(name);
  return Float32Array.from({ length: count }, () => own.normal());
};

const [ROWS, INPUTS, OUTPUTS] = [6, 48, 32] as const;
const weights = { 'map.weight': normals('weight', INPUTS * OUTPUTS), 'map.bias': normals('bias', OUTPUTS) };
const x = normals('x', ROWS * INPUTS);

/** y = x·W + b as a file. */
const linearModel = emitModel(
  {
    y: add(
      matmul(
        input('x', 'float', { rows: ROWS, inputs: INPUTS }),
        parameter('map.weight', { inputs: INPUTS, outputs: OUTPUTS }),
      ),
      parameter('map.bias', { outputs: OUTPUTS }),
    ),
  },
  { weights },
);

const ITEMS = 60;
/** A table that is read by rows and, turned, gives scores. */
const tiedModel = (() => {
  const table = parameter('table', { items: ITEMS, width: 32 });
  const rows = gather(table, input('items', 'int32', { batch: 3, time: 4 }));
  const mapped = matmul(rows, parameter('map', { width: 32, same: 32 }));
  const scores: Tensor = matmul(mapped, table, { transposeRight: true });
  return emitModel(
    { rows, scores },
    { weights: { table: normals('table', ITEMS * 32), map: normals('map', 32 * 32) } },
  );
})();

async function run(model: OnnxModel, feeds: Readonly<Record<string, RunArray>>) {
  const session = await nodeBackend.open(model);
  const outputs = await session.run(feeds);
  await session.release();
  return outputs as Readonly<Record<string, Float32Array>>;
}

/** (bytes − zero)·int8·scales + b with whole numbers, one after the other. */
function byHand(
  { scale, zero }: { readonly scale: number; readonly zero: number },
  bits: 7 | 8,
): Float64Array {
  const int8 = toInt8(weights['map.weight'], [INPUTS, OUTPUTS], { axis: 1, bits });
  const bytes = Array.from(x, (value) =>
    Math.max(0, Math.min(255, roundHalfToEven(Math.fround(value / scale)) + zero)),
  );
  return Float64Array.from({ length: ROWS * OUTPUTS }, (_, at) => {
    const [row, column] = [Math.floor(at / OUTPUTS), at % OUTPUTS];
    let sum = 0;
    for (let k = 0; k < INPUTS; k++)
      sum += ((bytes[row * INPUTS + k] as number) - zero) * (int8.values[k * OUTPUTS + column] as number);
    return sum * scale * (int8.scales[column] as number) + (weights['map.bias'][column] as number);
  });
}

function furthest(got: ArrayLike<number>, want: ArrayLike<number>): number {
  expect(got).toHaveLength(want.length);
  return Array.from(want).reduce(
    (worst, value, i) => Math.max(worst, Math.abs((got[i] as number) - value)),
    0,
  );
}

const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const dot = (p: ArrayLike<number>, q: ArrayLike<number>) =>
    Array.from(p).reduce((total, value, i) => total + value * (q[i] as number), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};

/** How many nodes of each type are left once onnxruntime has optimised the model. */
async function optimisedNodes(model: OnnxModel): Promise<Readonly<Record<string, number>>> {
  const folder = mkdtempSync(join(tmpdir(), 'foresell-'));
  const path = join(folder, 'optimised.onnx');
  try {
    const options = {
      optimizedModelFilePath: path,
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    } as const;
    const session = await InferenceSession.create(writeModel(model), options);
    await session.release();
    const counts: Record<string, number> = {};
    for (const { opType } of readModel(readFileSync(path)).graph.nodes)
      counts[opType] = (counts[opType] ?? 0) + 1;
    return counts;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('a matrix in 8 bits', () => {
  it('is at most half a step from the float one, and keeps zeros', () => {
    const pruned = weights['map.weight'].map((weight, i) => (i % 3 === 0 ? 0 : weight));
    for (const axis of [0, 1] as const) {
      const { values, scales } = toInt8(pruned, [INPUTS, OUTPUTS], { axis, bits: 8 });
      for (const [i, weight] of pruned.entries()) {
        const scale = scales[axis === 0 ? Math.floor(i / OUTPUTS) : i % OUTPUTS] as number;
        expect(Math.abs((values[i] as number) * scale - weight)).toBeLessThanOrEqual(scale * 0.50001);
        if (weight === 0) expect(values[i]).toBe(0);
      }
    }
  });

  it.each([
    [8, 127],
    [7, 63],
  ] as const)('of %d bits reaches ±%d in each column and no further', (bits, limit) => {
    const { values } = toInt8(weights['map.weight'], [INPUTS, OUTPUTS], { axis: 1, bits });
    for (let column = 0; column < OUTPUTS; column++) {
      const sizes = Array.from({ length: INPUTS }, (_, k) =>
        Math.abs(values[k * OUTPUTS + column] as number),
      );
      expect(Math.max(...sizes)).toBe(limit);
    }
  });

  it.each([Number.NaN, Number.NEGATIVE_INFINITY])('refuses %d', (bad) => {
    expect(() => toInt8(Float32Array.of(1, bad, 2, 3), [2, 2], { axis: 0, bits: 8 })).toThrowError(
      expect.objectContaining({ code: 'BAD_DATA' }),
    );
  });

  it('rounds halves to the even number', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4999].map((value) => roundHalfToEven(value) + 0)).toEqual([
      0, 2, 2, 0, -2, -2, 2,
    ]);
  });
});

describe('dynamic quantisation', () => {
  it.each([7, 8] as const)('computes what whole numbers of %d bits by hand give', async (bits) => {
    const { model } = quantiseDynamic(linearModel, { bits });
    const { y } = await run(model, { x });
    const range = { low: Math.min(...x), high: Math.max(...x) };
    // float32 against float64 sums of numbers near 10
    expect(furthest(y as Float32Array, byHand(byteScale(range), bits))).toBeLessThan(1e-4);
  });

  it('becomes one fused product', async () => {
    const counts = await optimisedNodes(quantiseDynamic(linearModel).model);
    expect(counts).toEqual({ DynamicQuantizeMatMul: 1 });
  });

  it('holds a tied table once, with a scale for each item, and stays near the float model', async () => {
    const { model, quantised, kept } = quantiseDynamic(tiedModel);
    expect(quantised.map(({ name }) => name).sort()).toEqual(['map', 'table']);
    expect(kept).toEqual([]);
    expect(
      model.graph.initializers.filter(({ elementType }) => elementType === 'int8').map(({ dims }) => dims),
    ).toEqual(expect.arrayContaining([[ITEMS, 32]]));
    expect(writeModel(model).length).toBeLessThan(0.45 * writeModel(tiedModel).length);
    const feeds = { items: Int32Array.from({ length: 12 }, (_, i) => (i * 17) % ITEMS) };
    const [float, byte] = [await run(tiedModel, feeds), await run(model, feeds)];
    expect(furthest(byte.rows as Float32Array, float.rows as Float32Array)).toBeLessThan(0.015);
    expect(cosine(byte.scores as Float32Array, float.scores as Float32Array)).toBeGreaterThan(0.9995);
  });

  it('leaves what it is told to leave, and says why', () => {
    const { quantised, kept } = quantiseDynamic(tiedModel, { keep: 'table' });
    expect(quantised.map(({ name, bytes, bytesBefore }) => [name, bytes, bytesBefore])).toEqual([
      ['map', 32 * 32 + 4 * 32, 4 * 32 * 32],
    ]);
    expect(kept).toEqual([{ name: 'table', bytes: 4 * ITEMS * 32, why: 'not chosen' }]);
    expect(quantiseDynamic(linearModel).kept.map(({ name, why }) => [name, why])).toEqual([
      ['map.bias', 'no matrix'],
    ]);
  });

  it('refuses a model in which no weight fits, one quantised before, and an old opset', () => {
    expect(() => quantiseDynamic(quantiseDynamic(tiedModel, { keep: 'table' }).model)).toThrowError(
      expect.objectContaining({ code: 'USAGE' }),
    );
    expect(() => quantiseDynamic(linearModel, { match: 'other.*' })).toThrowError(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
    expect(() => quantiseDynamic({ ...linearModel, opsets: { '': 12 } })).toThrowError(
      expect.objectContaining({ code: 'VERSION' }),
    );
  });
});

describe('static quantisation', () => {
  const ranges = { x: { low: -1.5, high: 2 } };

  it('computes what whole numbers by hand give, and cuts off what lies outside the range', async () => {
    const { y } = await run(quantiseStatic(linearModel, ranges).model, { x });
    expect(Math.max(...x)).toBeGreaterThan(2);
    const step = byteScale(ranges.x);
    const want = byHand({ ...step, scale: Math.fround(step.scale) }, 8);
    expect(furthest(y as Float32Array, want)).toBeLessThan(1e-4);
  });

  it('becomes one fused product', async () => {
    const counts = await optimisedNodes(quantiseStatic(linearModel, ranges).model);
    expect(counts).toMatchObject({ QuantizeLinear: 1, MatMulIntegerToFloat: 1 });
    expect(counts).not.toHaveProperty('MatMul');
    expect(counts).not.toHaveProperty('Gemm');
  });

  it('and dynamic quantisation compute the same in the onnxruntime of browsers', async () => {
    const web = await openWebBackend();
    for (const { model } of [quantiseStatic(linearModel, ranges), quantiseDynamic(linearModel)]) {
      const session = await web.open(model);
      const [got, want] = [await session.run({ x }), await run(model, { x })];
      await session.release();
      expect(furthest(got.y as Float32Array, want.y as Float32Array)).toBeLessThan(1e-5);
    }
  });

  it('asks for the ranges it lacks', () => {
    expect(() => quantiseStatic(linearModel, {})).toThrowError(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
  });

  it('is calibrated by the smallest and largest number of all batches', async () => {
    const batches = [
      { items: Int32Array.from({ length: 12 }, (_, i) => i) },
      { items: Int32Array.from({ length: 12 }, (_, i) => i + 40) },
    ];
    const activations = quantisedActivations(tiedModel);
    expect(activations).toHaveLength(2);
    const found = await calibrate(tiedModel, { backend: nodeBackend, activations, batches });
    const seen: number[] = [];
    for (const batch of batches) seen.push(...((await run(tiedModel, batch)).rows as Float32Array));
    // the first product meets the looked-up rows
    expect(found[activations[0] as string]).toEqual({ low: Math.min(...seen), high: Math.max(...seen) });

    const narrow = await calibrate(tiedModel, { backend: nodeBackend, activations, batches, percentile: 90 });
    const sorted = seen.sort((a, b) => a - b);
    const width = (sorted.at(-1) as number) - (sorted[0] as number);
    const { low, high } = narrow[activations[0] as string] as { readonly low: number; readonly high: number };
    expect(Math.abs(low - (sorted[Math.floor(0.05 * sorted.length)] as number))).toBeLessThan(0.01 * width);
    expect(Math.abs(high - (sorted[Math.floor(0.95 * sorted.length)] as number))).toBeLessThan(0.01 * width);
  });
});

const ENCODER = new URL('../../../../shared/models/use-lite-en/model.onnx', import.meta.url);
const present = existsSync(ENCODER);
if (!present) console.log('skipped: ../shared/models/use-lite-en is absent, so no 8-bit encoder is compared');

describe.skipIf(!present)('a sentence encoder from a file', () => {
  it('keeps its embeddings within a cosine of .99 at a quarter of the size', async () => {
    const bytes = readFileSync(ENCODER);
    const [batch, time] = [4, 12];
    const float = fixInputShapes(readModel(bytes), {
      input_ids: [batch, time],
      attention_mask: [batch, time],
    });
    const ids = draws.fork('ids');
    const feeds = {
      input_ids: BigInt64Array.from({ length: batch * time }, () => BigInt(ids.integer(8000))),
      attention_mask: new BigInt64Array(batch * time).fill(1n),
    };
    const activations = quantisedActivations(float);
    const ranges = await calibrate(float, { backend: nodeBackend, activations, batches: [feeds] });
    const want = (await run(float, feeds)).sentence_embedding as Float32Array;
    for (const { model } of [quantiseDynamic(float), quantiseStatic(float, ranges)]) {
      expect(writeModel(model).length).toBeLessThan(0.27 * bytes.length);
      const got = (await run(model, feeds)).sentence_embedding as Float32Array;
      for (let row = 0; row < batch; row++) {
        const one = (values: Float32Array) => values.subarray(row * 512, (row + 1) * 512);
        expect(cosine(one(got), one(want))).toBeGreaterThan(0.99);
      }
    }
  });
});
