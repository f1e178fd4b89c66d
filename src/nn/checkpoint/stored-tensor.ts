// A tensor as a file holds it, and as numbers: element types, half precision widened on demand.
import { invariant } from '../../core/errors.ts';

/** Element types of the safetensors format that we read; little-endian, as every machine onnxruntime runs on. */
export type StoredDtype = 'F32' | 'F64' | 'I32' | 'I64' | 'U8' | 'BOOL' | 'F16' | 'BF16';

export const ELEMENT_BYTES: Readonly<Record<StoredDtype, number>> = {
  F64: 8,
  I64: 8,
  F32: 4,
  I32: 4,
  F16: 2,
  BF16: 2,
  U8: 1,
  BOOL: 1,
};

/** A tensor in the bytes of a file, row-major. */
export interface StoredTensor {
  readonly dtype: StoredDtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Arrays that can be stored as they are. */
export type StorableArray = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

/** An array as a stored tensor; its bytes are not copied. */
export function storeArray(values: StorableArray, shape: readonly number[] = [values.length]): StoredTensor {
  return {
    dtype: storedDtype(values),
    shape,
    bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  };
}

function storedDtype(values: StorableArray): StoredDtype {
  if (values instanceof Float32Array) return 'F32';
  if (values instanceof Float64Array) return 'F64';
  if (values instanceof Int32Array) return 'I32';
  if (values instanceof BigInt64Array) return 'I64';
  invariant(values instanceof Uint8Array, 'only arrays that safetensors has a type for are stored');
  return 'U8';
}

/**
 * The tensor's own array: a view of the file's bytes where their address allows it, a copy elsewhere. Half-precision
 * tensors come as Float32Array, BOOL as Uint8Array of 0 and 1.
 */
export function loadArray({ dtype, bytes }: StoredTensor): StorableArray {
  const width = ELEMENT_BYTES[dtype];
  const { buffer, byteOffset } = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  const length = bytes.length / width;
  if (dtype === 'F32') return new Float32Array(buffer, byteOffset, length);
  if (dtype === 'F64') return new Float64Array(buffer, byteOffset, length);
  if (dtype === 'I32') return new Int32Array(buffer, byteOffset, length);
  if (dtype === 'I64') return new BigInt64Array(buffer, byteOffset, length);
  if (dtype === 'F16') return widenHalf(new Uint16Array(buffer, byteOffset, length));
  if (dtype === 'BF16') return widenBrainFloat(new Uint16Array(buffer, byteOffset, length));
  return new Uint8Array(buffer, byteOffset, length);
}

/** The tensor's values as float32, whatever they are stored as; a Float32Array is passed through. */
export function loadFloat32(tensor: StoredTensor): Float32Array {
  const values = loadArray(tensor);
  return values instanceof Float32Array ? values : Float32Array.from(values, Number);
}

/** IEEE 754 binary16: sign, 5 bits of exponent, 10 of fraction. */
function widenHalf(halves: Uint16Array): Float32Array {
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const sign = halves[i] & 0x8000 ? -1 : 1;
    const exponent = (halves[i] >>> 10) & 0x1f;
    const fraction = halves[i] & 0x3ff;
    if (exponent === 0x1f) values[i] = fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    else if (exponent === 0) values[i] = sign * fraction * 2 ** -24;
    else values[i] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return values;
}

/** bfloat16 is the upper half of a float32. */
function widenBrainFloat(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
  return new Float32Array(bits.buffer);
}
