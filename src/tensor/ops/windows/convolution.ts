// Convolution over one or two axes. Forward pass and both gradients are three readings of one sum, so each row's
// gradient is the other two.

import { AppError } from '../../../core/errors.ts';
import { real } from '../../checks/sample.ts';
import {
  type AnyOp,
  applyOne,
  type Cotangent,
  type Op,
  type OpCase,
  type Sample,
  type Tensor,
} from '../../graph.ts';
import { type Axis, describeAxes, volume } from '../../type.ts';
import { sum } from '../structure.ts';
import * as backward from './convolution-backward.ts';
import * as columns from './convolution-columns.ts';
import { eachTerm } from './convolution-terms.ts';
import { type Geometry, type Padding, type PerAxis, padsOf, perAxis, windowedAxes } from './window.ts';

export interface ConvolutionOptions {
  readonly stride?: PerAxis;
  /** Zeros around the input; `[[kernel − 1, 0]]` makes one axis causal. */
  readonly padding?: Padding;
  readonly dilation?: PerAxis;
  /** Channels are cut into this many groups that do not see each other. */
  readonly groups?: number;
}

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
    const { emitToInput } = onnx.float === 'float' ? backward : columns;
    return [emitToInput(onnx, names as readonly [string, string], shapesOf([x, weight, g], attributes))];
  },
  cases: [
    called('1-D', { spatial: [{ size: 6 }] }, real(2, 4, 4), real(4, 3, 3)),
    called(
      '2-D dilated and padded',
      { spatial: [{ size: 5 }, { size: 4 }], dilations: [2, 1], pads: [1, 0, 2, 1] },
      real(2, 3, 4, 3),
      real(3, 2, 3, 3),
    ),
    called(
      '1-D padded more than the kernel is long',
      { spatial: [{ size: 4 }], pads: [3, 0] },
      real(2, 3, 6),
      real(3, 2, 2),
    ),
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
  emit: (onnx, names, { inputs: [x, g], outputs: [weight], attributes }) => {
    const { emitToWeight } = onnx.float === 'float' ? backward : columns;
    return [emitToWeight(onnx, names as readonly [string, string], shapesOf([x, weight, g], attributes))];
  },
  cases: [
    called('1-D', { spatial: [{ size: 3 }] }, real(2, 3, 6), real(2, 4, 4)),
    called(
      '2-D strided, dilated and padded',
      { spatial: [{ size: 3 }, { size: 2 }], ...uneven2d(), groups: 1 },
      real(2, 2, 6, 4),
      real(2, 3, 3, 4),
    ),
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
