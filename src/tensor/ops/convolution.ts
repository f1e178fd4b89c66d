// Convolution over one or two axes. Forward pass and both gradients are three readings of one sum, so each row's
// gradient is the other two.

import { AppError } from '../../core/errors.ts';
import {
  type AnyOp,
  applyOne,
  type Cotangent,
  type Emitter,
  type Node,
  type Op,
  type OpCase,
  type Sample,
  type Tensor,
} from '../graph.ts';
import { real } from '../sample.ts';
import { type Axis, describeAxes, volume } from '../type.ts';
import * as columns from './convolution-columns.ts';
import { sum } from './structure.ts';
import {
  type Padding,
  type PerAxis,
  padsOf,
  perAxis,
  rowsAndColumns,
  type Window,
  windowedAxes,
} from './window.ts';

export interface ConvolutionOptions {
  readonly stride?: PerAxis;
  /** Zeros around the input; `[[kernel − 1, 0]]` makes one axis causal. */
  readonly padding?: Padding;
  readonly dilation?: PerAxis;
  /** Channels are cut into this many groups that do not see each other. */
  readonly groups?: number;
}

export type Geometry = Window & { readonly groups: number };

/** Sizes of the axes that the output of a gradient row has and its inputs do not tell. */
type Adjoint = Geometry & { readonly spatial: readonly Axis[] };

const convolutionOp: Op<Geometry> = {
  name: 'convolution',
  infer: ([x, weight, bias], geometry) => {
    const [batch, channels, ...spatial] = (x as Tensor).axes;
    const [filters, perGroup, ...kernel] = (weight as Tensor).axes;
    const shown = `convolution: ${describeAxes((x as Tensor).axes)} * ${describeAxes((weight as Tensor).axes)}`;
    if (spatial.length !== kernel.length || spatial.length < 1 || spatial.length > 2)
      throw new AppError(
        'SHAPE',
        `${shown}: expected [batch, channels, …places] * [filters, channels / groups, …kernel] over 1 or 2 axes`,
      );
    const { groups } = geometry;
    if (channels?.size !== (perGroup?.size ?? 0) * groups || (filters?.size ?? 0) % groups !== 0)
      throw new AppError(
        'SHAPE',
        `${shown}: ${channels?.size} channels ≠ ${groups} groups of ${perGroup?.size}, or ${filters?.size} filters do not divide by ${groups}`,
      );
    if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== filters?.size))
      throw new AppError(
        'SHAPE',
        `${shown}: expected a bias of ${filters?.size}, got ${describeAxes(bias.axes)}`,
      );
    const kernelSizes = kernel.map((axis) => axis.size);
    const places = windowedAxes('convolution', spatial, kernelSizes, geometry);
    return [{ dtype: 'float', axes: [batch as Axis, filters as Axis, ...places] }];
  },
  evaluate: ([x, weight, bias], { inputs, outputs, attributes }) => {
    const y = new Float64Array(volume((outputs[0] as Tensor).shape));
    if (bias !== undefined) {
      const places = volume((outputs[0] as Tensor).shape.slice(2));
      for (let i = 0; i < y.length; i++) y[i] = bias[Math.floor(i / places) % bias.length] as number;
    }
    eachTerm(inputs[0] as Tensor, inputs[1] as Tensor, outputs[0] as Tensor, attributes, (i, k, o) => {
      y[o] = (y[o] as number) + ((x as Float64Array)[i] as number) * ((weight as Float64Array)[k] as number);
    });
    return [y];
  },
  gradient: ({ inputs: [x, weight, bias], needs, attributes }, [g]) => {
    const upstream = g as Tensor;
    const parts: Cotangent[] = [
      needs[0] ? toInput(upstream, weight as Tensor, x as Tensor, attributes) : undefined,
      needs[1] ? toWeight(x as Tensor, upstream, weight as Tensor, attributes) : undefined,
    ];
    if (bias !== undefined)
      parts.push(
        needs[2]
          ? sum(
              upstream,
              [...upstream.shape.keys()].filter((axis) => axis !== 1),
            )
          : undefined,
      );
    return parts;
  },
  emit: (onnx, names, { inputs, outputs, attributes }) => {
    if (onnx.float === 'float') return onnx.node('Conv', names, convAttributes(attributes));
    const [x, weight, bias] = names as readonly [string, string, string?];
    const y = columns.emitForward(
      onnx,
      [x, weight],
      shapesOf([inputs[0], inputs[1], outputs[0]], attributes),
    );
    if (bias === undefined) return [y];
    const column = [-1, ...attributes.strides.map(() => 1)];
    const [raised] = onnx.node('Reshape', [bias, onnx.ints(column)]);
    return onnx.node('Add', [y, raised as string]);
  },
  cases: [
    called('1-D', {}, real(2, 3, 6), real(4, 3, 3)),
    called('1-D causal, with a bias', { pads: [2, 0] }, real(2, 3, 5), real(4, 3, 3), real(4)),
    called(
      '1-D strided and dilated',
      { strides: [2], dilations: [2], pads: [1, 2] },
      real(2, 2, 9),
      real(3, 2, 3),
    ),
    called('1-D depthwise', { groups: 3, pads: [1, 1] }, real(2, 3, 5), real(6, 1, 3)),
    called('2-D with a bias', {}, real(2, 2, 4, 5), real(3, 2, 2, 3), real(3)),
    called('2-D strided, in groups', uneven2d(), real(2, 4, 6, 4), real(4, 2, 3, 2)),
  ],
};

/** A case with the plainest geometry but for what is said. */
function called(
  name: string,
  attributes: Partial<Adjoint>,
  first: Sample,
  ...rest: readonly Sample[]
): OpCase {
  const rank = first.shape.length - 2;
  const ones = new Array<number>(rank).fill(1);
  const plain = { strides: ones, dilations: ones, pads: new Array<number>(2 * rank).fill(0), groups: 1 };
  return { name, inputs: [first, ...rest], attributes: { ...plain, ...attributes } };
}

function uneven2d(): Geometry {
  return { strides: [2, 1], pads: [1, 0, 1, 2], dilations: [1, 2], groups: 2 };
}

/**
 * Slides filters over one or two axes: `[batch, channels, …places] → [batch, filters, …places]`.
 *
 * @param weight `[filters, channels / groups, …kernel]`
 * @param bias   `[filters]`
 * @throws AppError SHAPE when channels and groups do not fit, or the kernel is longer than the padded input
 */
export function convolution(
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  { stride = 1, padding = 0, dilation = 1, groups = 1 }: ConvolutionOptions = {},
): Tensor {
  const rank = x.shape.length - 2;
  const inputs = bias === undefined ? [x, weight] : [x, weight, bias];
  return applyOne(convolutionOp, inputs, {
    strides: perAxis('convolution', stride, rank),
    pads: padsOf('convolution', padding, rank),
    dilations: perAxis('convolution', dilation, rank),
    groups,
  });
}

// Of y = x * w the gradient to x: every output cell hands its share back to the inputs it saw.
const convolutionToInputOp: Op<Adjoint> = {
  name: 'convolutionToInput',
  infer: ([g, weight], { groups, spatial }) => {
    const perGroup = (weight as Tensor).axes[1] as Axis;
    const channels: Axis = { size: perGroup.size * groups };
    return [{ dtype: 'float', axes: [(g as Tensor).axes[0] as Axis, channels, ...spatial] }];
  },
  evaluate: ([g, weight], { inputs, outputs, attributes }) => {
    const dx = new Float64Array(volume((outputs[0] as Tensor).shape));
    eachTerm(outputs[0] as Tensor, inputs[1] as Tensor, inputs[0] as Tensor, attributes, (i, k, o) => {
      dx[i] =
        (dx[i] as number) + ((g as Float64Array)[o] as number) * ((weight as Float64Array)[k] as number);
    });
    return [dx];
  },
  gradient: ({ inputs: [g, weight], needs, attributes }, [u]) => [
    needs[0] ? applyOne(convolutionOp, [u as Tensor, weight as Tensor], geometryOf(attributes)) : undefined,
    needs[1] ? toWeight(u as Tensor, g as Tensor, weight as Tensor, attributes) : undefined,
  ],
  emit: (onnx, names, { inputs: [g, weight], outputs: [x], attributes }) => {
    if (onnx.float === 'double')
      return [
        columns.emitToInput(onnx, names as readonly [string, string], shapesOf([x, weight, g], attributes)),
      ];
    const { strides, pads, dilations, spatial } = attributes;
    const rank = spatial.length;
    // What the last stride stepped over belongs to the input, but no output cell saw it.
    const unseen = spatial.map(({ size }, i) => {
      const kernel = (weight as Tensor).shape[i + 2] as number;
      const places = (g as Tensor).shape[i + 2] as number;
      const seen = (strides[i] as number) * (places - 1) + (dilations[i] as number) * (kernel - 1) + 1;
      return size + (pads[i] as number) + (pads[i + rank] as number) - seen;
    });
    return onnx.node('ConvTranspose', names, {
      ...convAttributes(attributes),
      output_padding: { ints: unseen },
    });
  },
  cases: [
    called('1-D', { spatial: [{ size: 6 }] }, real(2, 4, 4), real(4, 3, 3)),
    called(
      '1-D strided with an unseen end',
      { spatial: [{ size: 9 }], strides: [2], dilations: [2], pads: [1, 2] },
      real(2, 3, 4),
      real(3, 2, 3),
    ),
    called(
      '2-D in groups',
      { spatial: [{ size: 6 }, { size: 4 }], ...uneven2d() },
      real(2, 4, 3, 4),
      real(4, 2, 3, 2),
    ),
  ],
};

function toInput(g: Tensor, weight: Tensor, x: Tensor, geometry: Geometry): Tensor {
  return convolutionToInput(g, weight, x.axes.slice(2), geometryOf(geometry));
}

/** The gradient of `convolution` to its input, whose spatial axes are given: windows lay down what they received. */
export function convolutionToInput(
  g: Tensor,
  weight: Tensor,
  spatial: readonly Axis[],
  geometry: Geometry,
): Tensor {
  return applyOne(convolutionToInputOp, [g, weight], { ...geometry, spatial });
}

// Of y = x * w the gradient to w: every kernel cell meets each pair of input and output cells it joined.
const convolutionToWeightOp: Op<Adjoint> = {
  name: 'convolutionToWeight',
  infer: ([x, g], { groups, spatial }) => {
    const perGroup: Axis = { size: ((x as Tensor).shape[1] as number) / groups };
    return [{ dtype: 'float', axes: [(g as Tensor).axes[1] as Axis, perGroup, ...spatial] }];
  },
  evaluate: ([x, g], { inputs, outputs, attributes }) => {
    const dw = new Float64Array(volume((outputs[0] as Tensor).shape));
    eachTerm(inputs[0] as Tensor, outputs[0] as Tensor, inputs[1] as Tensor, attributes, (i, k, o) => {
      dw[k] = (dw[k] as number) + ((x as Float64Array)[i] as number) * ((g as Float64Array)[o] as number);
    });
    return [dw];
  },
  gradient: ({ inputs: [x, g], needs, attributes }, [u]) => [
    needs[0] ? toInput(g as Tensor, u as Tensor, x as Tensor, attributes) : undefined,
    needs[1] ? applyOne(convolutionOp, [x as Tensor, u as Tensor], geometryOf(attributes)) : undefined,
  ],
  emit: emitToWeight,
  cases: [
    called('1-D', { spatial: [{ size: 3 }] }, real(2, 3, 6), real(2, 4, 4)),
    called(
      '1-D strided with an unseen end',
      { spatial: [{ size: 3 }], strides: [2], dilations: [2], pads: [1, 2] },
      real(2, 2, 9),
      real(2, 3, 4),
    ),
    called(
      '2-D in groups',
      { spatial: [{ size: 3 }, { size: 2 }], ...uneven2d() },
      real(2, 4, 6, 4),
      real(2, 4, 3, 4),
    ),
  ],
};

function toWeight(x: Tensor, g: Tensor, weight: Tensor, geometry: Geometry): Tensor {
  return applyOne(convolutionToWeightOp, [x, g], { ...geometryOf(geometry), spatial: weight.axes.slice(2) });
}

/**
 * A convolution again, with batch and channels exchanged: the output gradient slides over the input as a filter does,
 * strides and dilations trading places.
 */
function emitToWeight(
  onnx: Emitter,
  [x, g]: readonly string[],
  { inputs, outputs, attributes }: Node<Adjoint>,
): readonly string[] {
  if (onnx.float === 'double')
    return [
      columns.emitToWeight(
        onnx,
        [x as string, g as string],
        shapesOf([inputs[0], outputs[0], inputs[1]], attributes),
      ),
    ];
  const [batch, channels, ...places] = (inputs[0] as Tensor).shape as readonly [number, number, ...number[]];
  const { groups, strides, dilations, pads } = attributes;
  const rest = places.map((_, i) => i + 3);
  const swap = [1, 0, ...places.map((_, i) => i + 2)];
  // [batch, groups·C, …] → [C, groups·batch, …]: each group sees its own channels only
  const [grouped] = onnx.node('Reshape', [
    x as string,
    onnx.ints([batch, groups, channels / groups, ...places]),
  ]);
  const [turned] = onnx.node('Transpose', [grouped as string], { perm: { ints: [2, 1, 0, ...rest] } });
  const [images] = onnx.node('Reshape', [
    turned as string,
    onnx.ints([channels / groups, groups * batch, ...places]),
  ]);
  const [filters] = onnx.node('Transpose', [g as string], { perm: { ints: swap } });
  const [product] = onnx.node('Conv', [images as string, filters as string], {
    strides: { ints: dilations },
    dilations: { ints: strides },
    pads: { ints: pads },
    group: { int: groups },
  });
  const [weight] = onnx.node('Transpose', [product as string], { perm: { ints: swap } });
  // Where the last stride stepped over cells, the sliding went further than the kernel is long.
  const kernel = (outputs[0] as Tensor).shape.slice(2);
  return onnx.node('Slice', [
    weight as string,
    onnx.ints(kernel.map(() => 0)),
    onnx.ints(kernel),
    onnx.ints(kernel.map((_, i) => i + 2)),
  ]);
}

/**
 * Every product the sum of a convolution has, as positions in input, weight and output.
 * One axis is read as two, the first of size 1.
 */
function eachTerm(
  x: Tensor,
  weight: Tensor,
  y: Tensor,
  geometry: Geometry,
  visit: (input: number, kernel: number, output: number) => void,
): void {
  const [batch, channels, height, width] = planes(x.shape);
  const [filters, perGroup, kernelHeight, kernelWidth] = planes(weight.shape);
  const [, , rows, columns] = planes(y.shape);
  const [down, right] = rowsAndColumns(geometry.strides, 1);
  const [below, beside] = rowsAndColumns(geometry.dilations, 1);
  const [top, left] = rowsAndColumns(geometry.pads.slice(0, x.shape.length - 2), 0);
  const filtersPerGroup = filters / geometry.groups;
  for (let n = 0; n < batch; n++)
    for (let m = 0; m < filters; m++)
      for (let c = 0; c < perGroup; c++) {
        const channel = Math.floor(m / filtersPerGroup) * perGroup + c;
        for (let kr = 0; kr < kernelHeight; kr++)
          for (let kc = 0; kc < kernelWidth; kc++)
            for (let r = 0; r < rows; r++) {
              const i = r * down + kr * below - top;
              if (i < 0 || i >= height) continue;
              for (let s = 0; s < columns; s++) {
                const j = s * right + kc * beside - left;
                if (j < 0 || j >= width) continue;
                visit(
                  ((n * channels + channel) * height + i) * width + j,
                  ((m * perGroup + c) * kernelHeight + kr) * kernelWidth + kc,
                  ((n * filters + m) * rows + r) * columns + s,
                );
              }
            }
      }
}

type Four = readonly [number, number, number, number];

function planes(shape: readonly number[]): Four {
  return (shape.length === 3 ? [shape[0], shape[1], 1, shape[2]] : shape) as unknown as Four;
}

function convAttributes({ strides, pads, dilations, groups }: Geometry) {
  return {
    strides: { ints: strides },
    pads: { ints: pads },
    dilations: { ints: dilations },
    group: { int: groups },
  };
}

function shapesOf(tensors: readonly (Tensor | undefined)[], geometry: Geometry): columns.Convolved {
  const [x, weight, y] = tensors.map((tensor) => (tensor as Tensor).shape) as [number[], number[], number[]];
  return { x, weight, y, geometry };
}

function geometryOf({ strides, pads, dilations, groups }: Geometry): Geometry {
  return { strides, pads, dilations, groups };
}

export const CONVOLUTION_OPS: readonly AnyOp[] = [convolutionOp, convolutionToInputOp, convolutionToWeightOp];
