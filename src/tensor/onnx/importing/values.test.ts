// Numbers of ONNX tensors of every element type, at any alignment.

import { expect, it } from 'vitest';
import { AppError } from '../../../core/errors.ts';
import type { ElementType } from '../model.ts';
import { dtypeOf, dtypeOfCode, valuesOf } from './values.ts';

/** The bytes one past an aligned start, as they lie in a file. */
function valuesFrom(elementType: ElementType, data: ArrayBufferView): readonly number[] {
  const file = new Uint8Array(data.byteLength + 1);
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 1);
  const values = valuesOf({ name: 'x', elementType, dims: [], bytes: file.subarray(1) });
  return Array.from(values as Iterable<number | bigint>, Number);
}

it('widens half precisions exactly', () => {
  // IEEE 754-2008, binary16: 1, −2.5, the smallest and the largest number, +∞, −0
  const halves = Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x7bff, 0x7c00, 0x8000);
  expect(valuesFrom('float16', halves)).toEqual([1, -2.5, 2 ** -24, 65504, Number.POSITIVE_INFINITY, -0]);
  expect(valuesFrom('float16', Uint16Array.of(0x7e00))).toEqual([Number.NaN]);
  // bfloat16 is the upper half of a float32: 1, −2.5, 3.140625
  expect(valuesFrom('bfloat16', Uint16Array.of(0x3f80, 0xc020, 0x4049))).toEqual([1, -2.5, 3.140625]);
});

it('reads numbers of every other type as they are', () => {
  expect(valuesFrom('float', Float32Array.of(0.5, -1e30))).toEqual([0.5, Math.fround(-1e30)]);
  expect(valuesFrom('double', Float64Array.of(0.1))).toEqual([0.1]);
  expect(valuesFrom('int8', Int8Array.of(-3))).toEqual([-3]);
  expect(valuesFrom('uint8', Uint8Array.of(200))).toEqual([200]);
  expect(valuesFrom('bool', Uint8Array.of(0, 1))).toEqual([0, 1]);
  expect(valuesFrom('int16', Int16Array.of(-300))).toEqual([-300]);
  expect(valuesFrom('uint16', Uint16Array.of(60_000))).toEqual([60_000]);
  expect(valuesFrom('int32', Int32Array.of(-70_000))).toEqual([-70_000]);
  expect(valuesFrom('uint32', Uint32Array.of(4_000_000_000))).toEqual([4_000_000_000]);
  expect(valuesFrom('int64', BigInt64Array.of(-5n))).toEqual([-5]);
});

it('keeps whole numbers of 64 bits exact', () => {
  const bytes = new Uint8Array(BigInt64Array.of(2n ** 62n + 1n).buffer);
  expect(valuesOf({ name: 'x', elementType: 'int64', dims: [], bytes })[0]).toBe(2n ** 62n + 1n);
});

it('computes floats of any width as floats, and refuses texts', () => {
  expect((['float', 'double', 'float16', 'bfloat16'] as const).map(dtypeOf)).toEqual(Array(4).fill('float'));
  expect([1, 7, 9, 10].map(dtypeOfCode)).toEqual(['float', 'int64', 'bool', 'float']);
  expect(() => dtypeOf('string')).toThrow(AppError);
  expect(() => dtypeOfCode(99)).toThrow(/expected a tensor type, got number 99/);
});
