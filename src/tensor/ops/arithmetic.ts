// Arithmetic of two tensors, stretched to fit each other, and its gradients by the rules of the schoolbook.

import { AppError } from '../../core/errors.ts';
import { apart, between, flags, indices, onlyInputs, real } from '../checks/sample.ts';
import { type AnyOp, applyOne, type Op, type Tensor } from '../graph.ts';
import { stretched } from '../strided.ts';
import { broadcastAxes, type DType } from '../type.ts';
import { binary, type NoAttributes, type Operand, pair, requireTruth } from './binary.ts';
import { greater, greaterOrEqual, less, lessOrEqual } from './comparison.ts';
import { scalar } from './leaf.ts';
import { sumTo } from './structure.ts';

// (a + b)' = a' + b'
const addOp = binary({
  name: 'add',
  onnx: 'Add',
  of: (a, b) => a + b,
  gradient: (_a, _b, g) => [() => g, () => g],
});
// (a − b)' = a' − b'
const subOp = binary({
  name: 'sub',
  onnx: 'Sub',
  of: (a, b) => a - b,
  gradient: (_a, _b, g) => [() => g, () => neg(g)],
});
// (ab)' = a'b + ab'
const mulOp = binary({
  name: 'mul',
  onnx: 'Mul',
  of: (a, b) => a * b,
  gradient: (a, b, g) => [() => mul(g, b), () => mul(g, a)],
});
// (a/b)' = a'/b − (a/b)·b'/b
const divOp = binary({
  name: 'div',
  onnx: 'Div',
  of: (a, b) => a / b,
  gradient: (_a, b, g, y) => [() => div(g, b), () => neg(div(mul(g, y), b))],
  cases: onlyInputs(
    [real(2, 3), between(0.5, 2, 2, 3)],
    [real(2, 1, 3), between(-2, -0.5, 4, 1)],
    [
      { dtype: 'int32', shape: [4], low: 0, high: 0, values: [7, -7, 1, -1] },
      { dtype: 'int32', shape: [1], low: 0, high: 0, values: [2] },
    ],
  ),
});
// the larger takes the whole gradient; at a tie the right one does
const maximumOp = binary({
  name: 'maximum',
  onnx: 'Max',
  of: Math.max,
  gradient: (a, b, g) => [
    () => mul(g, cast(greater(a, b), 'float')),
    () => mul(g, cast(lessOrEqual(a, b), 'float')),
  ],
  cases: onlyInputs([apart(2, 3), between(-0.005, 0.005, 2, 3)], [apart(2, 3), between(-0.005, 0.005, 3)]),
});
const minimumOp = binary({
  name: 'minimum',
  onnx: 'Min',
  of: Math.min,
  gradient: (a, b, g) => [
    () => mul(g, cast(less(a, b), 'float')),
    () => mul(g, cast(greaterOrEqual(a, b), 'float')),
  ],
  cases: onlyInputs([apart(2, 3), between(-0.005, 0.005, 2, 3)], [apart(2, 3), between(-0.005, 0.005, 3)]),
});
const remainderOp = binary({
  name: 'remainder',
  onnx: 'Mod',
  of: (a, b) => a - b * Math.floor(a / b),
  cases: onlyInputs([
    { ...indices(3, 6), values: [-7, -1, 0, 1, 6, 7] },
    { ...indices(3), values: [3] },
  ]),
});
const negOp: Op<NoAttributes> = {
  name: 'neg',
  infer: ([x]) => {
    requireTruth('neg', x as Tensor, false);
    return [x as Tensor];
  },
  evaluate: ([x]) => [(x as Float64Array).map((value) => -value)],
  gradient: (_, [g]) => [neg(g as Tensor)],
  emit: 'Neg',
  cases: onlyInputs([real(2, 3)]),
};

const castOp: Op<{ readonly to: DType }> = {
  name: 'cast',
  infer: ([x], { to }) => [{ dtype: to, axes: (x as Tensor).axes }],
  evaluate: ([x], { attributes: { to } }) => [
    to === 'float'
      ? (x as Float64Array)
      : (x as Float64Array).map(to === 'bool' ? (v) => Number(v !== 0) : Math.trunc),
  ],
  // only float → float carries a gradient, and that cast is never made
  emit: (onnx, inputs, { attributes: { to } }) => onnx.cast(inputs[0] as string, to),
  cases: [
    { inputs: [indices(3, 2, 3)], attributes: { to: 'float' } },
    { inputs: [between(0.2, 3.8, 5)], attributes: { to: 'int32' } },
    { inputs: [flags(4)], attributes: { to: 'float' } },
    { inputs: [indices(3, 6)], attributes: { to: 'bool' } },
  ],
};

const whereOp: Op<NoAttributes> = {
  name: 'where',
  infer: ([condition, a, b]) => {
    const [test, left, right] = [condition as Tensor, a as Tensor, b as Tensor];
    if (test.dtype !== 'bool' || left.dtype !== right.dtype)
      throw new AppError(
        'SHAPE',
        `where: expected a bool and two tensors of one type, got ${test.dtype}, ${left.dtype}, ${right.dtype}`,
      );
    return [
      {
        dtype: left.dtype,
        axes: broadcastAxes('where', test.axes, broadcastAxes('where', left.axes, right.axes)),
      },
    ];
  },
  evaluate: (values, { inputs, outputs }) => {
    const { shape } = outputs[0] as Tensor;
    const [test, left, right] = values.map((data, i) => stretched(data, (inputs[i] as Tensor).shape, shape));
    return [
      (left as Float64Array).map((value, i) =>
        (test as Float64Array)[i] ? value : ((right as Float64Array)[i] as number),
      ),
    ];
  },
  gradient: ({ inputs: [test, a, b], needs }, [g]) => {
    const [condition, left, right] = [test as Tensor, a as Tensor, b as Tensor];
    return [
      undefined,
      needs[1] ? sumTo(where(condition, g as Tensor, 0), left.axes) : undefined,
      needs[2] ? sumTo(where(condition, 0, g as Tensor), right.axes) : undefined,
    ];
  },
  emit: 'Where',
  // both sides are taken somewhere, or half of the gradient would go unchecked
  cases: onlyInputs(
    [{ ...flags(2, 3), values: [1, 0, 0, 1, 1, 0] }, real(2, 3), real(2, 3)],
    [{ ...flags(3), values: [0, 1, 0] }, real(2, 1), real()],
  ),
};

export const ARITHMETIC_OPS: readonly AnyOp[] = [
  addOp,
  subOp,
  mulOp,
  divOp,
  negOp,
  maximumOp,
  minimumOp,
  remainderOp,
  castOp,
  whereOp,
];

/** a + b, stretched to fit each other. */
export function add(a: Operand, b: Operand): Tensor {
  return pair(addOp, a, b);
}

/** a − b, stretched to fit each other. */
export function sub(a: Operand, b: Operand): Tensor {
  return pair(subOp, a, b);
}

/** a · b element by element, stretched to fit each other. */
export function mul(a: Operand, b: Operand): Tensor {
  return pair(mulOp, a, b);
}

/** a / b element by element, stretched to fit each other; whole numbers towards 0. */
export function div(a: Operand, b: Operand): Tensor {
  return pair(divOp, a, b);
}

/** −x. */
export function neg(x: Tensor): Tensor {
  return applyOne(negOp, [x], {});
}

/** The larger of the two, element by element. */
export function maximum(a: Operand, b: Operand): Tensor {
  return pair(maximumOp, a, b);
}

/** The smaller of the two, element by element. */
export function minimum(a: Operand, b: Operand): Tensor {
  return pair(minimumOp, a, b);
}

/** What is left of whole numbers divided down: between 0 and `b`. No gradient. @throws AppError SHAPE for floats */
export function remainder(a: Operand, b: Operand): Tensor {
  for (const x of [a, b])
    if (typeof x !== 'number' && x.dtype !== 'int32' && x.dtype !== 'int64')
      throw new AppError('SHAPE', `remainder: expected whole numbers, got ${x.dtype}; cast them`);
  return pair(remainderOp, a, b);
}

/** Another element type; no gradient flows through it. */
export function cast(x: Tensor, to: DType): Tensor {
  return x.dtype === to ? x : applyOne(castOp, [x], { to });
}

/** `a` where the condition holds, else `b`. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  const dtype = typeof a === 'number' ? (typeof b === 'number' ? 'float' : b.dtype) : a.dtype;
  const [left, right] = [a, b].map((x) => (typeof x === 'number' ? scalar(x, dtype) : x)) as [Tensor, Tensor];
  return applyOne(whereOp, [condition, left, right], {});
}
