// The numbers of an ONNX tensor as typed arrays of ours, and which of our types stands for which of ONNX's.

import { AppError } from '../../../core/errors.ts';
import type { NumericArray, Tensor } from '../../graph.ts';
import { constant } from '../../ops/leaf.ts';
import type { DType } from '../../type.ts';
import { ELEMENT_TYPES, type ElementType, type OnnxTensor } from '../model.ts';

/** Floats of any width are computed in float32; narrow integers in the next wider type the engine has. */
const DTYPE_OF: Readonly<Record<Exclude<ElementType, 'string'>, DType>> = {
  float: 'float',
  double: 'float',
  float16: 'float',
  bfloat16: 'float',
  int8: 'int8',
  uint8: 'uint8',
  int16: 'int32',
  uint16: 'int32',
  int32: 'int32',
  int64: 'int64',
  uint32: 'int64',
  uint64: 'int64',
  bool: 'bool',
};

/** @throws AppError BAD_FILE for texts */
export function dtypeOf(elementType: ElementType): DType {
  if (elementType === 'string')
    throw new AppError('BAD_FILE', 'expected tensors of numbers, got one of texts');
  return DTYPE_OF[elementType];
}

/** By the number in a `to` attribute. */
export function dtypeOfCode(code: number): DType {
  const found = Object.entries(ELEMENT_TYPES).find(([, number]) => number === code);
  if (found === undefined) throw new AppError('BAD_FILE', `expected a tensor type, got number ${code}`);
  return dtypeOf(found[0] as ElementType);
}

/** A constant of our graph with the same numbers; int64 stays exact. */
export function constantOf(tensor: OnnxTensor): Tensor {
  return constant(valuesOf(tensor), tensor.dims, dtypeOf(tensor.elementType));
}

/** The numbers of a tensor, aligned and in our type; float16 and bfloat16 are widened, float64 is kept. */
export function valuesOf({ elementType, bytes }: OnnxTensor): NumericArray {
  // A file's bytes lie at any alignment: a typed array wants its own.
  const { buffer } = new Uint8Array(bytes);
  switch (elementType) {
    case 'float':
      return new Float32Array(buffer);
    case 'double':
      return new Float64Array(buffer);
    case 'float16':
      return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    case 'bfloat16':
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer);
    case 'int8':
      return new Int8Array(buffer);
    case 'uint8':
    case 'bool':
      return new Uint8Array(buffer);
    case 'int16':
      return Int32Array.from(new Int16Array(buffer));
    case 'uint16':
      return Int32Array.from(new Uint16Array(buffer));
    case 'int32':
      return new Int32Array(buffer);
    case 'uint32':
      return BigInt64Array.from(Array.from(new Uint32Array(buffer), BigInt));
    case 'int64':
    case 'uint64':
      return new BigInt64Array(buffer);
    case 'string':
      throw new AppError('BAD_FILE', 'expected tensors of numbers, got one of texts');
  }
}

/** IEEE 754 binary16: 1 sign bit, 5 of exponent, 10 of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
