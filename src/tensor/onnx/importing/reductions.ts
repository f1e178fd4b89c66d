// Nodes that make many numbers into fewer, and those that rank or run along an axis.

import type { Tensor } from '../../graph.ts';
import { cast, neg } from '../../ops/arithmetic.ts';
import { abs, log, sqrt, square } from '../../ops/elementwise.ts';
import { argMax, cumulativeSum, logSumExp, max, mean, min, topK } from '../../ops/reductions.ts';
import { type ReduceOptions, reshape, sum } from '../../ops/structure.ts';
import {
  fromFirst,
  type Importer,
  type Importers,
  listOf,
  operand,
  refusal,
  singleNumber,
  whole,
} from './node.ts';

type Reduce = (x: Tensor, over: readonly number[], options: ReduceOptions) => Tensor;

const reduction =
  (reduce: Reduce): Importer =>
  (node) => {
    const x = operand(node, 0);
    const listed = listOf(node, 'axes', 1) ?? [];
    if (listed.length === 0 && whole(node, 'noop_with_empty_axes') === 1) return x;
    const over = listed.length === 0 ? x.shape.map((_, axis) => axis) : listed;
    return reduce(x, over, { keep: (whole(node, 'keepdims') ?? 1) === 1 });
  };

const place =
  (score: (x: Tensor) => Tensor): Importer =>
  (node) => {
    const x = operand(node, 0);
    if (whole(node, 'select_last_index') === 1)
      throw refusal(node, 'expected the first of equals, not the last');
    const axis = fromFirst(whole(node, 'axis') ?? 0, x.shape.length);
    const found = cast(argMax(score(cast(x, 'float')), axis), 'int64');
    const kept = x.axes.map((old, i) => (i === axis ? { ...old, size: 1 } : old));
    return (whole(node, 'keepdims') ?? 1) === 1 ? reshape(found, kept) : found;
  };

export const REDUCTION_IMPORTERS: Importers = {
  ReduceSum: reduction(sum),
  ReduceMean: reduction(mean),
  ReduceMax: reduction(max),
  ReduceMin: reduction(min),
  ReduceLogSumExp: reduction(logSumExp),
  ReduceLogSum: reduction((x, over, options) => log(sum(x, over, options))),
  ReduceL1: reduction((x, over, options) => sum(abs(x), over, options)),
  ReduceL2: reduction((x, over, options) => sqrt(sum(square(x), over, options))),
  ReduceSumSquare: reduction((x, over, options) => sum(square(x), over, options)),
  ArgMax: place((x) => x),
  ArgMin: place(neg),
  CumSum: (node) => {
    const options = { exclusive: whole(node, 'exclusive') === 1, reverse: whole(node, 'reverse') === 1 };
    return cumulativeSum(operand(node, 0), singleNumber(node, 1) ?? 0, options);
  },
  TopK: (node) => {
    if (whole(node, 'largest') === 0) throw refusal(node, 'expected the largest, not the smallest');
    const { values, indices } = topK(operand(node, 0), singleNumber(node, 1) ?? 1, whole(node, 'axis') ?? -1);
    return [values, cast(indices, 'int64')];
  },
};
