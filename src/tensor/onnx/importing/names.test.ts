// Names for weights that exporters numbered.

import { expect, it } from 'vitest';
import type { OnnxGraph, OnnxNode, OnnxTensor } from '../model.ts';
import { nameInitialisers } from './names.ts';

const node = (opType: string, name: string, inputs: readonly string[], output: string): OnnxNode => ({
  opType,
  domain: '',
  name,
  inputs,
  outputs: [output],
  attributes: {},
});

function namesIn(nodes: readonly OnnxNode[], names: readonly string[]): Record<string, string> {
  const initializers = names.map(
    (name): OnnxTensor => ({ name, elementType: 'float', dims: [0], bytes: new Uint8Array(0) }),
  );
  const graph: OnnxGraph = { name: 'g', nodes, inputs: [], outputs: [], initializers };
  return Object.fromEntries(nameInitialisers(graph));
}

it('names the weight of a product after the shift added to it, whatever its node is called', () => {
  const nodes = [
    node('MatMul', 'node_MatMul_94', ['x', 'val_95'], 'a'),
    node('Add', 'node_linear', ['a', 'head.bias'], 'y'),
    node('Gemm', '', ['y', '12', 'pooler.dense.bias'], 'z'),
  ];
  expect(namesIn(nodes, ['val_95', '12', 'head.bias', 'pooler.dense.bias'])).toEqual({
    val_95: 'head.weight',
    '12': 'pooler.dense.weight',
    'head.bias': 'head.bias',
    'pooler.dense.bias': 'pooler.dense.bias',
  });
});

it('names a weight after the scope of the node that reads it', () => {
  const nodes = [
    node('MatMul', '/encoder/layer.0/query/MatMul', ['x', 'onnx::MatMul_329'], 'a'),
    node('Add', '/encoder/layer.0/query/Add', ['onnx::Add_330', 'a'], 'y'),
  ];
  expect(namesIn(nodes, ['onnx::MatMul_329', 'onnx::Add_330'])).toEqual({
    'onnx::MatMul_329': 'encoder.layer.0.query.weight',
    'onnx::Add_330': 'encoder.layer.0.query.bias',
  });
});

it('keeps names that say something, and numbers those that would be taken twice', () => {
  const nodes = [
    node('MatMul', '/dense/MatMul', ['x', 'onnx::MatMul_1'], 'a'),
    node('MatMul', '/dense/MatMul_1', ['a', 'onnx::MatMul_2'], 'b'),
    node('MatMul', '', ['b', 'onnx::MatMul_3'], 'c'),
  ];
  expect(namesIn(nodes, ['dense.weight', 'onnx::MatMul_1', 'onnx::MatMul_2', 'onnx::MatMul_3'])).toEqual({
    'dense.weight': 'dense.weight',
    'onnx::MatMul_1': 'dense.weight_2',
    'onnx::MatMul_2': 'dense.weight_3',
    'onnx::MatMul_3': 'onnx::MatMul_3',
  });
});
