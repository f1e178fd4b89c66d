// Ops that move numbers and never change them, with the sum they are dual to: each one's gradient is another one.

import { AppError } from '../../core/errors.ts';
import { real } from '../checks/sample.ts';
import { type AnyOp, apply, applyOne, type Call, type Cotangent, type Op, type Tensor } from '../graph.ts';
import { broadcastStrides, pick, stretched, stridedOffsets } from '../strided.ts';
import {
  type AxesLike,
  type Axis,
  axesOf,
  axisIndex,
  describeAxes,
  sameSizes,
  sizesOf,
  stridesOf,
  volume,
} from '../type.ts';
import { constant } from './leaf.ts';

type OnlyAxes = { readonly axes: readonly Axis[] };

const reshapeOp: Op<OnlyAxes> = {
  name: 'reshape',
  infer: ([x], { axes }) => {
    const tensor = x as Tensor;
    if (volume(tensor.shape) !== volume(sizesOf(axes)))
      throw new AppError(
        'SHAPE',
        `reshape: ${describeAxes(tensor.axes)} → ${describeAxes(axes)}: ${volume(tensor.shape)} values ≠ ${volume(sizesOf(axes))}`,
      );
    return [{ dtype: tensor.dtype, axes }];
  },
  evaluate: ([x]) => [x as Float64Array],
  gradient: ({ inputs: [x] }, [g]) => [reshape(g as Tensor, (x as Tensor).axes)],
  // other names for the same sizes are no node
  emit: (onnx, [x], { inputs, attributes: { axes } }) =>
    sameSizes((inputs[0] as Tensor).shape, sizesOf(axes))
      ? [x as string]
      : onnx.node(
          'Reshape',
          [x as string, onnx.ints(sizesOf(axes))],
          // a size of 0 would else mean "as long as the input's axis at this place"
          axes.some(({ size }) => size === 0) ? { allowzero: { int: 1 } } : {},
        ),
  cases: [
    { inputs: [real(2, 6)], attributes: { axes: [{ size: 3 }, { size: 4 }] } },
    { inputs: [real(1)], attributes: { axes: [] } },
    { name: 'no values', inputs: [real(0, 3)], attributes: { axes: [{ size: 3 }, { size: 0 }] } },
  ],
};

/** The same numbers in another shape; one size may be −1 and is worked out. */
export function reshape(x: Tensor, axes: AxesLike | readonly Axis[]): Tensor {
  const wanted = isAxisList(axes) ? axes : resolveUnknown(x, axes);
  // One reshape does for a chain of them.
  const [before = x] = x.node.op.name === reshapeOp.name ? x.node.inputs : [];
  return sameAxes(before.axes, wanted) ? before : applyOne(reshapeOp, [before], { axes: wanted });
}

function isAxisList(axes: AxesLike | readonly Axis[]): axes is readonly Axis[] {
  return Array.isArray(axes) && axes.every((axis) => typeof axis === 'object');
}

function resolveUnknown(x: Tensor, axes: AxesLike): readonly Axis[] {
  const entries: readonly (readonly [string | undefined, number])[] = Array.isArray(axes)
    ? (axes as readonly number[]).map((size) => [undefined, size] as const)
    : Object.entries(axes as Readonly<Record<string, number>>);
  const known = entries.filter(([, size]) => size !== -1).reduce((product, [, size]) => product * size, 1);
  const sizes = entries.map(([, size]) => (size === -1 ? volume(x.shape) / known : size));
  return axesOf(sizes).map((axis, i) => ({ ...axis, ...named(entries[i]?.[0]) }));
}

function named(name: string | undefined): { readonly name?: string } {
  return name === undefined ? {} : { name };
}

function sameAxes(left: readonly Axis[], right: readonly Axis[]): boolean {
  return sameSizes(sizesOf(left), sizesOf(right)) && left.every((axis, i) => axis.name === right[i]?.name);
}

const transposeOp: Op<{ readonly order: readonly number[] }> = {
  name: 'transpose',
  infer: ([x], { order }) => {
    const { dtype, axes } = x as Tensor;
    if (order.length !== axes.length || [...order].sort((a, b) => a - b).some((axis, i) => axis !== i))
      throw new AppError(
        'SHAPE',
        `transpose: expected each axis of ${describeAxes(axes)} once, got [${order.join(', ')}]`,
      );
    return [{ dtype, axes: order.map((axis) => axes[axis] as Axis) }];
  },
  evaluate: ([x], { inputs, outputs, attributes: { order } }) => {
    const strides = stridesOf((inputs[0] as Tensor).shape);
    const permuted = order.map((axis) => strides[axis] as number);
    return [pick(x as Float64Array, stridedOffsets((outputs[0] as Tensor).shape, permuted))];
  },
  gradient: ({ attributes: { order } }, [g]) => [
    transpose(
      g as Tensor,
      order.map((_, axis) => order.indexOf(axis)),
    ),
  ],
  emit: (onnx, inputs, { attributes: { order } }) =>
    onnx.node('Transpose', inputs, { perm: { ints: order } }),
  cases: [{ inputs: [real(2, 3, 4)], attributes: { order: [2, 0, 1] } }],
};

/** Axes in another order; by default the last two are swapped. */
export function transpose(x: Tensor, order?: readonly number[]): Tensor {
  const rank = x.shape.length;
  const swapped = x.shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
  return applyOne(transposeOp, [x], { order: order ?? swapped });
}

const expandOp: Op<OnlyAxes> = {
  name: 'expand',
  infer: ([x], { axes }) => {
    const tensor = x as Tensor;
    const lead = axes.length - tensor.axes.length;
    if (lead < 0 || tensor.axes.some(({ size }, i) => size !== 1 && size !== axes[lead + i]?.size))
      throw new AppError(
        'SHAPE',
        `expand: ${describeAxes(tensor.axes)} cannot be stretched to ${describeAxes(axes)}`,
      );
    return [{ dtype: tensor.dtype, axes }];
  },
  evaluate: ([x], { inputs, outputs }) => [
    stretched(x as Float64Array, (inputs[0] as Tensor).shape, (outputs[0] as Tensor).shape),
  ],
  gradient: ({ inputs: [x] }, [g]) => [sumTo(g as Tensor, (x as Tensor).axes)],
  emit: (onnx, [x], { attributes: { axes } }) => onnx.node('Expand', [x as string, onnx.ints(sizesOf(axes))]),
  cases: [{ inputs: [real(3, 1)], attributes: { axes: [{ size: 2 }, { size: 3 }, { size: 4 }] } }],
};

/** Stretches axes of size 1 and adds leading ones. */
export function expand(x: Tensor, axes: AxesLike | readonly Axis[]): Tensor {
  const wanted = isAxisList(axes) ? axes : axesOf(axes);
  return sameSizes(x.shape, sizesOf(wanted)) ? x : applyOne(expandOp, [x], { axes: wanted });
}

type SumAttributes = { readonly over: readonly number[]; readonly keep: boolean };

const sumOp: Op<SumAttributes> = {
  name: 'sum',
  infer: ([x], { over, keep }) => {
    const { dtype, axes } = x as Tensor;
    if (dtype === 'bool') throw new AppError('SHAPE', 'sum: expected numbers, got bool; cast it');
    const kept = keep
      ? axes.map((axis, i) => (over.includes(i) ? { ...axis, size: 1 } : axis))
      : axes.filter((_, i) => !over.includes(i));
    return [{ dtype, axes: kept }];
  },
  evaluate: ([x], { inputs, attributes: { over } }) => {
    const { shape } = inputs[0] as Tensor;
    const kept = shape.map((size, i) => (over.includes(i) ? 1 : size));
    const out = new Float64Array(volume(kept));
    const targets = stridedOffsets(shape, broadcastStrides(kept, shape));
    for (let i = 0; i < targets.length; i++) {
      const at = targets[i] as number;
      out[at] = (out[at] as number) + ((x as Float64Array)[i] as number);
    }
    return [out];
  },
  // (Σx)' = 1, stretched back over what was summed
  gradient: ({ inputs: [x], attributes: { over } }, [g]) => {
    const { axes } = x as Tensor;
    const kept = axes.map((axis, i) => (over.includes(i) ? { ...axis, size: 1 } : axis));
    return [expand(reshape(g as Tensor, kept), axes)];
  },
  emit: (onnx, [x], { inputs, attributes: { over, keep } }) => {
    const { shape, dtype } = inputs[0] as Tensor;
    const leading = over.length > 0 && over.length < shape.length && over.every((axis, i) => axis === i);
    if (!leading || keep || dtype !== 'float' || volume(shape) === 0)
      return onnx.node('ReduceSum', [x as string, onnx.ints(over)], {
        keepdims: { int: keep ? 1 : 0 },
        // no axes would else mean all of them
        ...(over.length === 0 ? { noop_with_empty_axes: { int: 1 } } : {}),
      });
    // A row of ones times the matrix: several times faster than ReduceSum over leading axes.
    const count = volume(shape.slice(0, over.length));
    const [flat] = onnx.node('Reshape', [x as string, onnx.ints([count, -1])]);
    const [row] = onnx.node('MatMul', [
      onnx.floats(new Float64Array(count).fill(1), [1, count]),
      flat as string,
    ]);
    return onnx.node('Reshape', [row as string, onnx.ints(shape.slice(over.length))]);
  },
  cases: [
    { inputs: [real(2, 3, 4)], attributes: { over: [1], keep: true } },
    { inputs: [real(2, 3, 4)], attributes: { over: [0, 1], keep: false } },
    { inputs: [real(2, 3)], attributes: { over: [0, 1], keep: false } },
    { name: 'over no axis', inputs: [real(2, 3)], attributes: { over: [], keep: false } },
    { name: 'of no values', inputs: [real(0, 3)], attributes: { over: [0], keep: false } },
  ],
};

export interface ReduceOptions {
  /** Leaves the reduced axes in place with size 1. */
  readonly keep?: boolean;
}

/** Sum over the given axes (all by default; −1 is the last). */
export function sum(
  x: Tensor,
  over?: number | readonly number[],
  { keep = false }: ReduceOptions = {},
): Tensor {
  return applyOne(sumOp, [x], { over: reducedAxes('sum', x, over), keep });
}

/** The axes of a reduction, counted from the first and in order. @throws AppError SHAPE when one comes twice */
export function reducedAxes(
  op: string,
  x: Tensor,
  over: number | readonly number[] | undefined,
): readonly number[] {
  if (over === undefined) return x.shape.map((_, axis) => axis);
  const list = typeof over === 'number' ? [over] : over;
  const axes = list.map((axis) => axisIndex(op, axis, x.shape.length)).sort((a, b) => a - b);
  if (new Set(axes).size !== axes.length)
    throw new AppError('SHAPE', `${op}: expected each axis once, got [${list.join(', ')}]`);
  return axes;
}

/** Undoes a stretch: sums `x` down to `axes`, the gradient of broadcasting. */
export function sumTo(x: Tensor, axes: readonly Axis[]): Tensor {
  if (sameSizes(x.shape, sizesOf(axes))) return x;
  const lead = x.shape.length - axes.length;
  const over = x.shape.flatMap((size, axis) =>
    axis < lead || (axes[axis - lead]?.size === 1 && size !== 1) ? [axis] : [],
  );
  return reshape(over.length === 0 ? x : sum(x, over), axes);
}

type SliceAttributes = { readonly axis: number; readonly start: number; readonly end: number };

const sliceOp: Op<SliceAttributes> = {
  name: 'slice',
  infer: ([x], { axis, start, end }) => {
    const { dtype, axes } = x as Tensor;
    const { size, name } = axes[axis] as Axis;
    if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end > size || start > end)
      throw new AppError(
        'SHAPE',
        `slice: ${describeAxes(axes)}: expected whole numbers 0 ≤ start ≤ end ≤ ${size} on axis ${name ?? axis}, got ${start} to ${end}`,
      );
    return [{ dtype, axes: axes.map((old, i) => (i === axis ? { ...old, size: end - start } : old)) }];
  },
  evaluate: ([x], { inputs, outputs, attributes: { axis, start } }) => {
    const strides = stridesOf((inputs[0] as Tensor).shape);
    return [
      pick(
        x as Float64Array,
        stridedOffsets((outputs[0] as Tensor).shape, strides, start * (strides[axis] as number)),
      ),
    ];
  },
  gradient: ({ inputs: [x], attributes: { axis, start, end } }, [g]) => {
    const size = (x as Tensor).shape[axis] as number;
    return [pad(g as Tensor, axis, start, size - end)];
  },
  emit: (onnx, [x], { attributes: { axis, start, end } }) =>
    onnx.node('Slice', [x as string, onnx.ints([start]), onnx.ints([end]), onnx.ints([axis])]),
  cases: [{ inputs: [real(3, 5)], attributes: { axis: 1, start: 1, end: 4 } }],
};

/** `[start, end)` along one axis; negative places count from the end. */
export function slice(x: Tensor, axis: number, start: number, end?: number): Tensor {
  const at = axisIndex('slice', axis, x.shape.length);
  const size = x.shape[at] as number;
  const from = start < 0 ? start + size : start;
  const to = end === undefined ? size : end < 0 ? end + size : end;
  return from === 0 && to === size ? x : applyOne(sliceOp, [x], { axis: at, start: from, end: to });
}

type PadAttributes = {
  readonly axis: number;
  readonly before: number;
  readonly after: number;
  readonly value: number;
};

const padOp: Op<PadAttributes> = {
  name: 'pad',
  infer: ([x], { axis, before, after }) => {
    const { dtype, axes } = x as Tensor;
    if (!Number.isInteger(before) || !Number.isInteger(after) || before < 0 || after < 0)
      throw new AppError(
        'SHAPE',
        `pad: expected a whole number of at least 0 on each side, got ${before} and ${after}`,
      );
    return [
      { dtype, axes: axes.map((old, i) => (i === axis ? { ...old, size: old.size + before + after } : old)) },
    ];
  },
  evaluate: ([x], { inputs, outputs, attributes: { axis, before, value } }) => {
    const { shape } = outputs[0] as Tensor;
    const out = new Float64Array(volume(shape)).fill(value);
    const strides = stridesOf(shape);
    const places = stridedOffsets((inputs[0] as Tensor).shape, strides, before * (strides[axis] as number));
    for (let i = 0; i < places.length; i++) out[places[i] as number] = (x as Float64Array)[i] as number;
    return [out];
  },
  gradient: ({ inputs: [x], attributes: { axis, before } }, [g]) => [
    slice(g as Tensor, axis, before, before + ((x as Tensor).shape[axis] as number)),
  ],
  emit: (onnx, [x], { inputs, attributes: { axis, before, after, value } }) => {
    const { shape, dtype } = inputs[0] as Tensor;
    const ends = [before, after].flatMap((count) => shape.map((_, i) => (i === axis ? count : 0)));
    return onnx.node('Pad', [x as string, onnx.ints(ends), onnx.constant(dtype, [value], [])]);
  },
  cases: [{ inputs: [real(3, 2)], attributes: { axis: 1, before: 1, after: 2, value: 0.5 } }],
};

/** Puts `before` and `after` cells of `value` around one axis. */
export function pad(x: Tensor, axis: number, before: number, after: number, value = 0): Tensor {
  if (before === 0 && after === 0) return x;
  return applyOne(padOp, [x], { axis: axisIndex('pad', axis, x.shape.length), before, after, value });
}

const concatOp: Op<{ readonly axis: number }> = {
  name: 'concat',
  infer: (parts, { axis }) => {
    const { dtype, axes } = parts[0] as Tensor;
    for (const part of parts) {
      if (part.dtype !== dtype)
        throw new AppError(
          'SHAPE',
          `concat: expected tensors of one type, got ${dtype} and ${part.dtype}; cast one`,
        );
      if (
        part.shape.length !== axes.length ||
        part.shape.some((size, i) => i !== axis && size !== axes[i]?.size)
      )
        throw new AppError(
          'SHAPE',
          `concat: ${describeAxes(axes)} and ${describeAxes(part.axes)} differ off axis ${axes[axis]?.name ?? axis}`,
        );
    }
    const size = parts.reduce((total, part) => total + (part.shape[axis] as number), 0);
    return [{ dtype, axes: axes.map((old, i) => (i === axis ? { ...old, size } : old)) }];
  },
  evaluate: (parts, { inputs, outputs, attributes: { axis } }) => {
    const { shape } = outputs[0] as Tensor;
    const out = new Float64Array(volume(shape));
    const strides = stridesOf(shape);
    let start = 0;
    for (const [i, part] of parts.entries()) {
      const partShape = (inputs[i] as Tensor).shape;
      const places = stridedOffsets(partShape, strides, start * (strides[axis] as number));
      for (let k = 0; k < places.length; k++) out[places[k] as number] = part[k] as number;
      start += partShape[axis] as number;
    }
    return [out];
  },
  gradient: ({ inputs, needs, attributes: { axis } }: Call<{ readonly axis: number }>, [g]): Cotangent[] => {
    let start = 0;
    return inputs.map((part, i) => {
      const end = start + (part.shape[axis] as number);
      const piece = needs[i] ? slice(g as Tensor, axis, start, end) : undefined;
      start = end;
      return piece;
    });
  },
  emit: (onnx, inputs, { attributes: { axis } }) => onnx.node('Concat', inputs, { axis: { int: axis } }),
  cases: [{ inputs: [real(2, 3), real(2, 1), real(2, 2)], attributes: { axis: 1 } }],
};

/** Joins tensors along one axis. */
export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const [first] = parts;
  if (first === undefined) throw new AppError('SHAPE', 'concat: expected at least one tensor, got none');
  return parts.length === 1
    ? first
    : applyOne(concatOp, parts, { axis: axisIndex('concat', axis, first.shape.length) });
}

type SplitAttributes = { readonly axis: number; readonly sizes: readonly number[] };

const splitOp: Op<SplitAttributes> = {
  name: 'split',
  infer: ([x], { axis, sizes }) => {
    const { dtype, axes } = x as Tensor;
    const total = sizes.reduce((a, b) => a + b, 0);
    if (total !== axes[axis]?.size || sizes.some((size) => !Number.isInteger(size) || size < 0))
      throw new AppError(
        'SHAPE',
        `split: ${describeAxes(axes)}: pieces of ${sizes.join(' + ')} = ${total} do not make axis ${axes[axis]?.name ?? axis}`,
      );
    return sizes.map((size) => ({
      dtype,
      axes: axes.map((old, i) => (i === axis ? { ...old, size } : old)),
    }));
  },
  evaluate: ([x], { inputs, outputs, attributes: { axis, sizes } }) => {
    const strides = stridesOf((inputs[0] as Tensor).shape);
    let start = 0;
    return outputs.map(({ shape }, i) => {
      const offset = start * (strides[axis] as number);
      start += sizes[i] as number;
      return pick(x as Float64Array, stridedOffsets(shape, strides, offset));
    });
  },
  // one joining of all pieces, where slices would each be padded and added
  gradient: ({ outputs, attributes: { axis } }, pieces) => [
    concat(
      pieces.map((piece, i) => piece ?? expand(constant([0], []), (outputs[i] as Tensor).axes)),
      axis,
    ),
  ],
  emit: (onnx, [x], { outputs, attributes: { axis, sizes } }) =>
    onnx.node('Split', [x as string, onnx.ints(sizes)], { axis: { int: axis } }, outputs.length),
  cases: [{ inputs: [real(2, 6)], attributes: { axis: 1, sizes: [1, 3, 2] } }],
};

/** Cuts one axis into pieces of the given sizes. */
export function split(x: Tensor, axis: number, sizes: readonly number[]): readonly Tensor[] {
  return apply(splitOp, [x], { axis: axisIndex('split', axis, x.shape.length), sizes }).outputs;
}

export const STRUCTURE_OPS: readonly AnyOp[] = [
  reshapeOp,
  transposeOp,
  expandOp,
  sumOp,
  sliceOp,
  padOp,
  concatOp,
  splitOp,
];
