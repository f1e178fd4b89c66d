// Many numbers into one: means, extremes, logarithms of sums; and the running sums and rankings along an axis.

import { AppError } from '../../core/errors.ts';
import { apart, real } from '../checks/sample.ts';
import { type AnyOp, apply, applyOne, type Emitter, type Node, type Op, type Tensor } from '../graph.ts';
import { broadcastStrides, eachLine, stridedOffsets } from '../strided.ts';
import { type Axis, axisIndex, describeAxes, sizesOf, volume } from '../type.ts';
import { cast, div, maximum, mul, neg, sub } from './arithmetic.ts';
import { equal } from './comparison.ts';
import { exp, sqrt, square } from './elementwise.ts';
import { type ReduceOptions, reducedAxes, reshape, sum } from './structure.ts';

type ReduceAttributes = { readonly over: readonly number[]; readonly keep: boolean };

/** The axes of `x` with size 1 where it is reduced: what a result is stretched back from. */
function keptAxes({ axes }: Tensor, over: readonly number[]): readonly Axis[] {
  return axes.map((axis, i) => (over.includes(i) ? { ...axis, size: 1 } : axis));
}

function reduction(
  name: string,
  onnx: string,
  parts: Required<Pick<Op<ReduceAttributes>, 'gradient'>> & {
    readonly start: number;
    readonly of: (total: number, value: number) => number;
  },
): Op<ReduceAttributes> {
  return {
    name,
    infer: ([x], { over, keep }) => {
      const tensor = x as Tensor;
      if (tensor.dtype === 'bool')
        throw new AppError('SHAPE', `${name}: expected numbers, got bool; cast it`);
      if (over.some((axis) => tensor.shape[axis] === 0))
        throw new AppError(
          'SHAPE',
          `${name}: ${describeAxes(tensor.axes)}: expected at least one value to reduce`,
        );
      const axes = keep ? keptAxes(tensor, over) : tensor.axes.filter((_, i) => !over.includes(i));
      return [{ dtype: tensor.dtype, axes }];
    },
    evaluate: ([x], { inputs, attributes: { over } }) => {
      const tensor = inputs[0] as Tensor;
      const kept = sizesOf(keptAxes(tensor, over));
      const out = new Float64Array(volume(kept)).fill(parts.start);
      const targets = stridedOffsets(tensor.shape, broadcastStrides(kept, tensor.shape));
      for (let i = 0; i < targets.length; i++) {
        const at = targets[i] as number;
        out[at] = parts.of(out[at] as number, (x as Float64Array)[i] as number);
      }
      return [out];
    },
    gradient: parts.gradient,
    emit: (emitter, [x], { attributes: { over, keep } }) =>
      emitter.node(onnx, [x as string, emitter.ints(over)], {
        keepdims: { int: keep ? 1 : 0 },
        // no axes would else mean all of them
        ...(over.length === 0 ? { noop_with_empty_axes: { int: 1 } } : {}),
      }),
    cases: [
      { inputs: [apart(2, 3, 4)], attributes: { over: [1], keep: true } },
      { inputs: [apart(2, 3, 4)], attributes: { over: [0, 2], keep: false } },
      { inputs: [apart(5)], attributes: { over: [0], keep: false } },
      { name: 'over no axis', inputs: [apart(2, 3)], attributes: { over: [], keep: false } },
    ],
  };
}

/** The places that hold the extreme share its gradient equally. */
const toExtreme: NonNullable<Op<ReduceAttributes>['gradient']> = (
  { inputs: [x], outputs: [y], attributes: { over } },
  [g],
) => {
  const tensor = x as Tensor;
  const kept = keptAxes(tensor, over);
  const chosen = cast(equal(tensor, reshape(y as Tensor, kept)), 'float');
  return [mul(chosen, div(reshape(g as Tensor, kept), sum(chosen, over, { keep: true })))];
};

const maxOp = reduction('max', 'ReduceMax', {
  start: Number.NEGATIVE_INFINITY,
  of: Math.max,
  gradient: toExtreme,
});
const minOp = reduction('min', 'ReduceMin', {
  start: Number.POSITIVE_INFINITY,
  of: Math.min,
  gradient: toExtreme,
});
const logSumExpOp = reduction('logSumExp', 'ReduceLogSumExp', {
  start: Number.NEGATIVE_INFINITY,
  of: logAdd,
  // (ln Σ eˣ)′ = eˣ / Σ eˣ = e^(x − y)
  gradient: ({ inputs: [x], outputs: [y], attributes: { over } }, [g]) => {
    const kept = keptAxes(x as Tensor, over);
    return [mul(exp(sub(x as Tensor, reshape(y as Tensor, kept))), reshape(g as Tensor, kept))];
  },
});

/** ln(eᵃ + eᵇ) */
function logAdd(a: number, b: number): number {
  const high = Math.max(a, b);
  return high === Number.NEGATIVE_INFINITY ? high : high + Math.log1p(Math.exp(-Math.abs(a - b)));
}

type CumulativeAttributes = { readonly axis: number; readonly exclusive: boolean; readonly reverse: boolean };

const cumulativeSumOp: Op<CumulativeAttributes> = {
  name: 'cumulativeSum',
  infer: ([x]) => [x as Tensor],
  evaluate: ([x], { inputs, attributes: { axis, exclusive, reverse } }) => {
    const values = x as Float64Array;
    const out = new Float64Array(values.length);
    eachLine((inputs[0] as Tensor).shape, axis, (start, stride, size) => {
      let total = 0;
      for (let k = 0; k < size; k++) {
        const at = start + (reverse ? size - 1 - k : k) * stride;
        out[at] = exclusive ? total : total + (values[at] as number);
        total += values[at] as number;
      }
    });
    return [out];
  },
  // what comes later in the sum sends back: the same sum, run the other way
  gradient: ({ attributes }, [g]) => [
    applyOne(cumulativeSumOp, [g as Tensor], { ...attributes, reverse: !attributes.reverse }),
  ],
  emit: (onnx, [x], { attributes: { axis, exclusive, reverse } }) =>
    onnx.node('CumSum', [x as string, onnx.ints([axis], [])], {
      exclusive: { int: Number(exclusive) },
      reverse: { int: Number(reverse) },
    }),
  cases: [
    { inputs: [real(2, 4, 3)], attributes: { axis: 1, exclusive: false, reverse: false } },
    { inputs: [real(2, 4)], attributes: { axis: 1, exclusive: true, reverse: false } },
    { inputs: [real(3, 4)], attributes: { axis: 0, exclusive: false, reverse: true } },
    { inputs: [real(3, 4)], attributes: { axis: 1, exclusive: true, reverse: true } },
  ],
};

const argMaxOp: Op<{ readonly axis: number }> = {
  name: 'argMax',
  infer: ([x], { axis }) => [{ dtype: 'int32', axes: (x as Tensor).axes.filter((_, i) => i !== axis) }],
  evaluate: ([x], { inputs, attributes: { axis } }) => {
    const { shape } = inputs[0] as Tensor;
    const best: number[] = [];
    eachLine(shape, axis, (...line) => best.push(ranked(x as Float64Array, line)[0] as number));
    return [Float64Array.from(best)];
  },
  emit: (onnx, inputs, { attributes: { axis } }) =>
    narrow(onnx, onnx.node('ArgMax', inputs, { axis: { int: axis }, keepdims: { int: 0 } })),
  cases: [
    { inputs: [apart(3, 5)], attributes: { axis: 1 } },
    { inputs: [apart(3, 5, 2)], attributes: { axis: 1 } },
    {
      name: 'a tie goes to the first',
      inputs: [{ ...real(4), values: [1, 2, 2, 0] }],
      attributes: { axis: 0 },
    },
  ],
};

type TopKAttributes = { readonly k: number; readonly axis: number };

const topKOp: Op<TopKAttributes> = {
  name: 'topK',
  infer: ([x], { k, axis }) => {
    const { dtype, axes } = x as Tensor;
    const { size, name } = axes[axis] as Axis;
    if (!Number.isInteger(k) || k < 1 || k > size)
      throw new AppError(
        'SHAPE',
        `topK: ${describeAxes(axes)}: expected k from 1 to ${size} on axis ${name ?? axis}, got ${k}`,
      );
    // onnxruntime divides by the number of lines: with none it takes the whole process down
    if (volume(sizesOf(axes)) === 0)
      throw new AppError('SHAPE', `topK: ${describeAxes(axes)}: expected at least one line to rank`);
    const kept = axes.map((old, i) => (i === axis ? { ...old, size: k } : old));
    return [
      { dtype, axes: kept },
      { dtype: 'int32', axes: kept },
    ];
  },
  evaluate: ([x], { inputs, outputs, attributes: { k, axis } }: Node<TopKAttributes>) => {
    const { shape } = outputs[0] as Tensor;
    const values = new Float64Array(volume(shape));
    const places = new Float64Array(volume(shape));
    const starts: number[] = [];
    eachLine(shape, axis, (start) => starts.push(start));
    let line = 0;
    eachLine((inputs[0] as Tensor).shape, axis, (start, stride, size) => {
      const order = ranked(x as Float64Array, [start, stride, size]);
      for (let i = 0; i < k; i++) {
        const to = (starts[line] as number) + i * stride;
        places[to] = order[i] as number;
        values[to] = (x as Float64Array)[start + (order[i] as number) * stride] as number;
      }
      line++;
    });
    return [values, places];
  },
  emit: (onnx, [x], { attributes: { k, axis } }) => {
    const [values, places] = onnx.node('TopK', [x as string, onnx.ints([k])], { axis: { int: axis } }, 2) as [
      string,
      string,
    ];
    return [values, ...narrow(onnx, [places])];
  },
  cases: [
    { inputs: [apart(3, 6)], attributes: { k: 2, axis: 1 } },
    { inputs: [apart(4, 3)], attributes: { k: 3, axis: 0 } },
    {
      name: 'a tie goes to the first',
      inputs: [{ ...real(5), values: [1, 2, 2, 0, 2] }],
      attributes: { k: 2, axis: 0 },
    },
  ],
};

/** ONNX counts in int64, which JavaScript reads as BigInt; places fit int32. */
function narrow(onnx: Emitter, [places]: readonly string[]): readonly string[] {
  return onnx.cast(places as string, 'int32');
}

/** Places along a line, the largest value first, the earlier place at a tie. */
function ranked(values: Float64Array, [start, stride, size]: readonly [number, number, number]): number[] {
  const at = (k: number): number => values[start + k * stride] as number;
  return Array.from({ length: size }, (_, k) => k).sort((a, b) => at(b) - at(a) || a - b);
}

export const REDUCTION_OPS: readonly AnyOp[] = [maxOp, minOp, logSumExpOp, cumulativeSumOp, argMaxOp, topKOp];

type Over = number | readonly number[];

/** The largest over the given axes (all by default); equal ones share its gradient. */
export function max(x: Tensor, over?: Over, { keep = false }: ReduceOptions = {}): Tensor {
  return applyOne(maxOp, [x], { over: reducedAxes('max', x, over), keep });
}

/** The smallest over the given axes (all by default); equal ones share its gradient. */
export function min(x: Tensor, over?: Over, { keep = false }: ReduceOptions = {}): Tensor {
  return applyOne(minOp, [x], { over: reducedAxes('min', x, over), keep });
}

/** ln Σ eˣ over the given axes (all by default), without overflow. */
export function logSumExp(x: Tensor, over?: Over, { keep = false }: ReduceOptions = {}): Tensor {
  return applyOne(logSumExpOp, [x], { over: reducedAxes('logSumExp', x, over), keep });
}

/** Mean over the given axes (all by default). */
export function mean(x: Tensor, over?: Over, options: ReduceOptions = {}): Tensor {
  const axes = reducedAxes('mean', x, over);
  const count = axes.reduce((product, axis) => product * (x.shape[axis] as number), 1);
  return mul(sum(x, axes, options), 1 / count);
}

/** Mean square distance from the mean over the given axes: divided by n, not n − 1. */
export function variance(x: Tensor, over?: Over, options: ReduceOptions = {}): Tensor {
  const axes = reducedAxes('variance', x, over);
  return mean(square(sub(x, mean(x, axes, { keep: true }))), axes, options);
}

/** `x` divided by its length √Σx² along an axis, or by `epsilon` where that is larger. */
export function l2Normalise(x: Tensor, axis = -1, epsilon = 1e-12): Tensor {
  return div(x, sqrt(maximum(sum(square(x), axis, { keep: true }), epsilon * epsilon)));
}

export interface CumulativeOptions {
  /** Each place holds the sum of those before it, without itself. */
  readonly exclusive?: boolean;
  /** Sums from the end. */
  readonly reverse?: boolean;
}

/** Running sum along an axis. */
export function cumulativeSum(
  x: Tensor,
  axis: number,
  { exclusive = false, reverse = false }: CumulativeOptions = {},
): Tensor {
  const at = axisIndex('cumulativeSum', axis, x.shape.length);
  return applyOne(cumulativeSumOp, [x], { axis: at, exclusive, reverse });
}

/** Place of the largest value along an axis, int32; the first at a tie. No gradient. */
export function argMax(x: Tensor, axis = -1): Tensor {
  return applyOne(argMaxOp, [x], { axis: axisIndex('argMax', axis, x.shape.length) });
}

/** Place of the smallest value along an axis, int32; the first at a tie. No gradient. */
export function argMin(x: Tensor, axis = -1): Tensor {
  return argMax(neg(x), axis);
}

/** The k largest along an axis, largest first, and their places (int32); the earlier first at a tie. No gradient. */
export function topK(x: Tensor, k: number, axis = -1): { readonly values: Tensor; readonly indices: Tensor } {
  const { outputs } = apply(topKOp, [x], { k, axis: axisIndex('topK', axis, x.shape.length) });
  return { values: outputs[0] as Tensor, indices: outputs[1] as Tensor };
}
