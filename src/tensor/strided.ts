// Row-major arithmetic of positions: how the float64 references read transposed, sliced and stretched arrays.

import { stridesOf, volume } from './type.ts';

/** For each position of `shape` in row-major order, `offset + Σ index·stride`. */
export function stridedOffsets(shape: readonly number[], strides: readonly number[], offset = 0): Int32Array {
  const count = volume(shape);
  const offsets = new Int32Array(count);
  const index = new Array<number>(shape.length).fill(0);
  let at = offset;
  for (let i = 0; i < count; i++) {
    offsets[i] = at;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] as number;
      const next = (index[axis] as number) + 1;
      if (next < (shape[axis] as number)) {
        index[axis] = next;
        at += stride;
        break;
      }
      index[axis] = 0;
      at -= stride * (next - 1);
    }
  }
  return offsets;
}

/** Strides that read `from` as if stretched to `to`: 0 along stretched axes, axes aligned from the last. */
export function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const strides = stridesOf(from);
  const lead = to.length - from.length;
  return to.map((_, axis) => (axis < lead || from[axis - lead] === 1 ? 0 : (strides[axis - lead] as number)));
}

/** `source` of shape `from`, read as if stretched to `to`. */
export function stretched(
  source: Float64Array,
  from: readonly number[],
  to: readonly number[],
): Float64Array {
  return pick(source, stridedOffsets(to, broadcastStrides(from, to)));
}

export function pick(source: Float64Array, offsets: Int32Array): Float64Array {
  const out = new Float64Array(offsets.length);
  for (let i = 0; i < offsets.length; i++) out[i] = source[offsets[i] as number] as number;
  return out;
}

/** Calls `visit` once for each line along `axis`: its elements lie at `start + k · stride`, k < `size`. */
export function eachLine(
  shape: readonly number[],
  axis: number,
  visit: (start: number, stride: number, size: number) => void,
): void {
  const size = shape[axis] as number;
  const stride = volume(shape.slice(axis + 1));
  const outer = volume(shape.slice(0, axis));
  for (let i = 0; i < outer; i++) for (let k = 0; k < stride; k++) visit(i * size * stride + k, stride, size);
}
