// What a tensor is made of: element type, named axes, and how two shapes meet.

import { AppError } from '../core/errors.ts';

/** Element types. `float` is float32 when a model is emitted for training, float64 in checks. */
export type DType = 'float' | 'int32' | 'int64' | 'int8' | 'uint8' | 'bool';

/** One axis of a tensor: how long it is and, where somebody said so, what it counts. */
export interface Axis {
  readonly size: number;
  readonly name?: string;
}

/** What the shape rule of an op returns for each of its outputs. */
export interface TensorType {
  readonly dtype: DType;
  readonly axes: readonly Axis[];
}

/** Axes as they are written by hand: `{ batch: 128, time: 50 }`, or bare sizes `[128, 50]`. */
export type AxesLike = Readonly<Record<string, number>> | readonly number[];

/** @throws AppError SHAPE when a size is not a whole number of at least 0 */
export function axesOf(axes: AxesLike): readonly Axis[] {
  const list = Array.isArray(axes)
    ? (axes as readonly number[]).map((size): Axis => ({ size }))
    : Object.entries(axes as Readonly<Record<string, number>>).map(([name, size]): Axis => ({ name, size }));
  for (const { size, name } of list) {
    if (!Number.isSafeInteger(size) || size < 0)
      throw new AppError('SHAPE', `expected a whole number as the size of axis ${name ?? '?'}, got ${size}`);
  }
  return list;
}

export function sizesOf(axes: readonly Axis[]): readonly number[] {
  return axes.map((axis) => axis.size);
}

/** How many elements a shape holds; 1 for a scalar. */
export function volume(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) count *= size;
  return count;
}

/** `[batch=64, 3]`: how an error shows a shape. */
export function describeAxes(axes: readonly Axis[]): string {
  return `[${axes.map((axis) => (axis.name === undefined ? `${axis.size}` : `${axis.name}=${axis.size}`)).join(', ')}]`;
}

/** `width 32 ≠ 48`: how an error shows two axes that do not fit. */
export function describeMismatch(left: Axis, right: Axis): string {
  return `${left.name ?? right.name ?? 'size'} ${left.size} ≠ ${right.size}`;
}

export function sameSizes(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((size, i) => size === right[i]);
}

/**
 * The shape two tensors have together, axes aligned from the last, a size of 1 stretched.
 *
 * @param op the name shown in the error
 * @throws AppError SHAPE naming the axes that do not fit
 */
export function broadcastAxes(op: string, left: readonly Axis[], right: readonly Axis[]): readonly Axis[] {
  const rank = Math.max(left.length, right.length);
  const axes: Axis[] = [];
  for (let i = 0; i < rank; i++) {
    const a = left[left.length - rank + i];
    const b = right[right.length - rank + i];
    axes.push(broadcastAxis(op, [left, right], a, b));
  }
  return axes;
}

function broadcastAxis(op: string, shapes: readonly (readonly Axis[])[], a?: Axis, b?: Axis): Axis {
  if (a === undefined) return b as Axis;
  if (b === undefined) return a;
  if (a.size === b.size) return a.name === undefined ? b : a;
  if (b.size === 1) return a;
  if (a.size === 1) return b;
  throw new AppError('SHAPE', `${op}: ${shapes.map(describeAxes).join(' · ')}: ${describeMismatch(a, b)}`);
}

/** -1 is the last axis. @throws AppError SHAPE when there is no such axis */
export function axisIndex(op: string, axis: number, rank: number): number {
  const index = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || index < 0 || index >= rank)
    throw new AppError('SHAPE', `${op}: expected an axis from ${-rank} to ${rank - 1}, got ${axis}`);
  return index;
}

/** Row-major strides. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--)
    strides[i] = (strides[i + 1] as number) * (shape[i + 1] as number);
  return strides;
}
