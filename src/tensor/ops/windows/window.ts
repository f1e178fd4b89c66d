// Windows that slide over the last one or two axes: what convolution and pooling share.

import { AppError } from '../../../core/errors.ts';
import { type Axis, describeAxes } from '../../type.ts';

/** One number for all spatial axes, or one for each. */
export type PerAxis = number | readonly number[];

/** Cells around the input: as many on both sides of every axis, or each axis's `[before, after]`. */
export type Padding = number | readonly (readonly [number, number])[];

/** How windows lie: lists have one entry a spatial axis; `pads` has all the starts, then all the ends, as in ONNX. */
export type Window = {
  readonly strides: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
};

/** Windows of a convolution: channels are cut into groups that do not see each other. */
export type Geometry = Window & { readonly groups: number };

export function perAxis(op: string, value: PerAxis, rank: number): readonly number[] {
  const list = typeof value === 'number' ? new Array<number>(rank).fill(value) : value;
  if (list.length !== rank || list.some((entry) => !Number.isInteger(entry) || entry < 1))
    throw new AppError(
      'SHAPE',
      `${op}: expected ${rank} whole numbers of at least 1, got [${list.join(', ')}]`,
    );
  return list;
}

export function padsOf(op: string, padding: Padding, rank: number): readonly number[] {
  const pairs =
    typeof padding === 'number' ? Array.from({ length: rank }, () => [padding, padding] as const) : padding;
  const pads = [...pairs.map(([before]) => before), ...pairs.map(([, after]) => after)];
  if (pairs.length !== rank || pads.some((entry) => !Number.isInteger(entry) || entry < 0))
    throw new AppError(
      'SHAPE',
      `${op}: expected padding before and after each of ${rank} axes, got [${pads.join(', ')}]`,
    );
  return pads;
}

/** The spatial axes once windows of the given sizes have slid over them. @throws AppError SHAPE for one too long */
export function windowedAxes(
  op: string,
  spatial: readonly Axis[],
  kernel: readonly number[],
  window: Window,
): readonly Axis[] {
  return spatial.map((axis, i): Axis => {
    const stride = window.strides[i] as number;
    const padded = axis.size + (window.pads[i] as number) + (window.pads[i + spatial.length] as number);
    const reach = (window.dilations[i] as number) * ((kernel[i] as number) - 1) + 1;
    if (reach > padded)
      throw new AppError(
        'SHAPE',
        `${op}: ${describeAxes(spatial)}: a window of ${reach} is longer than axis ${axis.name ?? i} with its padding, ${padded}`,
      );
    return { ...axis, size: Math.floor((padded - reach) / stride) + 1 };
  });
}

/** Rows and columns of a list for one or two axes; one axis is read as the second of two. */
export function rowsAndColumns(list: readonly number[], absent: number): readonly [number, number] {
  return (list.length === 1 ? [absent, list[0]] : list) as unknown as readonly [number, number];
}
