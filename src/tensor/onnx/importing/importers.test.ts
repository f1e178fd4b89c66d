// Every op type that can be imported: a file of one node, run by onnxruntime, against its import run by our reference.

import { describe, expect, it } from 'vitest';
import { CASES, type Fed, type ImportCase } from '../../../../test/onnx/importer-cases.ts';
import { random } from '../../../core/random.ts';
import { evaluate } from '../../evaluate.ts';
import { nodeBackend } from '../../session/session-node.ts';
import { volume } from '../../type.ts';
import { IMPORTERS, importModel } from '../import.ts';
import type { ElementType, OnnxModel, OnnxTensor } from '../model.ts';
import { MICROSOFT } from './microsoft.ts';

/** What is fed for each input of a case: its initialisers are not. */
function feedsOf({ inputs }: ImportCase): Readonly<Record<string, readonly number[]>> {
  const draws = random(17);
  return Object.fromEntries(
    inputs.flatMap((one, i) => {
      if (one === undefined || 'values' in one) return [];
      const { dims, low = -2, high = 2, whole = one.type !== undefined } = one;
      const drawn = Array.from({ length: volume(dims) }, () => low + (high - low) * draws.uniform());
      return [[`x${i}`, drawn.map((value) => (whole ? Math.round(value) : Math.fround(value)))]];
    }),
  );
}

function fileOf({ type, inputs, outputs, attributes = {}, opset = 18, count = 1 }: ImportCase): OnnxModel {
  const [domain, opType] = type.includes(':') ? (type.split(':') as [string, string]) : ['', type];
  const names = Array.from({ length: count }, (_, i) => `y${i}`);
  return {
    irVersion: 8,
    opsets: { '': opset, [MICROSOFT]: 1 },
    producer: 'test',
    metadata: {},
    graph: {
      name: 'one',
      nodes: [
        {
          opType,
          domain,
          name: 'node',
          inputs: inputs.map((one, i) => (one ? `x${i}` : '')),
          outputs: names,
          attributes,
        },
      ],
      inputs: inputs.flatMap((one, i) =>
        one === undefined || 'values' in one
          ? []
          : [{ name: `x${i}`, elementType: one.type ?? 'float', dims: one.dims }],
      ),
      outputs: names.map((name, i) => ({ name, elementType: outputs?.[i] ?? 'float' })),
      initializers: inputs.flatMap((one, i) =>
        one && 'values' in one ? [tensorOf(`x${i}`, one.values, one.dims, one.type ?? 'float')] : [],
      ),
    },
  };
}

function arrayOf(elementType: ElementType, values: readonly number[]) {
  switch (elementType) {
    case 'int64':
      return BigInt64Array.from(values, BigInt);
    case 'int32':
      return Int32Array.from(values);
    case 'bool':
      return Uint8Array.from(values);
    default:
      return Float32Array.from(values);
  }
}

function tensorOf(
  name: string,
  values: readonly number[],
  dims: readonly number[],
  elementType: ElementType,
): OnnxTensor {
  const { buffer } = arrayOf(elementType, values);
  return { name, elementType, dims, bytes: new Uint8Array(buffer) };
}

async function runFile(one: ImportCase): Promise<readonly (readonly number[])[]> {
  const feeds = feedsOf(one);
  const session = await nodeBackend.open(fileOf(one), { optimisation: 'disabled' });
  const arrays = Object.entries(feeds).map(([name, values]) => {
    const { type = 'float' } = one.inputs[Number(name.slice(1))] as Fed;
    return [name, arrayOf(type, values)] as const;
  });
  const got = await session.run(Object.fromEntries(arrays));
  await session.release();
  return Object.values(got).map((values) => Array.from(values as Iterable<number | bigint>, Number));
}

function runImport(one: ImportCase): readonly (readonly number[])[] {
  const fed = one.inputs.flatMap((input, i) =>
    input === undefined || 'values' in input ? [] : [[`x${i}`, input.dims] as const],
  );
  const model = importModel(fileOf(one), { inputs: Object.fromEntries(fed) });
  const weights = model.parameters.map(({ name, value }) => [name, value] as const);
  return evaluate(Object.values(model.outputs), { ...feedsOf(one), ...Object.fromEntries(weights) }).map(
    (values) => Array.from(values),
  );
}

describe.each(
  CASES.map((one) => [one.name === undefined ? one.type : `${one.type}, ${one.name}`, one] as const),
)('%s', (_, one) => {
  it('is imported as onnxruntime computes it', async () => {
    const want = await runFile(one);
    const got = runImport(one);
    expect(got.map(({ length }) => length)).toEqual(want.map(({ length }) => length));
    for (const [i, values] of want.entries())
      for (const [k, value] of values.entries()) {
        const found = got[i]?.[k] as number;
        // float32 against float64
        if (found !== value)
          expect(Math.abs(found - value), `output ${i}, value ${k}`).toBeLessThan(
            2e-5 * Math.max(1, Math.abs(value)),
          );
      }
  });
});

it('has a case for every op type that can be imported', () => {
  const covered = new Set(CASES.map(({ type }) => type));
  expect(Object.keys(IMPORTERS).filter((type) => !covered.has(type))).toEqual([]);
});

describe('a model that cannot be imported', () => {
  const refused = (type: string) => {
    const one: ImportCase = { type, inputs: [{ dims: [2, 2] }] };
    return () => importModel(fileOf(one), { inputs: { x0: [2, 2] } });
  };

  it('is refused with every op that is not known, and its nodes', () => {
    const { graph, ...rest } = fileOf({ type: 'Foo', inputs: [{ dims: [2] }] });
    const [foo] = graph.nodes as readonly [(typeof graph.nodes)[number]];
    const nodes = [
      { ...foo, name: 'first', outputs: ['a'] },
      { ...foo, name: 'second', inputs: ['a'], outputs: ['b'] },
      { ...foo, opType: 'Bar', domain: 'shop', name: '', inputs: ['b'] },
    ];
    expect(() => importModel({ ...rest, graph: { ...graph, nodes } }, { inputs: { x0: [2] } })).toThrow(
      /got 2 it does not know: Foo \(nodes "first", "second"\), shop:Bar \(node "y0"\)/,
    );
  });

  it.each(['DynamicQuantizeLinear', 'QLinearMatMul', 'DequantizeLinear', `${MICROSOFT}:QAttention`])(
    'is refused as quantised for %s',
    (type) => expect(refused(type)).toThrow(/export the float32 model/),
  );

  it.each(['If', 'Loop', 'Scan'])('is refused for the control flow of %s', (type) =>
    expect(refused(type)).toThrow(/control flow.*export the model for one fixed path/),
  );

  it.each([
    `${MICROSOFT}:Attention`,
    `${MICROSOFT}:EmbedLayerNormalization`,
    `${MICROSOFT}:MultiHeadAttention`,
  ])('is refused as fused for %s', (type) =>
    expect(refused(type)).toThrow(/without onnxruntime's optimiser/),
  );

  it('is refused where a size depends on what is fed', () => {
    const one: ImportCase = { type: 'Reshape', inputs: [{ dims: [4] }, { dims: [2], type: 'int64' }] };
    expect(() => importModel(fileOf(one), { inputs: { x0: [4], x1: [2] } })).toThrow(
      /Reshape \(node "node"\): expected input 1 to follow from the shapes/,
    );
  });

  it('is refused with the node where shapes do not fit', () => {
    const one: ImportCase = { type: 'Add', inputs: [{ dims: [2, 3] }, { dims: [2, 4] }] };
    expect(() => importModel(fileOf(one), { inputs: { x0: [2, 3], x1: [2, 4] } })).toThrow(
      /Add \(node "node"\): add: \[2, 3\] · \[2, 4\]: size 3 ≠ 4/,
    );
  });
});
