// Real models from files: they answer as onnxruntime does with the file itself, their gradients are right, LoRA moves
// them and nothing else does.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { random } from '../core/random.ts';
import { evaluate } from '../tensor/evaluate.ts';
import { denseGradient, gradients } from '../tensor/gradient.ts';
import type { Tensor } from '../tensor/graph.ts';
import { emitModel } from '../tensor/onnx/emit.ts';
import { type ImportedModel, importModel } from '../tensor/onnx/import.ts';
import type { OnnxModel } from '../tensor/onnx/model.ts';
import { readModel } from '../tensor/onnx/read.ts';
import { mul, sub } from '../tensor/ops/arithmetic.ts';
import { square } from '../tensor/ops/elementwise.ts';
import { constant } from '../tensor/ops/leaf.ts';
import { mean } from '../tensor/ops/reductions.ts';
import { sum } from '../tensor/ops/structure.ts';
import type { RunArray } from '../tensor/session/session.ts';
import { nodeBackend } from '../tensor/session/session-node.ts';
import { volume } from '../tensor/type.ts';
import { isLora, mergeLora, withLora } from './adapt/lora.ts';
import { imported, type NamedTensors } from './imported.ts';
import { initialValues } from './initialise.ts';
import { defineModule } from './module.ts';
import { compileInference, compileTraining, type Objective } from './program/training-program.ts';
import { createTrainingStep } from './step/training-step.ts';

const MODELS = new URL('../../../shared/models/', import.meta.url);
const ENCODER = new URL('use-lite-en/model.onnx', MODELS);
const IMAGES = new URL('mobilenet-v2-1.0-224-imagenet-dequant/model.onnx', MODELS);

const withoutEncoder = existsSync(ENCODER) ? '' : ' (skipped: ../shared/models/use-lite-en is not here)';
const withoutImages = existsSync(IMAGES)
  ? ''
  : ' (skipped: ../shared/models/mobilenet-v2-1.0-224 is not here)';

const [BATCH, TIME] = [4, 32];
const shape = { batch: BATCH, time: TIME };

function encoder(batch = BATCH, time = TIME): ImportedModel {
  return importModel(readModel(readFileSync(ENCODER)), {
    inputs: { input_ids: { batch, time }, attention_mask: { batch, time } },
    outputs: ['sentence_embedding'],
  });
}

/** Token numbers and a mask whose rows end at different places. */
function drawTokens(batch: number, time: number, seed: number) {
  const draws = random(seed);
  const lengths = Array.from({ length: batch }, (_, i) => Math.max(2, time - 3 * i));
  const mask = Array.from({ length: batch * time }, (_, i) =>
    Number(i % time < (lengths[Math.floor(i / time)] as number)),
  );
  return {
    input_ids: BigInt64Array.from(mask, (seen) => BigInt(seen * (1 + Math.floor(draws.uniform() * 8000)))),
    attention_mask: BigInt64Array.from(mask, BigInt),
  };
}

/** The file itself in onnxruntime: only the sizes of its inputs are written down. */
async function runFile(
  model: OnnxModel,
  feeds: Readonly<Record<string, RunArray>>,
  dims: Readonly<Record<string, readonly number[]>>,
) {
  const inputs = model.graph.inputs.map((value) => ({ ...value, dims: dims[value.name] ?? [] }));
  const session = await nodeBackend.open({ ...model, graph: { ...model.graph, inputs } });
  const answer = await session.run(feeds);
  await session.release();
  return answer;
}

async function runImported(model: ImportedModel, feeds: Readonly<Record<string, RunArray>>) {
  const weights = Object.fromEntries(model.parameters.map(({ name, value }) => [name, value]));
  const session = await nodeBackend.open(emitModel(model.outputs, { weights }));
  const answer = await session.run(feeds);
  await session.release();
  return answer;
}

function largestError(got: RunArray | undefined, want: RunArray | undefined): number {
  expect(got?.length).toBe(want?.length);
  return Array.from(want as Float32Array, (value, i) => Math.abs(Number(got?.[i]) - value)).reduce(
    (a, b) => Math.max(a, b),
    0,
  );
}

describe.skipIf(!existsSync(ENCODER))(`the sentence encoder use-lite-en${withoutEncoder}`, () => {
  it('answers as onnxruntime does with the file', async () => {
    const file = readModel(readFileSync(ENCODER));
    const model = importModel(file, { inputs: { input_ids: shape, attention_mask: shape } });
    const feeds = drawTokens(BATCH, TIME, 1);
    const dims = { input_ids: [BATCH, TIME], attention_mask: [BATCH, TIME] };
    const [want, got] = [await runFile(file, feeds, dims), await runImported(model, feeds)];
    expect(largestError(got.sentence_embedding, want.sentence_embedding)).toBeLessThan(1e-5);
    // Hidden states are up to some tens in size.
    expect(largestError(got.last_hidden_state, want.last_hidden_state)).toBeLessThan(2e-4);
  });

  it('has gradients equal to the central difference in float64', () => {
    const model = encoder(2, 4);
    const embedding = model.outputs.sentence_embedding as Tensor;
    const slopes = Float64Array.from({ length: volume(embedding.shape) }, (_, i) => Math.sin(i));
    const loss = sum(mul(embedding, constant(slopes, embedding.shape)));
    const tokens = drawTokens(2, 4, 2);
    const feeds: Record<string, ArrayLike<number>> = {
      input_ids: Array.from(tokens.input_ids, Number),
      attention_mask: Array.from(tokens.attention_mask, Number),
      ...Object.fromEntries(model.parameters.map(({ name, value }) => [name, Float64Array.from(value)])),
    };
    const row = Number(tokens.input_ids[1]) * 256;
    const places: readonly (readonly [string, number])[] = [
      ['embeddings.weight', row + 7],
      ['layers.0.attn.qkv.weight', 1234],
      ['pooler.dense.weight', 4321],
    ];
    const wanted = places.map(
      ([name]) => model.parameters.find((one) => one.name === name)?.tensor as Tensor,
    );
    const found = gradients(loss, wanted).map((one, i) => denseGradient(wanted[i] as Tensor, one) as Tensor);
    const got = evaluate(found, feeds);
    for (const [i, [name, at]] of places.entries()) {
      const weight = feeds[name] as Float64Array;
      const start = weight[at] as number;
      const lossAt = (value: number): number => {
        weight[at] = value;
        return (evaluate([loss], feeds)[0] as Float64Array)[0] as number;
      };
      const difference = (lossAt(start + 1e-4) - lossAt(start - 1e-4)) / 2e-4;
      weight[at] = start;
      expect(Math.abs(difference), name).toBeGreaterThan(1e-6);
      expect(got[i]?.[at], name).toBeCloseTo(difference, 6);
    }
  }, 60_000);

  it('learns with LoRA alone, and is an ordinary model afterwards', async () => {
    const specs = {
      input_ids: { dtype: 'int64', axes: shape },
      attention_mask: { dtype: 'int64', axes: shape },
      wanted: { dtype: 'float', axes: { batch: BATCH, width: 512 } },
    } as const;
    const body = withLora(imported(encoder()), { rank: 4, match: ['**.qkv.weight', '**.fc1.weight'] });
    const objective = defineModule('objective', (scope, batch: NamedTensors): Objective => {
      const { input_ids, attention_mask, wanted } = batch as { readonly [name: string]: Tensor };
      const given = { input_ids, attention_mask } as NamedTensors;
      const { sentence_embedding } = scope.apply('encoder', body, given);
      return { loss: mean(square(sub(sentence_embedding as Tensor, wanted as Tensor))) };
    });
    const { program, parameters } = compileTraining(objective, specs, { trainable: isLora });
    const values = initialValues(parameters, random(5));
    const before = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.slice()]));
    expect(program.trainable.map(({ name }) => name)).toHaveLength(8);

    const draws = random(9);
    const batch = {
      ...drawTokens(BATCH, TIME, 3),
      wanted: Float32Array.from({ length: BATCH * 512 }, () => 0.05 * draws.normal()),
    };
    const step = createTrainingStep({
      backend: nodeBackend,
      programs: [program],
      values,
      optimiser: { kind: 'adamw' },
      seed: 1,
    });
    const losses: number[] = [];
    for (let i = 0; i < 10; i++) {
      const { loss } = await step.step([{ bucket: 0, arrays: batch }], { epoch: 0, learningRate: 1e-2 });
      losses.push(loss);
    }
    const trained = Object.fromEntries(
      Object.entries(step.values()).map(([name, value]) => [name, value.slice()]),
    );
    await step.close();
    expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] as number));
    for (const [name, value] of Object.entries(trained))
      expect(
        value.some((number, i) => number !== before[name]?.[i]),
        name,
      ).toBe(isLora(name));

    // Two ways to hand it on: with the changes beside the weights, and with them added in.
    const plain = defineModule('encoder', (scope, given: NamedTensors) =>
      scope.apply('encoder', imported(encoder()), given),
    );
    const adapted = defineModule('encoder', (scope, given: NamedTensors) =>
      scope.apply('encoder', body, given),
    );
    const { wanted: _, ...inputs } = specs;
    const { wanted: __, ...tokens } = batch;
    const [beside, merged] = await Promise.all(
      [
        compileInference(adapted, inputs, trained),
        compileInference(plain, inputs, mergeLora(trained, { rank: 4 })),
      ].map(async (bytes) => {
        const session = await nodeBackend.open(bytes);
        const answer = await session.run(tokens);
        await session.release();
        return answer.sentence_embedding as Float32Array;
      }),
    );
    const loss = (beside as Float32Array).reduce(
      (total, x, i) => total + (x - (batch.wanted[i] as number)) ** 2,
      0,
    );
    expect(loss / batch.wanted.length).toBeLessThan(losses.at(-1) as number);
    expect(largestError(merged, beside)).toBeLessThan(1e-5);
  }, 60_000);

  it('says for which shape it was imported', () => {
    const tensors = encoder(1, 8).inputs;
    const module = imported(encoder());
    expect(() => compileInference(module, { input_ids: { dtype: 'int64', axes: [1, 8] } }, {})).toThrow(
      /input "input_ids": the model was imported for int64 \[batch=4, time=32\], got int64 \[1, 8\]/,
    );
    expect(Object.keys(tensors)).toEqual(['input_ids', 'attention_mask']);
  });
});

describe.skipIf(!existsSync(IMAGES))(`the image encoder MobileNetV2${withoutImages}`, () => {
  it('answers as onnxruntime does with the file', async () => {
    const file = readModel(readFileSync(IMAGES));
    const dims = { pixel_values: [2, 3, 224, 224] };
    const model = importModel(file, { inputs: dims });
    const draws = random(4);
    const feeds = { pixel_values: Float32Array.from({ length: 2 * 3 * 224 * 224 }, () => draws.normal()) };
    const [want, got] = [await runFile(file, feeds, dims), await runImported(model, feeds)];
    expect(Object.keys(got)).toEqual(['image_embedding', 'feature_map', 'logits']);
    for (const name of Object.keys(got)) expect(largestError(got[name], want[name]), name).toBeLessThan(1e-3);
  }, 60_000);
});
