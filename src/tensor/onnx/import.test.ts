// Encoders as PyTorch writes them, against PyTorch's own outputs and gradients.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate.ts';
import { denseGradient, gradients } from '../gradient.ts';
import { nodesBelow, type Tensor } from '../graph.ts';
import { sub } from '../ops/arithmetic.ts';
import { square } from '../ops/elementwise.ts';
import { constant } from '../ops/leaf.ts';
import { mean } from '../ops/reductions.ts';
import { nodeBackend } from '../session/session-node.ts';
import { volume } from '../type.ts';
import { emitModel } from './emit.ts';
import { type ImportedModel, importModel } from './import.ts';
import { readModel } from './read.ts';

const FIXTURES = new URL('../../../test/fixtures/', import.meta.url);

interface Case {
  readonly dims: readonly [number, number];
  readonly input_ids: readonly number[];
  readonly attention_mask: readonly number[];
  readonly last_hidden_state: readonly number[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

interface Oracle {
  readonly weights: Readonly<
    Record<
      string,
      {
        readonly dims: readonly number[];
        readonly initializers: Readonly<Record<string, { readonly transposed: boolean }>>;
      }
    >
  >;
  readonly cases: readonly Case[];
}

const oracle: Oracle = JSON.parse(readFileSync(new URL('tiny-bert.json', FIXTURES), 'utf8'));
const FILES = ['tiny-bert.onnx', 'tiny-bert-sdpa.onnx', 'tiny-bert-dynamo.onnx'] as const;

function load(file: string, dims: readonly [number, number]): ImportedModel {
  return importModel(readModel(readFileSync(new URL(file, FIXTURES))), {
    inputs: { input_ids: { batch: dims[0], time: dims[1] }, attention_mask: dims },
  });
}

function feedsOf({ parameters }: ImportedModel, one: Case): Record<string, ArrayLike<number>> {
  const weights = parameters.map(({ name, value }) => [name, value] as const);
  return { input_ids: one.input_ids, attention_mask: one.attention_mask, ...Object.fromEntries(weights) };
}

function hiddenOf({ outputs }: ImportedModel): Tensor {
  return outputs.last_hidden_state as Tensor;
}

function largestError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  expect(got.length).toBe(want.length);
  return Array.from(want, (value, i) => Math.abs((got[i] as number) - value)).reduce(
    (a, b) => Math.max(a, b),
    0,
  );
}

/** The loss of the oracle: mean((hidden − sin(i))²). */
function lossOf(hidden: Tensor): Tensor {
  const target = Float64Array.from({ length: volume(hidden.shape) }, (_, i) => Math.sin(i));
  return mean(square(sub(hidden, constant(target, hidden.shape))));
}

function opNames(model: ImportedModel): readonly string[] {
  return nodesBelow(Object.values(model.outputs)).map(({ op }) => op.name);
}

describe.each(FILES)('%s', (file) => {
  it.each(oracle.cases)('has the outputs of PyTorch at $dims, in float64 and in onnxruntime', async (one) => {
    const model = load(file, one.dims);
    const [exact] = evaluate([hiddenOf(model)], feedsOf(model, one)) as [Float64Array];
    expect(largestError(exact, one.last_hidden_state)).toBeLessThan(1e-6);

    const weights = Object.fromEntries(model.parameters.map(({ name, value }) => [name, value]));
    const session = await nodeBackend.open(emitModel(model.outputs, { weights }));
    const got = await session.run({
      input_ids: BigInt64Array.from(one.input_ids, BigInt),
      attention_mask: BigInt64Array.from(one.attention_mask, BigInt),
    });
    await session.release();
    expect(largestError(got.last_hidden_state as Float32Array, one.last_hidden_state)).toBeLessThan(1e-5);
  });

  it.each(oracle.cases)('has the loss and the gradients of PyTorch at $dims', (one) => {
    const model = load(file, one.dims);
    const loss = lossOf(hiddenOf(model));
    const names = Object.keys(oracle.weights);
    const wanted = names.map(
      (name) => model.parameters.find((parameter) => parameter.name === `bert.${name}`)?.tensor as Tensor,
    );
    const found = gradients(loss, wanted).map(
      (gradient, i) => denseGradient(wanted[i] as Tensor, gradient) as Tensor,
    );
    const [value, ...got] = evaluate([loss, ...found], feedsOf(model, one));
    expect((value as Float64Array)[0]).toBeCloseTo(one.loss, 6);
    for (const [i, name] of names.entries()) {
      const { dims, initializers } = oracle.weights[name] as Oracle['weights'][string];
      const numbers = got[i] as Float64Array;
      const inOrder = initializers[file]?.transposed ? transposed(numbers, dims) : numbers;
      // PyTorch keeps the row of the padding word (its `padding_idx`, which no file carries) out of training.
      const skipped = name === 'embeddings.word_embeddings.weight' ? (dims[1] as number) : 0;
      const want = (one.gradients[name] as readonly number[]).slice(skipped);
      const size = want.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      expect(largestError(inOrder.subarray(skipped), want) / size, name).toBeLessThan(1e-5);
    }
  });

  it('comes with layer norm, GELU and attention as single rows and no shape plumbing', () => {
    const ops = opNames(load(file, [2, 7]));
    const count = (name: string) => ops.filter((op) => op === name).length;
    expect([count('layerNorm'), count('gelu'), count('attention')]).toEqual([5, 2, 2]);
    expect([count('erf'), count('softmax'), count('sqrt'), count('gatherElements')]).toEqual([0, 0, 0, 0]);
    expect(count('matmul')).toBe(12);
  });

  it('names every weight as PyTorch does', () => {
    const names = load(file, [2, 7]).parameters.map(({ name }) => name);
    const layer = (i: number) =>
      ['attention.self.query', 'attention.self.key', 'attention.self.value', 'attention.output.dense']
        .concat(['attention.output.LayerNorm', 'intermediate.dense', 'output.dense', 'output.LayerNorm'])
        .flatMap((part) => [
          `bert.encoder.layer.${i}.${part}.weight`,
          `bert.encoder.layer.${i}.${part}.bias`,
        ]);
    const embeddings = [
      'word_embeddings.weight',
      'position_embeddings.weight',
      'token_type_embeddings.weight',
    ]
      .concat(['LayerNorm.weight', 'LayerNorm.bias'])
      .map((name) => `bert.embeddings.${name}`);
    expect([...names].sort()).toEqual([...embeddings, ...layer(0), ...layer(1)].sort());
  });
});

/** PyTorch keeps [outputs, inputs], the exporter wrote [inputs, outputs]. */
function transposed(values: Float64Array, [rows, columns]: readonly number[]): Float64Array {
  return values.map((_, i) => {
    const [row, column] = [Math.floor(i / (columns as number)), i % (columns as number)];
    return values[column * (rows as number) + row] as number;
  });
}

it('feeds int32 ids to a model that declares int64, on request', () => {
  const bytes = readFileSync(new URL('tiny-bert.onnx', FIXTURES));
  const [one] = oracle.cases as readonly [Case];
  const model = importModel(readModel(bytes), {
    inputs: { input_ids: one.dims, attention_mask: one.dims },
    integers: 'int32',
  });
  expect(Object.values(model.inputs).map(({ dtype }) => dtype)).toEqual(['int32', 'int32']);
  const [got] = evaluate([hiddenOf(model)], feedsOf(model, one)) as [Float64Array];
  expect(largestError(got, one.last_hidden_state)).toBeLessThan(1e-6);
});

it('gives finite outputs and gradients where a row of the batch is nothing but padding', () => {
  const [one] = oracle.cases as readonly [Case];
  const model = load('tiny-bert-sdpa.onnx', one.dims);
  const blind = { ...one, attention_mask: one.attention_mask.map((seen, i) => (i < one.dims[1] ? 0 : seen)) };
  const wanted = model.parameters.map(({ tensor }) => tensor);
  const loss = lossOf(hiddenOf(model));
  const found = gradients(loss, wanted).flatMap(
    (gradient, i) => denseGradient(wanted[i] as Tensor, gradient) ?? [],
  );
  for (const values of evaluate([loss, ...found], feedsOf(model, blind)))
    expect(values.every(Number.isFinite)).toBe(true);
});

it('refuses a quantised model and says to export the float32 one', () => {
  expect(() => load('tiny-bert-quantised.onnx', [2, 7])).toThrow(
    /quantised one \(DequantizeLinear, DynamicQuantizeLinear, MatMulInteger\).*export the float32 model/,
  );
});

it('says which input is missing, which it does not know, and which has another shape', () => {
  const model = readModel(readFileSync(new URL('tiny-bert.onnx', FIXTURES)));
  expect(() => importModel(model, { inputs: { input_ids: [2, 7] } })).toThrow(
    /expected a shape for input "attention_mask"/,
  );
  expect(() => importModel(model, { inputs: { ids: [2, 7] } })).toThrow(
    /expected inputs "input_ids", "attention_mask", got "ids"/,
  );
  expect(() => importModel(model, { inputs: { input_ids: [2, 7, 1], attention_mask: [2, 7] } })).toThrow(
    /input "input_ids": the model declares \[batch, sequence\], got \[2, 7, 1\]/,
  );
  const inputs = { input_ids: [2, 7], attention_mask: [2, 7] };
  expect(() => importModel(model, { inputs, outputs: ['pooled'] })).toThrow(
    /expected outputs among .*, got "pooled"/,
  );
});
