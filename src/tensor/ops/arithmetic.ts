// Arithmetic of two tensors, stretched to fit each other, and its gradients by the rules of the schoolbook.

import { AppError } from '../../core/errors.ts';
import { apart, between, flags, onlyInputs, real } from '../checks/sample.ts';
import {
  type AnyOp,
  applyOne,
  type Call,
  type Cotangent,
  type Op,
  type OpCase,
  type Tensor,
} from '../graph.ts';
import { stretched } from '../strided.ts';
import { broadcastAxes, type DType } from '../type.ts';
import { scalar } from './leaf.ts';
import { sumTo } from './structure.ts';

/** A tensor, or a number that becomes a scalar constant of the other operand's type. */
export type Operand = Tensor | number;

type NoAttributes = Record<never, never>;

interface Binary {
  readonly name: string;
  readonly onnx: string;
  readonly of: (a: number, b: number) => number;
  /** Comparisons answer with `bool` and have no gradient. */
  readonly compares?: boolean;
  /** What it takes: numbers by default, or truth values, or both. */
  readonly takes?: 'bool' | 'anything';
  readonly gradient?: (a: Tensor, b: Tensor, g: Tensor, y: Tensor) => readonly [() => Tensor, () => Tensor];
  readonly cases?: readonly OpCase[];
}

function binary({ name, onnx, of, compares, takes, gradient, cases }: Binary): Op<NoAttributes> {
  return {
    name,
    infer: ([a, b]) => {
      const [left, right] = [a as Tensor, b as Tensor];
      if (left.dtype !== right.dtype)
        throw new AppError(
          'SHAPE',
          `${name}: expected two tensors of one type, got ${left.dtype} and ${right.dtype}; cast one`,
        );
      if (takes !== 'anything') requireTruth(name, left, takes === 'bool');
      return [{ dtype: compares ? 'bool' : left.dtype, axes: broadcastAxes(name, left.axes, right.axes) }];
    },
    evaluate: ([a, b], { inputs, outputs }) => {
      const { shape } = outputs[0] as Tensor;
      const left = stretched(a as Float64Array, (inputs[0] as Tensor).shape, shape);
      const right = stretched(b as Float64Array, (inputs[1] as Tensor).shape, shape);
      const result = left.map((value, i) => of(value, right[i] as number));
      // whole numbers are divided as onnxruntime does it: towards 0
      return [outputs[0]?.dtype === 'float' ? result : result.map(Math.trunc)];
    },
    ...(gradient === undefined
      ? {}
      : {
          gradient: (
            { inputs, outputs, needs }: Call,
            [g]: readonly (Tensor | undefined)[],
          ): readonly Cotangent[] => {
            const [a, b] = inputs as readonly [Tensor, Tensor];
            const parts = gradient(a, b, g as Tensor, outputs[0] as Tensor);
            return [a, b].map((x, i) => (needs[i] ? sumTo((parts[i] as () => Tensor)(), x.axes) : undefined));
          },
        }),
    emit: onnx,
    cases: cases ?? onlyInputs([real(2, 3), real(2, 3)], [real(2, 1, 3), real(4, 1)], [real(3), real()]),
  };
}

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
  cases: onlyInputs([whole(2, 3), whole(2, 3)], [whole(4, 1), whole(3)]),
});
const remainderOp = binary({
  name: 'remainder',
  onnx: 'Mod',
  of: (a, b) => a - b * Math.floor(a / b),
  cases: onlyInputs([
    { ...whole(6), values: [-7, -1, 0, 1, 6, 7] },
    { ...whole(), values: [3] },
  ]),
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

function requireTruth(op: string, { dtype }: Tensor, wanted: boolean): void {
  if ((dtype === 'bool') !== wanted)
    throw new AppError('SHAPE', `${op}: expected ${wanted ? 'bool' : 'numbers'}, got ${dtype}; cast it`);
}

function whole(...shape: readonly number[]) {
  return { dtype: 'int32', shape, low: 0, high: 2 } as const;
}

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
    { inputs: [whole(2, 3)], attributes: { to: 'float' } },
    { inputs: [between(0.2, 3.8, 5)], attributes: { to: 'int32' } },
    { inputs: [flags(4)], attributes: { to: 'float' } },
    { inputs: [whole(6)], attributes: { to: 'bool' } },
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
  greaterOp,
  greaterOrEqualOp,
  lessOp,
  lessOrEqualOp,
  equalOp,
  remainderOp,
  andOp,
  orOp,
  notOp,
  castOp,
  whereOp,
];

function pair(op: Op<NoAttributes>, a: Operand, b: Operand): Tensor {
  if (typeof a === 'number') {
    if (typeof b === 'number')
      throw new AppError('USAGE', `${op.name}: expected at least one tensor, got two numbers`);
    return applyOne(op, [scalar(a, b.dtype), b], {});
  }
  if (typeof b === 'number') return applyOne(op, [a, scalar(b, a.dtype)], {});
  return applyOne(op, [unstretched(a, b), unstretched(b, a)], {});
}

/** What `x` was stretched from, where the op stretches it all the same: one pass over memory less. */
function unstretched(x: Tensor, other: Tensor): Tensor {
  const [before] = x.node.op.name === 'expand' ? x.node.inputs : [];
  if (before === undefined || other.node.op.name === 'expand') return x;
  const lead = x.shape.length - before.shape.length;
  const isCovered = x.shape.every((size, axis) => {
    const kept = axis >= lead && before.shape[axis - lead] === size;
    return kept || other.shape[axis + other.shape.length - x.shape.length] === size;
  });
  return isCovered ? before : x;
}

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

/** What is left of whole numbers divided down: between 0 and `b`. No gradient. @throws AppError SHAPE for floats */
export function remainder(a: Operand, b: Operand): Tensor {
  for (const x of [a, b])
    if (typeof x !== 'number' && x.dtype !== 'int32' && x.dtype !== 'int64')
      throw new AppError('SHAPE', `remainder: expected whole numbers, got ${x.dtype}; cast them`);
  return pair(remainderOp, a, b);
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
