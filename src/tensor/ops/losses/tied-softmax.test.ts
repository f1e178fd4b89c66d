// The fused cross-entropy of a tied table against the same loss written out in plain ops.

import { describe, expect, it } from 'vitest';
import { random } from '../../../core/random.ts';
import { evaluate } from '../../evaluate.ts';
import { denseGradient, gradients } from '../../gradient.ts';
import type { Tensor } from '../../graph.ts';
import { emitModel } from '../../onnx/emit.ts';
import type { OnnxNode } from '../../onnx/model.ts';
import { nodeBackend } from '../../session/session-node.ts';
import { add, cast, mul, neg } from '../arithmetic.ts';
import { equal } from '../comparison.ts';
import { constant, input } from '../leaf.ts';
import { matmul } from '../matrix.ts';
import { logSoftmax } from '../softmax.ts';
import { reshape, sum } from '../structure.ts';
import { tiedSoftmaxCrossEntropy } from './tied-softmax.ts';

const [EXAMPLES, ITEMS, WIDTH] = [7, 11, 5];
const hidden = input('hidden', 'float', { examples: EXAMPLES, width: WIDTH });
const table = input('table', 'float', { items: ITEMS, width: WIDTH });
const targets = input('targets', 'int32', { examples: EXAMPLES });
const weights = input('weights', 'float', { examples: EXAMPLES });
const bias = input('bias', 'float', { items: ITEMS });
const wanted = [hidden, table, weights, bias];

const draws = random(5);
const normal = (count: number): Float64Array =>
  Float64Array.from({ length: count }, () => Math.fround(draws.normal()));
const feeds = {
  hidden: normal(EXAMPLES * WIDTH),
  table: normal(ITEMS * WIDTH),
  // repeated targets, the first and the last row among them
  targets: Float64Array.from([3, 0, 3, 10, 7, 3, 0]),
  weights: Float64Array.from([0.5, 1, 0, 0.25, 2, 1, 0.75]),
  bias: normal(ITEMS),
};

describe('tiedSoftmaxCrossEntropy', () => {
  const fused = sum(tiedSoftmaxCrossEntropy(hidden, table, targets, { weights, bias, rowsAtOnce: 3 }));
  const oneHot = cast(
    equal(
      reshape(targets, [EXAMPLES, 1]),
      constant(
        Int32Array.from({ length: ITEMS }, (_, i) => i),
        [ITEMS],
        'int32',
      ),
    ),
    'float',
  );
  const scores = add(matmul(hidden, table, { transposeRight: true }), bias);
  const plain = neg(sum(mul(sum(mul(logSoftmax(scores), oneHot), 1), weights)));

  it('has the loss and the gradients of the plain ops when losses are added up', () => {
    expectSame(withGradients(fused), withGradients(plain));
  });

  it('has the same where losses are weighted outside, and its scores are made again', () => {
    const outside = sum(
      mul(tiedSoftmaxCrossEntropy(hidden, table, targets, { bias, rowsAtOnce: 4 }), weights),
    );
    expectSame(withGradients(outside), withGradients(plain));
  });

  it('makes the scores once in a training graph, and no gradient in a graph that only asks for the loss', () => {
    const products = (outputs: readonly Tensor[]): number =>
      emitModel(Object.fromEntries(outputs.map((x, i) => [`y${i}`, x]))).graph.nodes.filter(
        ({ opType }) => opType === 'MatMul' || opType === 'Gemm',
      ).length;
    const whole = sum(tiedSoftmaxCrossEntropy(hidden, table, targets, { weights }));
    expect(products([whole])).toBe(1);
    const [toHidden, toTable] = gradients(whole, [hidden, table]);
    expect(products([whole, toHidden?.dense as Tensor, toTable?.dense as Tensor])).toBe(3);
  });

  it('gives in onnxruntime on two threads, optimised, what the reference gives', async () => {
    const graph = withGradients(fused);
    const session = await nodeBackend.open(emitModel(Object.fromEntries(graph.map((x, i) => [`y${i}`, x]))), {
      threads: 2,
    });
    const got = await session.run({
      ...Object.fromEntries(
        wanted
          .map((x) => x.node.attributes.name as keyof typeof feeds)
          .map((name) => [name, Float32Array.from(feeds[name])]),
      ),
      targets: Int32Array.from(feeds.targets),
    });
    await session.release();
    for (const [i, want] of evaluate(graph, feeds).entries())
      for (const [k, value] of want.entries()) expect(got[`y${i}`]?.[k]).toBeCloseTo(value, 4);
  });

  it('forgets the scores of a block before the next is made', () => {
    const whole = sum(tiedSoftmaxCrossEntropy(hidden, table, targets, { weights, bias, rowsAtOnce: 2 }));
    const parts = gradients(whole, wanted).map(({ dense }) => dense as Tensor);
    const { nodes } = emitModel({
      whole,
      a: parts[0] as Tensor,
      b: parts[1] as Tensor,
      c: parts[3] as Tensor,
    }).graph;
    const blocks = nodes.flatMap((node) =>
      node.opType === 'Softmax'
        ? [{ node, scores: nodes.find(({ outputs }) => outputs.includes(node.inputs[0] as string)) }]
        : [],
    );
    expect(blocks).toHaveLength(4);
    for (const [i, { node, scores }] of blocks.slice(0, -1).entries()) {
      expect(node.inputs).toEqual(scores?.outputs);
      const before = nodesAbove(nodes, blocks[i + 1]?.node as OnnxNode);
      const readers = nodes.filter(({ inputs }) =>
        [...node.inputs, ...node.outputs].some((name) => inputs.includes(name)),
      );
      expect(readers.map(({ opType }) => opType).sort()).toEqual(
        ['Gemm', 'Gemm', 'MatMul', 'ReduceMax', 'ReduceMax', 'Softmax'].sort(),
      );
      expect(readers.filter((reader) => !before.has(reader))).toEqual([]);
    }
  });

  it('names the axes that do not fit', () => {
    const narrow = input('narrow', 'float', { items: ITEMS, width: 4 });
    expect(() => tiedSoftmaxCrossEntropy(hidden, narrow, targets)).toThrow(
      /examples=7, width=5.*items=11, width=4.*width 5 ≠ 4/,
    );
    const few = input('few', 'int32', [3]);
    expect(() => tiedSoftmaxCrossEntropy(hidden, table, few)).toThrow(/expected 7 targets, got \[3\]/);
  });
});

/** Every node that must run before `last`. */
function nodesAbove(nodes: readonly OnnxNode[], last: OnnxNode): ReadonlySet<OnnxNode> {
  const maker = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const above = new Set<OnnxNode>();
  const visit = (node: OnnxNode): void => {
    for (const name of node.inputs) {
      const source = maker.get(name);
      if (source === undefined || above.has(source)) continue;
      above.add(source);
      visit(source);
    }
  };
  visit(last);
  return above;
}

/** The loss, then its gradient to each input, rows and all. */
function withGradients(loss: Tensor): readonly Tensor[] {
  const found = gradients(loss, wanted);
  return [loss, ...found.map((gradient, i) => denseGradient(wanted[i] as Tensor, gradient) as Tensor)];
}

/** To rounding: the sums are taken in another order. */
function expectSame(left: readonly Tensor[], right: readonly Tensor[]): void {
  const expected = evaluate(right, feeds);
  for (const [i, values] of evaluate(left, feeds).entries())
    for (const [k, value] of values.entries())
      expect(value).toBeCloseTo((expected[i] as Float64Array)[k] as number, 12);
}
