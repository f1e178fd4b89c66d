// Layer, RMS and batch normalisation.

import { AppError } from '../../core/errors.ts';
import { real } from '../checks/sample.ts';
import { type AnyOp, apply, applyOne, type Op, type Tensor } from '../graph.ts';
import { axisIndex, describeAxes, volume } from '../type.ts';
import { add, div, mul, neg, sub } from './arithmetic.ts';
import { sqrt, square } from './elementwise.ts';
import { matmul } from './matrix.ts';
import { mean } from './reductions.ts';
import { reshape, sum } from './structure.ts';

type Epsilon = { readonly epsilon: number };

/** 4 MB: below it two more passes over memory cost more than the memory is worth. */
const WORTH_MAKING_AGAIN = 2 ** 20;

// the same number in float32, as ONNX attributes are
const CASE_EPSILON = { epsilon: 1 / 128 };

/** What a row of `width` numbers is divided by and moved by. */
function rowStatistics(x: Float64Array, start: number, width: number, epsilon: number) {
  let center = 0;
  for (let k = 0; k < width; k++) center += (x[start + k] as number) / width;
  let spread = 0;
  for (let k = 0; k < width; k++) spread += ((x[start + k] as number) - center) ** 2 / width;
  return { center, inverse: 1 / Math.sqrt(spread + epsilon) };
}

const standardiseOp: Op<Epsilon> = {
  name: 'standardise',
  infer: ([x]) => {
    const { dtype, axes } = x as Tensor;
    return [
      { dtype, axes },
      { dtype, axes: [...axes.slice(0, -1), { size: 1 }] },
    ];
  },
  evaluate: ([x], { inputs, attributes: { epsilon } }) => {
    const width = (inputs[0] as Tensor).shape.at(-1) as number;
    const values = x as Float64Array;
    const out = new Float64Array(values.length);
    const scales = new Float64Array(values.length / width);
    for (let row = 0; row < scales.length; row++) {
      const { center, inverse } = rowStatistics(values, row * width, width, epsilon);
      scales[row] = inverse;
      for (let k = row * width; k < (row + 1) * width; k++)
        out[k] = ((values[k] as number) - center) * inverse;
    }
    return [out, scales];
  },
  // with z, s the outputs: s·(g − mean g − z·mean(g·z)) from z, −s²·z/width from s
  gradient: ({ inputs: [x], outputs: [z, s] }, [g, h]) => {
    const [standard, scale] = [z as Tensor, s as Tensor];
    const fromScale =
      h === undefined
        ? undefined
        : neg(mul(mul(standard, 1 / ((x as Tensor).shape.at(-1) as number)), mul(h, square(scale))));
    if (g === undefined) return [fromScale];
    const centered = sub(g, mean(g, -1, { keep: true }));
    const along = mul(standard, mean(mul(g, standard), -1, { keep: true }));
    const fromStandard = mul(sub(centered, along), scale);
    return [fromScale === undefined ? fromStandard : add(fromStandard, fromScale)];
  },
  emit: (onnx, [x], { inputs, attributes: { epsilon } }) => {
    const name = x as string;
    if (onnx.float === 'float') {
      const width = (inputs[0] as Tensor).shape.at(-1) as number;
      const ones = onnx.floats(new Float64Array(width).fill(1), [width]);
      const [standard, , inverse] = onnx.node(
        'LayerNormalization',
        [name, ones],
        { axis: { int: -1 }, epsilon: { float: epsilon } },
        3,
      ) as [string, string, string];
      return [standard, inverse];
    }
    // onnxruntime saves the statistics of a float64 LayerNormalization in float32: written out here instead
    const [center] = onnx.node('ReduceMean', [name, onnx.ints([-1])]) as [string];
    const [moved] = onnx.node('Sub', [name, center]) as [string];
    const [squares] = onnx.node('Mul', [moved, moved]) as [string];
    const [spread] = onnx.node('ReduceMean', [squares, onnx.ints([-1])]) as [string];
    const [safe] = onnx.node('Add', [spread, onnx.floats([epsilon], [])]) as [string];
    const [deviation] = onnx.node('Sqrt', [safe]) as [string];
    const [inverse] = onnx.node('Reciprocal', [deviation]) as [string];
    const [standard] = onnx.node('Mul', [moved, inverse]) as [string];
    return [standard, inverse];
  },
  cases: [{ inputs: [real(2, 3, 4)], attributes: CASE_EPSILON }],
};

/** Rows of the last axis moved to mean 0 and variance 1, and what each was multiplied by: 1 / √(variance + ε). */
export function standardise(
  x: Tensor,
  epsilon: number,
): { readonly standard: Tensor; readonly inverse: Tensor } {
  const { outputs } = apply(standardiseOp, [x], { epsilon });
  return { standard: outputs[0] as Tensor, inverse: outputs[1] as Tensor };
}

const layerNormOp: Op<Epsilon> = {
  name: 'layerNorm',
  infer: ([x, scale, shift]) => {
    const tensor = x as Tensor;
    for (const weight of [scale as Tensor, shift as Tensor]) checkWidth('layerNorm', tensor, weight);
    return [tensor];
  },
  evaluate: ([x, scale, shift], { attributes: { epsilon } }) => {
    const width = (scale as Float64Array).length;
    const values = x as Float64Array;
    const out = new Float64Array(values.length);
    for (let start = 0; start < values.length; start += width) {
      const { center, inverse } = rowStatistics(values, start, width, epsilon);
      for (let k = 0; k < width; k++)
        out[start + k] =
          ((values[start + k] as number) - center) * inverse * ((scale as Float64Array)[k] as number) +
          ((shift as Float64Array)[k] as number);
    }
    return [out];
  },
  remake: ({ inputs: [x, scale, shift], attributes: { epsilon } }) =>
    volume((x as Tensor).shape) < WORTH_MAKING_AGAIN
      ? undefined
      : add(mul(standardise(x as Tensor, epsilon).standard, scale as Tensor), shift as Tensor),
  /*
   * z = standardise(x) is computed again: one pass of onnxruntime's own node, where z saved by the forward pass would
   * cost two (y = z·scale + shift). mean(g·z·scale) is a product of g·z, which scale's gradient needs, with a vector.
   */
  gradient: ({ inputs, needs, attributes: { epsilon } }, [g]) => {
    const [x, scale] = inputs as readonly [Tensor, Tensor, Tensor];
    const upstream = g as Tensor;
    const { standard, inverse } = standardise(x, epsilon);
    const along = mul(upstream, standard);
    const rows = x.shape.map((_, axis) => axis).slice(0, -1);
    return [
      needs[0] ? toStandardised(upstream, { along, standard, inverse, scale }) : undefined,
      needs[1] ? reshape(sum(along, rows), scale.axes) : undefined,
      needs[2] ? reshape(sum(upstream, rows), (inputs[2] as Tensor).axes) : undefined,
    ];
  },
  emit: (onnx, inputs, { attributes: { epsilon } }) =>
    onnx.node('LayerNormalization', inputs, { axis: { int: -1 }, epsilon: { float: epsilon } }),
  cases: [
    { inputs: [real(2, 3, 4), real(4), real(4)], attributes: CASE_EPSILON },
    { inputs: [real(5, 3), real(3), real(3)], attributes: CASE_EPSILON },
  ],
};

interface Standardised {
  readonly along: Tensor;
  readonly standard: Tensor;
  readonly inverse: Tensor;
  readonly scale: Tensor;
}

/** s·(g·scale − mean(g·scale) − z·mean(g·z·scale)) */
function toStandardised(g: Tensor, { along, standard, inverse, scale }: Standardised): Tensor {
  const width = scale.shape[0] as number;
  const averaging = reshape(mul(scale, 1 / width), [width, 1]);
  const scaled = mul(g, scale);
  const flat = sub(scaled, mean(scaled, -1, { keep: true }));
  return mul(sub(flat, mul(standard, matmul(along, averaging))), inverse);
}

/**
 * Rows of the last axis moved to mean 0 and variance 1, then scaled and shifted.
 *
 * @param x      [..., width]
 * @param scale  [width]
 * @param shift  [width]
 * @see Ba et al. 2016, arXiv:1607.06450
 */
export function layerNorm(x: Tensor, scale: Tensor, shift: Tensor, epsilon = 1e-5): Tensor {
  return applyOne(layerNormOp, [x, scale, shift], { epsilon });
}

const rootMeanSquareOp: Op<Epsilon> = {
  name: 'divideByRms',
  infer: standardiseOp.infer,
  evaluate: ([x], { inputs, attributes: { epsilon } }) => {
    const width = (inputs[0] as Tensor).shape.at(-1) as number;
    const values = x as Float64Array;
    const sizes = new Float64Array(values.length / width);
    for (let i = 0; i < values.length; i++) {
      const row = Math.floor(i / width);
      sizes[row] = (sizes[row] as number) + (values[i] as number) ** 2 / width;
    }
    const roots = sizes.map((size) => Math.sqrt(size + epsilon));
    return [values.map((value, i) => value / (roots[Math.floor(i / width)] as number)), roots];
  },
  // with z, r the outputs: (g − z·mean(g·z)) / r from z, z / width from r
  gradient: ({ inputs: [x], outputs: [z, r] }, [g, h]) => {
    const [unit, root] = [z as Tensor, r as Tensor];
    const fromRoot =
      h === undefined ? undefined : mul(unit, mul(h, 1 / ((x as Tensor).shape.at(-1) as number)));
    if (g === undefined) return [fromRoot];
    const fromUnit = div(sub(g, mul(unit, mean(mul(g, unit), -1, { keep: true }))), root);
    return [fromRoot === undefined ? fromUnit : add(fromUnit, fromRoot)];
  },
  // With the scale that follows, onnxruntime runs these nodes as a single one where no gradient is wanted.
  emit: (onnx, [x], { attributes: { epsilon } }) => {
    const name = x as string;
    const [squares] = onnx.node('Pow', [name, onnx.floats([2], [])]) as [string];
    const [size] = onnx.node('ReduceMean', [squares, onnx.ints([-1])]) as [string];
    const [safe] = onnx.node('Add', [size, onnx.floats([epsilon], [])]) as [string];
    const [root] = onnx.node('Sqrt', [safe]) as [string];
    const [unit] = onnx.node('Div', [name, root]) as [string];
    return [unit, root];
  },
  cases: [{ inputs: [real(2, 3, 4)], attributes: CASE_EPSILON }],
};

/**
 * Rows of the last axis divided by their root mean square, then scaled.
 *
 * @param x      [..., width]
 * @param scale  [width]
 * @see Zhang and Sennrich 2019, arXiv:1910.07467
 */
export function rmsNorm(x: Tensor, scale: Tensor, epsilon = 1e-6): Tensor {
  checkWidth('rmsNorm', x, scale);
  const { outputs } = apply(rootMeanSquareOp, [x], { epsilon });
  return mul(outputs[0] as Tensor, scale);
}

export const NORMALISATION_OPS: readonly AnyOp[] = [standardiseOp, layerNormOp, rootMeanSquareOp];

export interface BatchNormOptions {
  /** The axis of channels: 1 by default. */
  readonly axis?: number;
  readonly epsilon?: number;
}

/** What a batch normalisation saw, [channels] each; the variance is divided by n. */
export interface BatchStatistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * Batch normalisation as in training: by the statistics of this batch, which are returned for the running averages.
 *
 * @param x      [batch, channels, ...]
 * @param scale  [channels]
 * @param shift  [channels]
 * @see Ioffe and Szegedy 2015, arXiv:1502.03167
 */
export function batchNorm(
  x: Tensor,
  scale: Tensor,
  shift: Tensor,
  { axis = 1, epsilon = 1e-5 }: BatchNormOptions = {},
): BatchStatistics & { readonly y: Tensor } {
  const channel = axisIndex('batchNorm', axis, x.shape.length);
  const others = x.shape.map((_, i) => i).filter((i) => i !== channel);
  const center = mean(x, others);
  const moved = sub(x, alongChannel(x, center, channel));
  const variance = mean(square(moved), others);
  const gain = alongChannel(x, div(scale, sqrt(add(variance, epsilon))), channel);
  return { y: add(mul(moved, gain), alongChannel(x, shift, channel)), mean: center, variance };
}

/** Batch normalisation as in use: by fixed statistics, so that it is one multiplication and one addition. */
export function applyBatchNorm(
  x: Tensor,
  {
    scale,
    shift,
    mean: center,
    variance,
  }: BatchStatistics & { readonly scale: Tensor; readonly shift: Tensor },
  { axis = 1, epsilon = 1e-5 }: BatchNormOptions = {},
): Tensor {
  const channel = axisIndex('batchNorm', axis, x.shape.length);
  const gain = div(scale, sqrt(add(variance, epsilon)));
  const offset = sub(shift, mul(center, gain));
  return add(mul(x, alongChannel(x, gain, channel)), alongChannel(x, offset, channel));
}

function alongChannel(x: Tensor, values: Tensor, channel: number): Tensor {
  return reshape(
    values,
    x.axes.map((axis, i) => (i === channel ? axis : { size: 1 })),
  );
}

function checkWidth(op: string, x: Tensor, weight: Tensor): void {
  if (weight.shape.length !== 1 || weight.shape[0] !== x.shape.at(-1))
    throw new AppError(
      'SHAPE',
      `${op}: ${describeAxes(x.axes)} · ${describeAxes(weight.axes)}: expected weights as long as the last axis, ${x.shape.at(-1) ?? 'none'}`,
    );
}
