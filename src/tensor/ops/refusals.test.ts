// What ops refuse: each wrong call is named where it is made, not by onnxruntime when the model is opened.

import { expect, it } from 'vitest';
import type { Tensor } from '../graph.ts';
import { add, neg } from './arithmetic.ts';
import { and, greater, not } from './comparison.ts';
import { input } from './leaf.ts';
import { matmul } from './matrix.ts';
import { max, mean, topK } from './reductions.ts';
import { concat, pad, slice, split, sum } from './structure.ts';

const x = input('x', 'float', { rows: 2, columns: 3 });
const whole = input('whole', 'int32', { rows: 2, columns: 3 });
const truth = greater(x, 0);

it.each<readonly [string, () => Tensor | readonly Tensor[]]>([
  ['mean: expected each axis once, got [1, -1]', () => mean(x, [1, -1])],
  ['sum: expected each axis once, got [0, 0]', () => sum(x, [0, 0])],
  ['sum: expected numbers, got bool; cast it', () => sum(truth)],
  ['max: expected numbers, got bool; cast it', () => max(truth)],
  ['add: expected numbers, got bool; cast it', () => add(truth, truth)],
  ['neg: expected numbers, got bool; cast it', () => neg(truth)],
  ['and: expected bool, got float; cast it', () => and(x, x)],
  ['not: expected bool, got float; cast it', () => not(x)],
  ['concat: expected tensors of one type, got float and int32; cast one', () => concat([x, whole], 0)],
  ['matmul: expected two tensors of one type, got float and int32; cast one', () => matmul(x, whole)],
  ['topK: [0, 4]: expected at least one line to rank', () => topK(input('none', 'float', [0, 4]), 2).values],
  ['pad: expected a whole number of at least 0 on each side, got 0.5 and 0', () => pad(x, 1, 0.5, 0)],
  [
    'slice: [rows=2, columns=3]: expected whole numbers 0 ≤ start ≤ end ≤ 3 on axis columns, got 0.5 to 2',
    () => slice(x, 1, 0.5, 2),
  ],
  ['split: [rows=2, columns=3]: pieces of -1 + 4 = 3 do not make axis columns', () => split(x, 1, [-1, 4])],
])('%s', (message, call) => {
  expect(call).toThrow(expect.objectContaining({ code: 'SHAPE', message }));
});
