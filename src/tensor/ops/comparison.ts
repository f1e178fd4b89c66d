// Comparisons of two tensors, and what is said of truth values. None has a gradient.

import { flags, indices, onlyInputs } from '../checks/sample.ts';
import { type AnyOp, applyOne, type Op, type Tensor } from '../graph.ts';
import { binary, type NoAttributes, type Operand, pair, requireTruth } from './binary.ts';

const greaterOp = binary({ name: 'greater', onnx: 'Greater', of: (a, b) => Number(a > b), compares: true });
const greaterOrEqualOp = binary({
  name: 'greaterOrEqual',
  onnx: 'GreaterOrEqual',
  of: (a, b) => Number(a >= b),
  compares: true,
});
const lessOp = binary({ name: 'less', onnx: 'Less', of: (a, b) => Number(a < b), compares: true });
const lessOrEqualOp = binary({
  name: 'lessOrEqual',
  onnx: 'LessOrEqual',
  of: (a, b) => Number(a <= b),
  compares: true,
});
const equalOp = binary({
  name: 'equal',
  onnx: 'Equal',
  of: (a, b) => Number(a === b),
  compares: true,
  takes: 'anything',
  cases: onlyInputs([indices(3, 2, 3), indices(3, 2, 3)], [indices(3, 4, 1), indices(3, 3)]),
});
const andOp = binary({
  name: 'and',
  onnx: 'And',
  of: (a, b) => a & b,
  takes: 'bool',
  cases: onlyInputs([flags(2, 3), flags(3)]),
});
const orOp = binary({
  name: 'or',
  onnx: 'Or',
  of: (a, b) => a | b,
  takes: 'bool',
  cases: onlyInputs([flags(2, 3), flags(3)]),
});

const notOp: Op<NoAttributes> = {
  name: 'not',
  infer: ([x]) => {
    requireTruth('not', x as Tensor, true);
    return [x as Tensor];
  },
  evaluate: ([x]) => [(x as Float64Array).map((value) => 1 - value)],
  emit: 'Not',
  cases: onlyInputs([flags(2, 3)]),
};

export const COMPARISON_OPS: readonly AnyOp[] = [
  greaterOp,
  greaterOrEqualOp,
  lessOp,
  lessOrEqualOp,
  equalOp,
  andOp,
  orOp,
  notOp,
];

/** Where a > b; a bool, without gradient, as all comparisons. */
export function greater(a: Operand, b: Operand): Tensor {
  return pair(greaterOp, a, b);
}

/** Where a ≥ b. */
export function greaterOrEqual(a: Operand, b: Operand): Tensor {
  return pair(greaterOrEqualOp, a, b);
}

/** Where a < b. */
export function less(a: Operand, b: Operand): Tensor {
  return pair(lessOp, a, b);
}

/** Where a ≤ b. */
export function lessOrEqual(a: Operand, b: Operand): Tensor {
  return pair(lessOrEqualOp, a, b);
}

/** Where a = b. */
export function equal(a: Operand, b: Operand): Tensor {
  return pair(equalOp, a, b);
}

/** Where a ≠ b. */
export function notEqual(a: Operand, b: Operand): Tensor {
  return not(equal(a, b));
}

/** Where both hold. */
export function and(a: Tensor, b: Tensor): Tensor {
  return pair(andOp, a, b);
}

/** Where either holds. */
export function or(a: Tensor, b: Tensor): Tensor {
  return pair(orOp, a, b);
}

/** Where it does not hold. */
export function not(x: Tensor): Tensor {
  return applyOne(notOp, [x], {});
}
