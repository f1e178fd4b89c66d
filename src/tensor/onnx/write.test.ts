// Writing: the bytes of the reference library, read back alike, run by onnxruntime.

import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { GOLDEN_BASE64, goldenModel } from '../../../test/onnx/golden-models.ts';
import {
  ELEMENT_TYPES,
  type ElementType,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
} from './model.ts';
import { readModel } from './read.ts';
import { tensorByteCount } from './tensor-bytes.ts';
import { writeModel } from './write.ts';

const text = fc.string({ unit: 'binary', maxLength: 6 });
const numericType = fc.constantFrom(
  ...(Object.keys(ELEMENT_TYPES) as ElementType[]).filter((type) => type !== 'string'),
) as fc.Arbitrary<Exclude<ElementType, 'string'>>;

const tensor = fc
  .tuple(text, numericType, fc.array(fc.nat(3), { maxLength: 4 }))
  .chain(([name, elementType, dims]) => {
    const size = tensorByteCount(elementType, dims);
    return fc
      .uint8Array({ minLength: size, maxLength: size })
      .map((bytes) => ({ name, elementType, dims, bytes }));
  });

const value = fc.record(
  {
    name: text,
    elementType: fc.constantFrom(...(Object.keys(ELEMENT_TYPES) as ElementType[])),
    dims: fc.array(fc.oneof(fc.maxSafeNat(), text), { maxLength: 4 }),
  },
  { requiredKeys: ['name', 'elementType'] },
);

const float = fc.float();

const { graph } = fc.letrec<{ graph: OnnxGraph; attribute: OnnxAttribute }>((tie) => ({
  attribute: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    fc.record({ int: fc.maxSafeInteger() }),
    fc.record({ float }),
    fc.record({ string: text }),
    fc.record({ ints: fc.array(fc.maxSafeInteger(), { maxLength: 4 }) }),
    fc.record({ floats: fc.array(float, { maxLength: 4 }) }),
    fc.record({ strings: fc.array(text, { maxLength: 4 }) }),
    fc.record({ tensor }),
    fc.record({ graph: tie('graph') }),
  ),
  graph: fc.record({
    name: text,
    nodes: fc.array(
      fc.record({
        opType: text,
        domain: text,
        name: text,
        inputs: fc.array(text, { maxLength: 3 }),
        outputs: fc.array(text, { maxLength: 3 }),
        attributes: fc.dictionary(fc.string({ minLength: 1, maxLength: 6 }), tie('attribute'), {
          maxKeys: 3,
        }),
      }),
      { maxLength: 3 },
    ),
    inputs: fc.array(value, { maxLength: 2 }),
    outputs: fc.array(value, { maxLength: 2 }),
    initializers: fc.array(tensor, { maxLength: 2 }),
  }),
}));

const model: fc.Arbitrary<OnnxModel> = fc.record({
  irVersion: fc.nat(20),
  opsets: fc.dictionary(text, fc.nat(30), { maxKeys: 2 }),
  producer: text,
  graph,
  metadata: fc.dictionary(text, text, { maxKeys: 3 }),
});

const golden = new Uint8Array(Buffer.from(GOLDEN_BASE64, 'base64'));

describe('writing a model', () => {
  it('gives the bytes of the reference library', () => {
    expect(Buffer.from(writeModel(goldenModel)).toString('base64')).toBe(GOLDEN_BASE64);
  });

  it('and reading it back gives the same model', () => {
    fc.assert(
      fc.property(model, (written) => {
        const bytes = writeModel(written);
        const read = readModel(bytes);
        expect(read).toEqual(written);
        expect(writeModel(read)).toEqual(bytes);
      }),
      { seed: 20260101, numRuns: 300 },
    );
  });

  it('makes a file onnxruntime computes with', async () => {
    const session = await InferenceSession.create(writeModel(readModel(golden)), { logSeverityLevel: 3 });
    const feeds = (flag: number) => ({
      x: new Tensor('float32', [1, 0, 0.5, 1], [2, 2]),
      flag: new Tensor('bool', [flag], []),
    });
    const leaky = (v: number) => (v > 0 ? v : 0.1 * v);
    // x·w by hand: rows [1, −2, 3] and [4.5, 4, −4.5].
    const expected = (scale: number) =>
      [
        [1, -2, 3],
        [4.5, 4, -4.5],
      ].flatMap((row) => {
        const weights = row.map((v) => Math.exp(leaky(v)));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        return weights.map((weight) => Math.min((scale * weight) / total, 1.25));
      });
    for (const [flag, scale] of [
      [1, 2],
      [0, 0.5],
    ]) {
      const { y, list } = await session.run(feeds(flag));
      expect(y.dims).toEqual([2, 3]);
      for (const [i, value] of expected(scale).entries()) expect(y.data[i]).toBeCloseTo(value, 6);
      expect([...(list.data as BigInt64Array)]).toEqual([-1n, 0n, 2n ** 40n]);
    }
    await session.release();
  });

  it('names the size above 2 GB before it takes the memory', () => {
    // One untouched gigabyte stands for three: the size is counted before anything is copied.
    const bytes = new Uint8Array(2 ** 30);
    const initializers = ['a', 'b', 'c'].map((name) => ({
      name,
      elementType: 'uint8' as const,
      dims: [bytes.length],
      bytes,
    }));
    const large = { ...goldenModel, graph: { ...goldenModel.graph, initializers } };
    expect(() => writeModel(large)).toThrow(
      expect.objectContaining({
        code: 'BAD_DATA',
        message: expect.stringMatching(
          /at most 2 GB .* got 322122\d{4} bytes; external data is not supported/,
        ),
      }),
    );
  });

  it('refuses a tensor whose bytes do not fit its dimensions', () => {
    const tensor = { name: 'w', elementType: 'float' as const, dims: [2, 3], bytes: new Uint8Array(20) };
    const broken = { ...goldenModel, graph: { ...goldenModel.graph, initializers: [tensor] } };
    expect(() => writeModel(broken)).toThrow(
      expect.objectContaining({
        code: 'SHAPE',
        message: 'tensor "w": float [2, 3] takes 24 bytes, got 20',
      }),
    );
  });

  it('refuses a number that is not whole where one must be', () => {
    const value = { name: 'x', elementType: 'float' as const, dims: [1.5] };
    const broken = { ...goldenModel, graph: { ...goldenModel.graph, inputs: [value] } };
    expect(() => writeModel(broken)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});

const MODELS = new URL('../../../../shared/models/', import.meta.url);
const present = existsSync(new URL('use-lite-en/model.onnx', MODELS));

describe(`real encoders, read and written again${present ? '' : ' (skipped: ../shared/models is absent)'}`, () => {
  const ids = (values: readonly number[]) =>
    new Tensor('int64', BigInt64Array.from(values.map(BigInt)), [1, 4]);
  const pixels = Float32Array.from({ length: 3 * 224 * 224 }, (_, i) => Math.sin(i));
  it.skipIf(!present).each([
    ['use-lite-en', { input_ids: ids([5, 170, 33, 8]), attention_mask: ids([1, 1, 1, 0]) }],
    [
      'mobilenet-v2-1.0-224-imagenet-dequant',
      { pixel_values: new Tensor('float32', pixels, [1, 3, 224, 224]) },
    ],
  ])('%s gives the same outputs', async (folder, feeds) => {
    const bytes = readFileSync(new URL(`${folder}/model.onnx`, MODELS));
    const read = readModel(bytes);
    const first = read.graph.initializers.find((tensor) => tensor.bytes.length > 1000);
    expect(first?.bytes.buffer).toBe(bytes.buffer);
    const [before, after] = await Promise.all([bytes, writeModel(read)].map((file) => run(file, feeds)));
    expect(Object.keys(after).length).toBeGreaterThan(1);
    expect(after).toEqual(before);
  });
});

async function run(file: Uint8Array, feeds: Record<string, Tensor>): Promise<Record<string, unknown>> {
  const session = await InferenceSession.create(file);
  const outputs = await session.run(feeds);
  await session.release();
  return Object.fromEntries(Object.entries(outputs).map(([name, { dims, data }]) => [name, { dims, data }]));
}
