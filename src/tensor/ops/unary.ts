// What every function of one number shares: shape, reference, and a gradient that multiplies.

import { AppError } from '../../core/errors.ts';
import { onlyInputs, real } from '../checks/sample.ts';
import type { Attributes, Op, OpCase, Tensor } from '../graph.ts';

interface Unary<A extends Attributes> {
  readonly name: string;
  readonly of: (x: number, attributes: A) => number;
  /** What the input receives, of input x, output y and upstream g. Absent: no gradient flows. */
  readonly gradient?: (parts: { x: Tensor; y: Tensor; g: Tensor }, attributes: A) => Tensor;
  /** See `Op.remake`. */
  readonly remake?: (x: Tensor, attributes: A) => Tensor;
  readonly emit: Op<A>['emit'];
  readonly cases?: readonly OpCase[];
}

/** A row of the op table for a function applied to each number by itself. */
export function unary<A extends Attributes = Record<never, never>>({
  name,
  of,
  gradient,
  remake,
  emit,
  cases,
}: Unary<A>): Op<A> {
  return {
    name,
    infer: ([x]) => {
      const { dtype, axes } = x as Tensor;
      if (dtype !== 'float')
        throw new AppError('SHAPE', `${name}: expected a tensor of floats, got ${dtype}; cast it`);
      return [{ dtype, axes }];
    },
    evaluate: ([x], { attributes }) => [(x as Float64Array).map((value) => of(value, attributes))],
    ...(gradient === undefined
      ? {}
      : {
          gradient: ({ inputs: [x], outputs: [y], attributes }, [g]) => [
            gradient({ x: x as Tensor, y: y as Tensor, g: g as Tensor }, attributes),
          ],
        }),
    ...(remake === undefined
      ? {}
      : { remake: ({ inputs: [x], attributes }) => remake(x as Tensor, attributes) }),
    emit,
    cases: cases ?? onlyInputs([real(3, 5)]),
  };
}
