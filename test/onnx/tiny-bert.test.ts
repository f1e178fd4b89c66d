import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import type { OnnxGraph } from '../../src/tensor/onnx/model.ts';
import { readModel } from '../../src/tensor/onnx/read.ts';
import { writeModel } from '../../src/tensor/onnx/write.ts';

/** Made by bench/peers/export_tiny_bert.py, which says what each file is. */
const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));

interface Reference {
  readonly weights: Record<
    string,
    { dims: number[]; initializers: Record<string, { name: string; transposed: boolean }> }
  >;
  readonly cases: readonly {
    dims: number[];
    input_ids: number[];
    attention_mask: number[];
    last_hidden_state: number[];
    gradients: Record<string, number[]>;
  }[];
}

const reference: Reference = JSON.parse(fixture('tiny-bert.json').toString('utf8'));
const int64 = (values: readonly number[], dims: readonly number[]) =>
  new Tensor('int64', BigInt64Array.from(values.map(BigInt)), dims);

const opTypesOf = (graph: OnnxGraph): ReadonlySet<string> => new Set(graph.nodes.map(({ opType }) => opType));

describe('an encoder as PyTorch exports it', () => {
  it.each([
    // Float32 against float64 through two layers.
    { file: 'tiny-bert.onnx', tolerance: 1e-5, ops: ['Erf', 'ReduceMean', 'Pow', 'Sqrt', 'Shape', 'Where'] },
    {
      file: 'tiny-bert-sdpa.onnx',
      tolerance: 1e-5,
      ops: ['Erf', 'ReduceMean', 'Range', 'IsNaN', 'And', 'Flatten'],
    },
    {
      file: 'tiny-bert-dynamo.onnx',
      tolerance: 1e-5,
      ops: ['Gelu', 'LayerNormalization', 'GatherND', 'Max'],
    },
    // Eight bits a weight.
    { file: 'tiny-bert-quantised.onnx', tolerance: 0.2, ops: ['DynamicQuantizeLinear', 'MatMulInteger'] },
  ])(
    '$file reads whole, and written again computes what PyTorch computes',
    async ({ file, tolerance, ops }) => {
      const model = readModel(fixture(file));
      expect([...opTypesOf(model.graph)]).toEqual(expect.arrayContaining(ops));
      expect(model.graph.inputs).toEqual(
        ['input_ids', 'attention_mask'].map((name) => ({
          name,
          elementType: 'int64',
          dims: ['batch', 'sequence'],
        })),
      );
      const session = await InferenceSession.create(writeModel(model));
      for (const { dims, input_ids, attention_mask, last_hidden_state } of reference.cases) {
        const output = await session.run({
          input_ids: int64(input_ids, dims),
          attention_mask: int64(attention_mask, dims),
        });
        expect(output.last_hidden_state.dims).toEqual([...dims, 32]);
        const got = output.last_hidden_state.data as Float32Array;
        const errors = last_hidden_state.map((value, i) => Math.abs(value - got[i]));
        expect(Math.max(...errors)).toBeLessThan(tolerance);
      }
      await session.release();
    },
  );

  it('holds the weights whose gradients are known under the names the reference gives', () => {
    for (const { dims, initializers } of Object.values(reference.weights))
      for (const [file, { name, transposed }] of Object.entries(initializers)) {
        const weight = readModel(fixture(file)).graph.initializers.find((tensor) => tensor.name === name);
        expect(weight?.dims).toEqual(transposed ? dims.toReversed() : dims);
      }
    for (const { gradients } of reference.cases)
      for (const [name, values] of Object.entries(gradients))
        expect(values).toHaveLength(reference.weights[name].dims.reduce((size, dim) => size * dim, 1));
  });
});
