// What every op on two tensors shares: one stretched to fit the other, a reference, a gradient summed back.

import { AppError } from '../../core/errors.ts';
import { onlyInputs, real } from '../checks/sample.ts';
import { applyOne, type Call, type Cotangent, type Op, type OpCase, type Tensor } from '../graph.ts';
import { stretched } from '../strided.ts';
import { broadcastAxes } from '../type.ts';
import { scalar } from './leaf.ts';
import { sumTo } from './structure.ts';

/** A tensor, or a number that becomes a scalar constant of the other operand's type. */
export type Operand = Tensor | number;

export type NoAttributes = Record<never, never>;

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

/** A row of the op table for an op of two tensors. */
export function binary({ name, onnx, of, compares, takes, gradient, cases }: Binary): Op<NoAttributes> {
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

/** @throws AppError SHAPE when a tensor holds truth values where numbers are wanted, or the other way round */
export function requireTruth(op: string, { dtype }: Tensor, wanted: boolean): void {
  if ((dtype === 'bool') !== wanted)
    throw new AppError('SHAPE', `${op}: expected ${wanted ? 'bool' : 'numbers'}, got ${dtype}; cast it`);
}

/** Applies such a row; a number becomes a constant of the other operand's type. */
export function pair(op: Op<NoAttributes>, a: Operand, b: Operand): Tensor {
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
