// Nodes about sizes: what shapes are, and tensors made from nothing but shapes and numbers.

import type { Tensor } from '../../graph.ts';
import { constant, scalar } from '../../ops/leaf.ts';
import { volume } from '../../type.ts';
import type { OnnxTensor } from '../model.ts';
import {
  attributeOf,
  float,
  floats,
  fromFirst,
  type ImportedNode,
  type Importers,
  numbers,
  operand,
  refusal,
  singleNumber,
  whole,
  wholes,
} from './node.ts';
import { constantOf, dtypeOf, valuesOf } from './values.ts';

export const SHAPE_IMPORTERS: Importers = {
  Constant: (node) => {
    const value = tensorAttribute(node, 'value');
    if (value !== undefined) return constantOf(value);
    const single = float(node, 'value_float');
    if (single !== undefined) return scalar(single);
    const list = floats(node, 'value_floats');
    if (list !== undefined) return constant(list, [list.length]);
    const integer = whole(node, 'value_int');
    if (integer !== undefined) return scalar(integer, 'int64');
    const integers = wholes(node, 'value_ints');
    if (integers !== undefined) return constant(integers, [integers.length], 'int64');
    throw refusal(node, 'expected numbers, got a constant of texts or a sparse one');
  },
  Shape: (node) => {
    const { shape } = operand(node, 0);
    const start = fromFirst(whole(node, 'start') ?? 0, shape.length);
    const end = fromFirst(whole(node, 'end') ?? shape.length, shape.length);
    const sizes = shape.slice(Math.max(start, 0), Math.max(end, 0));
    return constant(sizes, [sizes.length], 'int64');
  },
  Size: (node) => scalar(volume(operand(node, 0).shape), 'int64'),
  ConstantOfShape: (node) => {
    const sizes = numbers(node, 0) ?? [];
    const value = tensorAttribute(node, 'value');
    const fill = value === undefined ? 0 : Number(valuesOf(value)[0]);
    const dtype = value === undefined ? 'float' : dtypeOf(value.elementType);
    return constant(new Float64Array(volume(sizes)).fill(fill), sizes, dtype);
  },
  Range: (node) => {
    const [start, limit, step] = [0, 1, 2].map((at) => singleNumber(node, at) as number) as [
      number,
      number,
      number,
    ];
    const count = Math.max(Math.ceil((limit - start) / step), 0);
    return constant(
      Float64Array.from({ length: count }, (_, i) => start + i * step),
      [count],
      operand(node, 0).dtype,
    );
  },
};

function tensorAttribute(node: ImportedNode, name: string): OnnxTensor | undefined {
  const value = attributeOf(node, name);
  return value !== undefined && 'tensor' in value ? value.tensor : undefined;
}

/** A constant of whole numbers as the places `gather` takes. */
export function places(list: readonly number[], axes: readonly number[]): Tensor {
  return constant(list, axes, 'int32');
}
