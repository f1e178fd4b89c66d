// The leaves of a graph: what is fed, what is learned, what is fixed.

import { AppError } from '../../core/errors.ts';
import { type AnyOp, applyOne, type NumericArray, type Op, type Tensor } from '../graph.ts';
import { type AxesLike, type Axis, axesOf, type DType, sizesOf, volume } from '../type.ts';

type LeafAttributes = { readonly name: string; readonly dtype: DType; readonly axes: readonly Axis[] };

function leaf(name: string): Op<LeafAttributes> {
  return {
    name,
    infer: (_, { dtype, axes }) => [{ dtype, axes }],
    evaluate: (_, { attributes }) => {
      throw new AppError('NOT_FOUND', `expected a value for ${name} "${attributes.name}", got none; feed it`);
    },
    emit: () => [],
    cases: [],
  };
}

const inputOp = leaf('input');
const parameterOp = leaf('parameter');

type ConstantAttributes = {
  readonly data: NumericArray;
  readonly dtype: DType;
  readonly axes: readonly Axis[];
};

const constantOp: Op<ConstantAttributes> = {
  name: 'constant',
  infer: (_, { dtype, axes }) => [{ dtype, axes }],
  evaluate: (_, { attributes }) => [toFloat64(attributes.data)],
  emit: (onnx, _, { attributes: { data, dtype, axes } }) => [onnx.constant(dtype, data, sizesOf(axes))],
  cases: [],
};

export const LEAF_OPS: readonly AnyOp[] = [inputOp, parameterOp, constantOp];

/** What is fed at each run: `input('items', 'int32', { batch: 128, time: 50 })`. */
export function input(name: string, dtype: DType, axes: AxesLike): Tensor {
  return applyOne(inputOp, [], { name, dtype, axes: axesOf(axes) });
}

/** What training changes: `parameter('table', { items: 12_000, width: 64 })`. Always float. */
export function parameter(name: string, axes: AxesLike): Tensor {
  return applyOne(parameterOp, [], { name, dtype: 'float', axes: axesOf(axes) });
}

/** @throws AppError SHAPE when the values do not fill the shape */
export function constant(
  data: NumericArray | readonly number[],
  axes: AxesLike,
  dtype: DType = 'float',
): Tensor {
  const list = axesOf(axes);
  const wanted = volume(sizesOf(list));
  if (data.length !== wanted)
    throw new AppError('SHAPE', `constant: expected ${wanted} values, got ${data.length}`);
  return applyOne(constantOp, [], {
    data: ArrayBuffer.isView(data) ? data : Float64Array.from(data),
    dtype,
    axes: list,
  });
}

/** A constant of no axes. */
export function scalar(value: number, dtype: DType = 'float'): Tensor {
  return constant([value], [], dtype);
}

export function isParameter(tensor: Tensor): boolean {
  return tensor.node.op.name === 'parameter';
}

export function isInput(tensor: Tensor): boolean {
  return tensor.node.op.name === 'input';
}

export function isConstant(tensor: Tensor): boolean {
  return tensor.node.op.name === 'constant';
}

/** The name of an input or parameter. */
export function leafName(tensor: Tensor): string {
  const { name } = tensor.node.attributes;
  if (typeof name !== 'string')
    throw new AppError('USAGE', `expected an input or a parameter, got ${tensor.node.op.name}`);
  return name;
}

/** The numbers of a constant. */
export function constantData(tensor: Tensor): NumericArray | undefined {
  return isConstant(tensor) ? (tensor.node.attributes.data as NumericArray) : undefined;
}

function toFloat64(data: NumericArray): Float64Array {
  if (data instanceof Float64Array) return data;
  return Float64Array.from(data as Iterable<number | bigint>, Number);
}
