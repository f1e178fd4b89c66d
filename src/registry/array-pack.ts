// Many typed arrays in one file: little-endian, each at a multiple of 8 bytes, listed in a JSON index.
import { isRecord } from '../core/canonical-json.ts';
import { AppError, invariant } from '../core/errors.ts';

const ARRAY_TYPES = {
  float64: Float64Array,
  float32: Float32Array,
  int32: Int32Array,
  uint32: Uint32Array,
  uint8: Uint8Array,
} as const;

type ArrayType = keyof typeof ARRAY_TYPES;
export type PackedArray = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array;

/** Where one array stands in the file: `length` elements from byte `offset` on. */
export interface ArrayEntry {
  readonly name: string;
  readonly type: ArrayType;
  readonly offset: number;
  readonly length: number;
}

/** Equal arrays give equal bytes: names are sorted and every NaN is written with one bit pattern. */
export function packArrays(arrays: Readonly<Record<string, PackedArray>>): {
  index: readonly ArrayEntry[];
  bytes: Uint8Array;
} {
  const index: ArrayEntry[] = [];
  let end = 0;
  for (const name of Object.keys(arrays).sort()) {
    index.push({ name, type: typeOf(arrays[name], name), offset: end, length: arrays[name].length });
    end += Math.ceil(arrays[name].byteLength / 8) * 8;
  }
  const bytes = new Uint8Array(end);
  for (const { name, offset } of index) {
    const array = arrays[name];
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), offset);
    if (array instanceof Float64Array)
      settleNaN(array, new Uint32Array(bytes.buffer, offset), [0, 0x7ff80000]);
    if (array instanceof Float32Array) settleNaN(array, new Uint32Array(bytes.buffer, offset), [0x7fc00000]);
  }
  return { index, bytes };
}

/** A processor gives NaN a sign or a payload as it pleases; the file does not keep them. */
function settleNaN(array: Float64Array | Float32Array, words: Uint32Array, pattern: readonly number[]): void {
  for (let i = 0; i < array.length; i++) {
    if (Number.isNaN(array[i])) words.set(pattern, i * pattern.length);
  }
}

function typeOf(array: PackedArray, name: string): ArrayType {
  const found = (Object.keys(ARRAY_TYPES) as ArrayType[]).find((type) => array instanceof ARRAY_TYPES[type]);
  invariant(found, `array "${name}" is of no type a saved model may hold`);
  return found;
}

/**
 * The arrays behind an index, by name.
 *
 * @throws AppError BAD_FILE when index and file do not fit together
 */
export function unpackArrays(index: unknown, bytes: Uint8Array, where: string): Map<string, PackedArray> {
  if (!Array.isArray(index)) throw badPack(where);
  const arrays = new Map<string, PackedArray>();
  for (const entry of index as unknown[]) {
    if (!isEntry(entry) || arrays.has(entry.name)) throw badPack(where);
    const make = ARRAY_TYPES[entry.type];
    const end = entry.offset + entry.length * make.BYTES_PER_ELEMENT;
    if (entry.offset % 8 !== 0 || end > bytes.length) throw badPack(where);
    // A copy of its own: a Buffer's `slice` would be a view of the pool it was cut from.
    const own = Uint8Array.from(bytes.subarray(entry.offset, end));
    arrays.set(entry.name, new make(own.buffer));
  }
  return arrays;
}

const isEntry = (value: unknown): value is ArrayEntry =>
  isRecord(value) &&
  typeof value.name === 'string' &&
  typeof value.type === 'string' &&
  Object.hasOwn(ARRAY_TYPES, value.type) &&
  Number.isSafeInteger(value.offset) &&
  (value.offset as number) >= 0 &&
  Number.isSafeInteger(value.length) &&
  (value.length as number) >= 0;

const badPack = (where: string): AppError =>
  new AppError('BAD_FILE', `expected the index of arrays in ${where} to fit its bytes, it does not`);
