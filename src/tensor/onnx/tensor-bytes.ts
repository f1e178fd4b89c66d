// The numbers of a TensorProto, wherever the file keeps them, as little-endian row-major bytes.
import { AppError } from '../../core/errors.ts';
import { ELEMENT_BYTES, type ElementType } from './model.ts';
import type { Message } from './protobuf-reader.ts';

/** Field numbers of TensorProto's data (onnx.proto). */
const FLOAT_DATA = 4;
const INT32_DATA = 5;
const INT64_DATA = 7;
const RAW_DATA = 9;
const DOUBLE_DATA = 10;
const UINT64_DATA = 11;

/** Where numbers of a type lie when they are not in `raw_data`. */
const TYPED_FIELD: Readonly<Record<Exclude<ElementType, 'string'>, number>> = {
  float: FLOAT_DATA,
  uint8: INT32_DATA,
  int8: INT32_DATA,
  uint16: INT32_DATA,
  int16: INT32_DATA,
  int32: INT32_DATA,
  int64: INT64_DATA,
  bool: INT32_DATA,
  // Half precisions are stored as their bit patterns.
  float16: INT32_DATA,
  bfloat16: INT32_DATA,
  double: DOUBLE_DATA,
  uint32: UINT64_DATA,
  uint64: UINT64_DATA,
};

/** Bytes a dense tensor takes. */
export function tensorByteCount(
  elementType: Exclude<ElementType, 'string'>,
  dims: readonly number[],
): number {
  return dims.reduce((count, size) => count * size, ELEMENT_BYTES[elementType]);
}

/**
 * @returns a view of the file where its bytes can be used as they are, at any alignment; else a copy
 * @throws AppError BAD_FILE when the bytes are not as many as the dimensions ask for
 */
export function tensorBytes(
  tensor: Message,
  elementType: Exclude<ElementType, 'string'>,
  dims: readonly number[],
): Uint8Array {
  const bytes = tensor.has(RAW_DATA) ? tensor.bytes(RAW_DATA) : typedBytes(tensor, elementType);
  const expected = tensorByteCount(elementType, dims);
  if (bytes.length !== expected)
    throw new AppError(
      'BAD_FILE',
      `${tensor.where}: ${elementType} [${dims.join(', ')}] takes ${expected} bytes, got ${bytes.length}; the file is damaged`,
    );
  return bytes;
}

function typedBytes(tensor: Message, elementType: Exclude<ElementType, 'string'>): Uint8Array {
  const field = TYPED_FIELD[elementType];
  if (field === FLOAT_DATA) return tensor.fixedBytes(field, 4);
  if (field === DOUBLE_DATA) return tensor.fixedBytes(field, 8);
  const width = ELEMENT_BYTES[elementType];
  let count = 0;
  tensor.eachInt(field, () => count++);
  const bytes = new Uint8Array(count * width);
  const view = new DataView(bytes.buffer);
  let at = 0;
  tensor.eachInt(field, (low, high) => {
    if (width === 1) view.setUint8(at, low);
    else if (width === 2) view.setUint16(at, low, true);
    else view.setUint32(at, low, true);
    if (width === 8) view.setInt32(at + 4, high, true);
    at += width;
  });
  return bytes;
}
