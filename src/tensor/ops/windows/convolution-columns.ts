// Convolution as gathered columns and matrix products. Only for checks in float64, where onnxruntime has no kernel of
// Conv and ConvTranspose; a gather of single cells is far slower than they are.

import type { Emitter } from '../../graph.ts';
import { volume } from '../../type.ts';
import { type Geometry, rowsAndColumns } from './window.ts';

/** The three shapes of a convolution, and how its windows lie. */
export interface Convolved {
  readonly x: readonly number[];
  readonly weight: readonly number[];
  readonly y: readonly number[];
  readonly geometry: Geometry;
}

/** y = x * w */
export function emitForward(
  onnx: Emitter,
  [x, weight]: readonly [string, string],
  shapes: Convolved,
): string {
  const { groups, filters, cells, places } = sizes(shapes);
  const filter = reshaped(onnx, weight, [1, groups, filters / groups, cells]);
  const [y] = onnx.node('MatMul', [filter, gatheredColumns(onnx, x, shapes)]);
  return reshaped(onnx, y as string, [...shapes.y.slice(0, 2), ...places]);
}

/** The gradient to w: Σ over the batch of g · columnsᵀ. */
export function emitToWeight(onnx: Emitter, [x, g]: readonly [string, string], shapes: Convolved): string {
  const { batch, groups, filters, places } = sizes(shapes);
  const upstream = reshaped(onnx, g, [batch, groups, filters / groups, volume(places)]);
  const [turned] = onnx.node('Transpose', [gatheredColumns(onnx, x, shapes)], {
    perm: { ints: [0, 1, 3, 2] },
  });
  const [each] = onnx.node('MatMul', [upstream, turned as string]);
  const [total] = onnx.node('ReduceSum', [each as string, onnx.ints([0])], { keepdims: { int: 0 } });
  return reshaped(onnx, total as string, shapes.weight);
}

/** The gradient to x: wᵀ · g, each cell of it added to where its column was gathered. */
export function emitToInput(
  onnx: Emitter,
  [g, weight]: readonly [string, string],
  shapes: Convolved,
): string {
  const { batch, groups, filters, cells, places, image } = sizes(shapes);
  const upstream = reshaped(onnx, g, [batch, groups, filters / groups, volume(places)]);
  const filter = reshaped(onnx, weight, [1, groups, filters / groups, cells]);
  const [turned] = onnx.node('Transpose', [filter], { perm: { ints: [0, 1, 3, 2] } });
  const [columns] = onnx.node('MatMul', [turned as string, upstream]);
  const table = columnPlaces(shapes);
  const [at] = onnx.node('Expand', [
    onnx.constant('int64', table, [1, table.length]),
    onnx.ints([batch, table.length]),
  ]);
  const [zeros] = onnx.node('Expand', [onnx.floats([0], []), onnx.ints([batch, image + 1])]);
  const flat = reshaped(onnx, columns as string, [batch, table.length]);
  const [added] = onnx.node('ScatterElements', [zeros as string, at as string, flat], {
    axis: { int: 1 },
    reduction: { string: 'add' },
  });
  const [kept] = onnx.node('Slice', [added as string, onnx.ints([0]), onnx.ints([image]), onnx.ints([1])]);
  return reshaped(onnx, kept as string, shapes.x);
}

/** What each window sees: [batch, groups, channels per group · kernel, places]. */
function gatheredColumns(onnx: Emitter, x: string, shapes: Convolved): string {
  const { batch, groups, cells, places, image } = sizes(shapes);
  const flat = reshaped(onnx, x, [batch, image]);
  const [withZero] = onnx.node('Pad', [flat, onnx.ints([0, 0, 0, 1]), onnx.floats([0], [])]);
  const table = columnPlaces(shapes);
  const [gathered] = onnx.node(
    'Gather',
    [withZero as string, onnx.constant('int64', table, [table.length])],
    {
      axis: { int: 1 },
    },
  );
  return reshaped(onnx, gathered as string, [batch, groups, cells, volume(places)]);
}

/** For each channel, kernel cell and place, the cell of the image under it; padding is the cell after the last. */
function columnPlaces({ x, weight, y, geometry }: Convolved): Int32Array {
  const channels = x[1] as number;
  const [height, width] = rowsAndColumns(x.slice(2), 1);
  const [kernelHeight, kernelWidth] = rowsAndColumns(weight.slice(2), 1);
  const [rows, columns] = rowsAndColumns(y.slice(2), 1);
  const [down, right] = rowsAndColumns(geometry.strides, 1);
  const [below, beside] = rowsAndColumns(geometry.dilations, 1);
  const [top, left] = rowsAndColumns(geometry.pads.slice(0, x.length - 2), 0);
  const table = new Int32Array(channels * kernelHeight * kernelWidth * rows * columns);
  let at = 0;
  for (let c = 0; c < channels; c++)
    for (let kr = 0; kr < kernelHeight; kr++)
      for (let kc = 0; kc < kernelWidth; kc++)
        for (let r = 0; r < rows; r++)
          for (let s = 0; s < columns; s++) {
            const i = r * down + kr * below - top;
            const j = s * right + kc * beside - left;
            const inside = i >= 0 && i < height && j >= 0 && j < width;
            table[at++] = inside ? (c * height + i) * width + j : channels * height * width;
          }
  return table;
}

function sizes({ x, weight, y, geometry: { groups } }: Convolved) {
  return {
    batch: x[0] as number,
    groups,
    filters: weight[0] as number,
    /** Cells under one window of one group. */
    cells: volume(weight.slice(1)),
    places: y.slice(2),
    /** Cells of one input. */
    image: volume(x.slice(1)),
  };
}

function reshaped(onnx: Emitter, name: string, shape: readonly number[]): string {
  return onnx.node('Reshape', [name, onnx.ints(shape)])[0] as string;
}
