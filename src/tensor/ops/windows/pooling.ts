// Pooling over one or two axes: the largest or the mean of each window.

import { AppError } from '../../../core/errors.ts';
import { apart, real } from '../../checks/sample.ts';
import { type AnyOp, applyOne, type Op, type OpCase, type Sample, type Tensor } from '../../graph.ts';
import { type Axis, describeAxes, volume } from '../../type.ts';
import { div } from '../arithmetic.ts';
import { scatterRows } from '../indexing.ts';
import { constant } from '../leaf.ts';
import { mean } from '../reductions.ts';
import { reshape } from '../structure.ts';
import { convolutionToInput } from './convolution.ts';
import { emitForward } from './convolution-columns.ts';
import {
  type Padding,
  type PerAxis,
  padsOf,
  perAxis,
  rowsAndColumns,
  type Window,
  windowedAxes,
} from './window.ts';

export interface PoolingOptions {
  /** The size of the window by default: windows side by side. */
  readonly stride?: PerAxis;
  /** Cells around the input that count for nothing: never the largest, not part of a mean. */
  readonly padding?: Padding;
}

type PoolAttributes = Window & { readonly kernel: readonly number[] };

const maxPoolOp: Op<PoolAttributes> = {
  name: 'maxPool',
  infer: ([x], attributes) => [{ dtype: 'float', axes: pooledAxes('maxPool', x as Tensor, attributes) }],
  evaluate: ([x], { inputs, outputs, attributes }) => {
    const places = largest(x as Float64Array, inputs[0] as Tensor, outputs[0] as Tensor, attributes);
    return [places.map((place) => (x as Float64Array)[place] as number)];
  },
  // each largest cell receives what its windows receive; among equals the first does
  gradient: ({ inputs: [x], attributes }, [g]) => {
    const { axes, shape } = x as Tensor;
    const places = applyOne(maxPoolPlacesOp, [x as Tensor], attributes);
    return [reshape(scatterRows(reshape(places, [-1]), reshape(g as Tensor, [-1]), volume(shape)), axes)];
  },
  emit: (onnx, inputs, { attributes }) => onnx.node('MaxPool', inputs, poolAttributes(attributes)),
  cases: poolCases(apart),
};

// Where in the whole input each window has its largest cell; onnxruntime's slower kernel, so only for gradients.
const maxPoolPlacesOp: Op<PoolAttributes> = {
  name: 'maxPoolPlaces',
  infer: ([x], attributes) => [{ dtype: 'int64', axes: pooledAxes('maxPool', x as Tensor, attributes) }],
  evaluate: ([x], { inputs, outputs, attributes }) => [
    largest(x as Float64Array, inputs[0] as Tensor, outputs[0] as Tensor, attributes),
  ],
  emit: (onnx, inputs, { attributes }) =>
    onnx.node('MaxPool', inputs, poolAttributes(attributes), 2).slice(1),
  cases: [
    ...poolCases(apart),
    pooled('among equals the first', { kernel: [3] }, { ...real(1, 2, 3), values: [0, 0, 0, -1, 2, 2] }),
  ],
};

const averagePoolOp: Op<PoolAttributes> = {
  name: 'averagePool',
  infer: ([x], attributes) => [{ dtype: 'float', axes: pooledAxes('averagePool', x as Tensor, attributes) }],
  evaluate: ([x], { inputs, outputs, attributes }) => {
    const totals = new Float64Array(volume((outputs[0] as Tensor).shape));
    eachCell(inputs[0] as Tensor, outputs[0] as Tensor, attributes, (from, to) => {
      totals[to] = (totals[to] as number) + ((x as Float64Array)[from] as number);
    });
    const counts = realCells(inputs[0] as Tensor, outputs[0] as Tensor, attributes);
    return [totals.map((total, i) => total / (counts[i % counts.length] as number))];
  },
  gradient: ({ inputs: [x], outputs: [y], attributes }, [g]) => {
    const { axes, shape } = x as Tensor;
    const places = (y as Tensor).axes.slice(2);
    const counts = constant(
      realCells(x as Tensor, y as Tensor, attributes),
      places.map(({ size }) => size),
    );
    // Every channel of every input by itself: one image of one channel.
    const images: Axis = { size: volume(shape.slice(0, 2)) };
    const shares = reshape(div(g as Tensor, counts), [images, { size: 1 }, ...places]);
    const { kernel, ...window } = attributes;
    const ones = constant(new Float64Array(volume(kernel)).fill(1), [1, 1, ...kernel]);
    return [reshape(convolutionToInput(shares, ones, axes.slice(2), { ...window, groups: 1 }), axes)];
  },
  emit: (onnx, [x], { inputs, outputs, attributes }) => {
    if (onnx.float === 'float') return onnx.node('AveragePool', [x as string], poolAttributes(attributes));
    // onnxruntime has no float64 kernel of AveragePool: a convolution with ones, then the division.
    const { kernel, ...window } = attributes;
    const [from, to] = [inputs[0] as Tensor, outputs[0] as Tensor];
    const images = volume(from.shape.slice(0, 2));
    const ones = onnx.floats(new Float64Array(volume(kernel)).fill(1), [1, 1, ...kernel]);
    const totals = emitForward(onnx, [x as string, ones], {
      x: [images, 1, ...from.shape.slice(2)],
      weight: [1, 1, ...kernel],
      y: [images, 1, ...to.shape.slice(2)],
      geometry: { ...window, groups: 1 },
    });
    const [shaped] = onnx.node('Reshape', [totals, onnx.ints(to.shape)]);
    return onnx.node('Div', [
      shaped as string,
      onnx.floats(realCells(from, to, attributes), to.shape.slice(2)),
    ]);
  },
  cases: poolCases(real),
};

/**
 * The largest cell of each window: `[batch, channels, …places]`. Its gradient goes to that cell alone, among equals to
 * the first.
 *
 * @throws AppError SHAPE when a window is longer than the padded input
 */
export function maxPool(x: Tensor, window: PerAxis, options: PoolingOptions = {}): Tensor {
  return applyOne(maxPoolOp, [x], attributesOf('maxPool', x, window, options));
}

/** The mean of each window, padding left out: `[batch, channels, …places]`. */
export function averagePool(x: Tensor, window: PerAxis, options: PoolingOptions = {}): Tensor {
  return applyOne(averagePoolOp, [x], attributesOf('averagePool', x, window, options));
}

/** The largest of all places: `[batch, channels, …places] → [batch, channels]`. */
export function globalMaxPool(x: Tensor): Tensor {
  return reshape(maxPool(x, x.shape.slice(2)), x.axes.slice(0, 2));
}

/** The mean of all places: `[batch, channels, …places] → [batch, channels]`. */
export function globalAveragePool(x: Tensor): Tensor {
  return mean(
    x,
    x.axes.slice(2).map((_, i) => i + 2),
  );
}

function attributesOf(
  op: string,
  x: Tensor,
  window: PerAxis,
  { stride, padding = 0 }: PoolingOptions,
): PoolAttributes {
  const rank = x.shape.length - 2;
  const kernel = perAxis(op, window, rank);
  return {
    kernel,
    strides: perAxis(op, stride ?? kernel, rank),
    pads: padsOf(op, padding, rank),
    dilations: kernel.map(() => 1),
  };
}

function pooledAxes(op: string, x: Tensor, { kernel, ...window }: PoolAttributes): readonly Axis[] {
  const spatial = x.axes.slice(2);
  if (spatial.length < 1 || spatial.length > 2 || spatial.length !== kernel.length)
    throw new AppError(
      'SHAPE',
      `${op}: ${describeAxes(x.axes)}: expected [batch, channels, …places] over ${kernel.length} axes`,
    );
  // onnxruntime refuses such windows: one could lie in the padding alone
  if (window.pads.some((pad, i) => pad >= (kernel[i % kernel.length] as number)))
    throw new AppError(
      'SHAPE',
      `${op}: expected less padding than the window [${kernel.join(', ')}], got [${window.pads.join(', ')}]`,
    );
  return [...x.axes.slice(0, 2), ...windowedAxes(op, spatial, kernel, window)];
}

function poolAttributes({ kernel, strides, pads }: PoolAttributes) {
  return { kernel_shape: { ints: kernel }, strides: { ints: strides }, pads: { ints: pads } };
}

function largest(x: Float64Array, from: Tensor, to: Tensor, attributes: PoolAttributes): Float64Array {
  const places = new Float64Array(volume(to.shape)).fill(-1);
  eachCell(from, to, attributes, (cell, window) => {
    const best = places[window] as number;
    if (best < 0 || (x[cell] as number) > (x[best] as number)) places[window] = cell;
  });
  return places;
}

/** How many cells under each window are no padding, […places]. */
function realCells(from: Tensor, to: Tensor, attributes: PoolAttributes): Float64Array {
  const counts = new Float64Array(volume(to.shape.slice(2)));
  const image = { shape: [1, 1, ...from.shape.slice(2)] };
  eachCell(image, { shape: [1, 1, ...to.shape.slice(2)] }, attributes, (_, window) => {
    counts[window] = (counts[window] as number) + 1;
  });
  return counts;
}

/** Every cell under every window, row by row; one axis is read as the second of two. */
function eachCell(
  from: Pick<Tensor, 'shape'>,
  to: Pick<Tensor, 'shape'>,
  { kernel, strides, pads }: PoolAttributes,
  visit: (cell: number, window: number) => void,
): void {
  const [height, width] = rowsAndColumns(from.shape.slice(2), 1);
  const [rows, columns] = rowsAndColumns(to.shape.slice(2), 1);
  const [kernelHeight, kernelWidth] = rowsAndColumns(kernel, 1);
  const [down, right] = rowsAndColumns(strides, 1);
  const [top, left] = rowsAndColumns(pads.slice(0, kernel.length), 0);
  const images = volume(from.shape.slice(0, 2));
  for (let image = 0; image < images; image++)
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++)
        for (let kr = 0; kr < kernelHeight; kr++) {
          const i = r * down + kr - top;
          if (i < 0 || i >= height) continue;
          for (let kc = 0; kc < kernelWidth; kc++) {
            const j = c * right + kc - left;
            if (j < 0 || j >= width) continue;
            visit((image * height + i) * width + j, (image * rows + r) * columns + c);
          }
        }
}

function poolCases(draw: (...shape: readonly number[]) => Sample): readonly OpCase[] {
  return [
    pooled('1-D, side by side', { kernel: [2], strides: [2] }, draw(2, 3, 6)),
    pooled('1-D, overlapping, padded', { kernel: [3], strides: [2], pads: [1, 2] }, draw(2, 2, 7)),
    pooled('2-D, side by side', { kernel: [2, 2], strides: [2, 2] }, draw(1, 2, 4, 6)),
    pooled(
      '2-D, overlapping, padded',
      { kernel: [2, 3], strides: [1, 2], pads: [1, 0, 0, 1] },
      draw(2, 2, 4, 5),
    ),
  ];
}

function pooled(name: string, attributes: Partial<PoolAttributes>, sample: Sample): OpCase {
  const rank = sample.shape.length - 2;
  const ones = new Array<number>(rank).fill(1);
  const plain = { strides: ones, dilations: ones, pads: new Array<number>(2 * rank).fill(0) };
  return { name, inputs: [sample], attributes: { ...plain, ...attributes } };
}

export const POOLING_OPS: readonly AnyOp[] = [maxPoolOp, maxPoolPlacesOp, averagePoolOp];
