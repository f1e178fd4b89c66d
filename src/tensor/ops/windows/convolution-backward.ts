// The two gradients of a convolution in the form onnxruntime is fastest at, in float32.

import type { Emitter } from '../../graph.ts';
import { volume } from '../../type.ts';
import type { Convolved } from './convolution-columns.ts';

/**
 * The gradient to the input. At stride 1 it is a convolution of g with the filters turned around, up to twice as fast
 * as ConvTranspose over one axis; elsewhere ConvTranspose.
 */
export function emitToInput(
  onnx: Emitter,
  [g, weight]: readonly [string, string],
  shapes: Convolved,
): string {
  const { strides, pads, dilations, groups } = shapes.geometry;
  const kernel = shapes.weight.slice(2);
  const reach = kernel.map((size, i) => (dilations[i] as number) * (size - 1));
  const around = pads.map((pad, i) => (reach[i % kernel.length] as number) - pad);
  if (groups === 1 && strides.every((stride) => stride === 1) && around.every((pad) => pad >= 0)) {
    const [turned] = onnx.node('Transpose', [weight], { perm: { ints: exchanged(shapes.weight) } });
    const [mirrored] = onnx.node('Slice', [
      turned as string,
      onnx.ints(kernel.map(() => -1)),
      onnx.ints(kernel.map((size) => -size - 1)),
      onnx.ints(spatialAxes(kernel)),
      onnx.ints(kernel.map(() => -1)),
    ]);
    return onnx.node('Conv', [g, mirrored as string], {
      dilations: { ints: dilations },
      pads: { ints: around },
    })[0] as string;
  }
  // What the last stride stepped over belongs to the input, but no output cell saw it.
  const unseen = kernel.map((_, i) => {
    const places = shapes.y[i + 2] as number;
    const seen = (strides[i] as number) * (places - 1) + (reach[i] as number) + 1;
    const padded = (shapes.x[i + 2] as number) + (pads[i] as number) + (pads[i + kernel.length] as number);
    return padded - seen;
  });
  return onnx.node('ConvTranspose', [g, weight], {
    strides: { ints: strides },
    pads: { ints: pads },
    dilations: { ints: dilations },
    group: { int: groups },
    output_padding: { ints: unseen },
  })[0] as string;
}

/** The gradient to the filters: of ungrouped ones a matrix product, one and a half to four times as fast as sliding. */
export function emitToWeight(onnx: Emitter, names: readonly [string, string], shapes: Convolved): string {
  return shapes.geometry.groups === 1 ? byProduct(onnx, names, shapes) : bySliding(onnx, names, shapes);
}

/** One slice of the input a kernel cell: [filters, batch·places] · [kernel·channels, batch·places]ᵀ. */
function byProduct(onnx: Emitter, [x, g]: readonly [string, string], shapes: Convolved): string {
  const [batch, channels] = shapes.x as readonly [number, number];
  const [filters, , ...kernel] = shapes.weight as readonly [number, number, ...number[]];
  const { strides, pads, dilations } = shapes.geometry;
  const places = shapes.y.slice(2);
  const axes = onnx.ints(spatialAxes(kernel));
  const perm = { perm: { ints: exchanged(shapes.x) } };
  const [image] = onnx.node('Transpose', [x], perm);
  const ends = [
    [0, 0, ...pads.slice(0, kernel.length)],
    [0, 0, ...pads.slice(kernel.length)],
  ].flat();
  const [padded] = pads.some((pad) => pad > 0)
    ? onnx.node('Pad', [image as string, onnx.ints(ends), onnx.floats([0], [])])
    : [image];
  const rows = onnx.ints([channels, batch * volume(places)]);
  const seen = kernelCells(kernel).map((cell) => {
    const starts = cell.map((at, i) => at * (dilations[i] as number));
    const stops = starts.map((start, i) => start + (strides[i] as number) * ((places[i] as number) - 1) + 1);
    const [slice] = onnx.node('Slice', [
      padded as string,
      onnx.ints(starts),
      onnx.ints(stops),
      axes,
      onnx.ints(strides),
    ]);
    return onnx.node('Reshape', [slice as string, rows])[0] as string;
  });
  const [columns] = onnx.node('Concat', seen, { axis: { int: 0 } });
  const [turned] = onnx.node('Transpose', [g], perm);
  const [flat] = onnx.node('Reshape', [turned as string, onnx.ints([filters, batch * volume(places)])]);
  const [product] = onnx.node('Gemm', [flat as string, columns as string], { transB: { int: 1 } });
  // [filters, kernel·channels] → [filters, channels, …kernel]
  const [apart] = onnx.node('Reshape', [product as string, onnx.ints([filters, volume(kernel), channels])]);
  const [ordered] = onnx.node('Transpose', [apart as string], { perm: { ints: [0, 2, 1] } });
  return onnx.node('Reshape', [ordered as string, onnx.ints(shapes.weight)])[0] as string;
}

/**
 * A convolution again, with batch and channels exchanged: the output gradient slides over the input as a filter does,
 * strides and dilations trading places.
 */
function bySliding(onnx: Emitter, [x, g]: readonly [string, string], shapes: Convolved): string {
  const [batch, channels, ...places] = shapes.x as readonly [number, number, ...number[]];
  const { groups, strides, dilations, pads } = shapes.geometry;
  const perGroup = channels / groups;
  // [batch, groups·C, …] → [C, groups·batch, …]: each group sees its own channels only
  const [grouped] = onnx.node('Reshape', [x, onnx.ints([batch, groups, perGroup, ...places])]);
  const [turned] = onnx.node('Transpose', [grouped as string], {
    perm: { ints: [2, 1, 0, ...places.map((_, i) => i + 3)] },
  });
  const [images] = onnx.node('Reshape', [turned as string, onnx.ints([perGroup, groups * batch, ...places])]);
  const [filters] = onnx.node('Transpose', [g], { perm: { ints: exchanged(shapes.y) } });
  const [product] = onnx.node('Conv', [images as string, filters as string], {
    strides: { ints: dilations },
    dilations: { ints: strides },
    pads: { ints: pads },
    group: { int: groups },
  });
  const [weight] = onnx.node('Transpose', [product as string], { perm: { ints: exchanged(shapes.y) } });
  // Where the last stride stepped over cells, the sliding went further than the kernel is long.
  const kernel = shapes.weight.slice(2);
  return onnx.node('Slice', [
    weight as string,
    onnx.ints(kernel.map(() => 0)),
    onnx.ints(kernel),
    onnx.ints(spatialAxes(kernel)),
  ])[0] as string;
}

function kernelCells(kernel: readonly number[]): readonly (readonly number[])[] {
  return kernel.reduce<readonly (readonly number[])[]>(
    (cells, size) => cells.flatMap((cell) => Array.from({ length: size }, (_, at) => [...cell, at])),
    [[]],
  );
}

function spatialAxes(kernel: readonly number[]): readonly number[] {
  return kernel.map((_, i) => i + 2);
}

/** The first two axes change places. */
function exchanged(shape: readonly number[]): readonly number[] {
  return shape.map((_, axis) => (axis < 2 ? 1 - axis : axis));
}
