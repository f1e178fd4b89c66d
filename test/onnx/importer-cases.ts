// Files of one node, at least one for each op type that can be imported: what the importers' test runs.

import { MICROSOFT } from '../../src/tensor/onnx/importing/microsoft.ts';
import type { ElementType, OnnxAttribute } from '../../src/tensor/onnx/model.ts';

/** An input fed with drawn numbers. */
export interface Fed {
  readonly dims: readonly number[];
  readonly type?: ElementType;
  readonly low?: number;
  readonly high?: number;
  readonly whole?: boolean;
}

/** An input the file holds. */
export interface Held {
  readonly values: readonly number[];
  readonly dims: readonly number[];
  readonly type?: ElementType;
}

export interface ImportCase {
  /** `MatMul`, or `domain:type`. */
  readonly type: string;
  readonly name?: string;
  readonly inputs: readonly (Fed | Held | undefined)[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  readonly opset?: number;
  /** Element types of the outputs; float by default. */
  readonly outputs?: readonly ElementType[];
  /** How many outputs the node has; 1 by default. */
  readonly count?: number;
}

const real = (...dims: readonly number[]): Fed => ({ dims });
const positive = (...dims: readonly number[]): Fed => ({ dims, low: 0.2, high: 2 });
const wholes = (...dims: readonly number[]): Fed => ({ dims, low: 0, high: 2, type: 'int64' });
const flags = (...dims: readonly number[]): Fed => ({ dims, low: 0, high: 1, type: 'bool' });
const ints = (...values: readonly number[]): Held => ({ values, dims: [values.length], type: 'int64' });
const int = (value: number): Held => ({ values: [value], dims: [], type: 'int64' });
const number = (value: number): Held => ({ values: [value], dims: [] });
/** Small numbers that differ, of both signs. */
const weight = (...dims: readonly number[]): Held => ({
  values: Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.fround(Math.sin(1 + i))),
  dims,
});
const INT64 = ['int64'] as const;
const BOOL = ['bool'] as const;

function plain(types: readonly string[], ...inputs: readonly (Fed | Held)[]): readonly ImportCase[] {
  return types.map((type) => ({ type, inputs }));
}

const SHAPES: readonly ImportCase[] = [
  { type: 'Constant', inputs: [], attributes: { value_floats: { floats: [1.5, -2] } } },
  {
    type: 'Constant',
    name: 'of one integer',
    inputs: [],
    attributes: { value_int: { int: 7 } },
    outputs: INT64,
  },
  { type: 'Shape', inputs: [real(2, 3, 4)], outputs: INT64 },
  {
    type: 'Shape',
    name: 'in part',
    inputs: [real(2, 3, 4)],
    attributes: { start: { int: -2 }, end: { int: -1 } },
    outputs: INT64,
  },
  { type: 'Size', inputs: [real(2, 3)], outputs: INT64 },
  { type: 'ConstantOfShape', inputs: [ints(2, 3)] },
  { type: 'Range', inputs: [int(7), int(-2), int(-3)], outputs: INT64 },
];

const STRUCTURE: readonly ImportCase[] = [
  ...plain(['Identity', 'Dropout', 'Transpose', 'Flatten', 'Trilu'], real(2, 3, 4)),
  { type: 'Reshape', inputs: [real(2, 3, 4), ints(0, -1)] },
  { type: 'Flatten', name: 'before an axis', inputs: [real(2, 3, 4)], attributes: { axis: { int: -1 } } },
  { type: 'Squeeze', inputs: [real(2, 1, 3, 1), ints(-1)] },
  { type: 'Squeeze', name: 'of all', inputs: [real(2, 1, 3, 1)] },
  {
    type: 'Squeeze',
    name: 'of opset 11',
    inputs: [real(2, 1, 3, 1)],
    attributes: { axes: { ints: [1] } },
    opset: 11,
  },
  { type: 'Unsqueeze', inputs: [real(2, 3), ints(0, -1)] },
  {
    type: 'Unsqueeze',
    name: 'of opset 11',
    inputs: [real(2, 3)],
    attributes: { axes: { ints: [1] } },
    opset: 11,
  },
  { type: 'Expand', inputs: [real(3, 1), ints(2, 1, 4)] },
  { type: 'Tile', inputs: [real(2, 3), ints(2, 3)] },
  { type: 'Concat', inputs: [real(2, 3), real(2, 1)], attributes: { axis: { int: -1 } } },
  { type: 'Split', inputs: [real(2, 7), ints(3, 4)], attributes: { axis: { int: 1 } }, count: 2 },
  {
    type: 'Split',
    name: 'unevenly',
    inputs: [real(2, 7)],
    attributes: { axis: { int: 1 }, num_outputs: { int: 3 } },
    count: 3,
  },
  { type: 'Slice', inputs: [real(4, 6), ints(1, -4), ints(9_223_372_036_854_775_000, -1), ints(0, -1)] },
  {
    type: 'Slice',
    name: 'with steps',
    inputs: [real(4, 6), ints(-1, 0), ints(-9_223_372_036_854_775_000, 6), ints(0, 1), ints(-2, 3)],
  },
  {
    type: 'Slice',
    name: 'of opset 9',
    inputs: [real(4, 6)],
    attributes: { starts: { ints: [1] }, ends: { ints: [3] } },
    opset: 9,
  },
  { type: 'Pad', inputs: [real(2, 3), ints(1, 0, 0, 2), number(0.5)] },
  { type: 'Pad', name: 'that cuts', inputs: [real(2, 4), ints(0, -1, 1, -2)] },
  { type: 'Gather', inputs: [weight(5, 3), { ...wholes(2, 2), high: 4 }] },
  {
    type: 'Gather',
    name: 'counted from the end',
    inputs: [real(3, 5), ints(-1, 2)],
    attributes: { axis: { int: 1 } },
  },
  {
    type: 'GatherElements',
    inputs: [real(3, 4), { ...ints(0, -1, 2, 1), dims: [2, 2] }],
    attributes: { axis: { int: 1 } },
  },
  { type: 'GatherND', inputs: [real(3, 4, 2), { ...ints(0, 1, -1, 3), dims: [2, 2] }] },
  { type: 'Trilu', name: 'below', inputs: [real(4, 3), int(-1)], attributes: { upper: { int: 0 } } },
];

const ELEMENTWISE: readonly ImportCase[] = [
  ...plain(['Add', 'Sub', 'Mul', 'Max', 'Min', 'Sum', 'Mean'], real(2, 1, 3), real(4, 1)),
  ...plain(['Div', 'Pow'], positive(2, 3), positive(3)),
  { type: 'Pow', name: 'with a constant', inputs: [real(2, 3), number(2)] },
  { type: 'Div', name: 'of whole numbers', inputs: [ints(7, -7, 9), ints(2, 2, 3)], outputs: INT64 },
  { type: 'Mod', inputs: [ints(7, -7, 9), ints(3, 3, -4)], outputs: INT64 },
  ...plain(['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'], wholes(3, 4), wholes(4)).map(
    (one) => ({ ...one, outputs: BOOL }),
  ),
  ...plain(['And', 'Or'], flags(3, 4), flags(4)).map((one) => ({ ...one, outputs: BOOL })),
  { type: 'Not', inputs: [flags(5)], outputs: BOOL },
  {
    type: 'IsNaN',
    inputs: [{ values: [1, Number.NaN, Number.POSITIVE_INFINITY], dims: [3] }],
    outputs: BOOL,
  },
  { type: 'Where', inputs: [flags(2, 3), real(2, 1), real(3)] },
  { type: 'Cast', inputs: [wholes(4)], attributes: { to: { int: 1 } } },
  { type: 'CastLike', inputs: [real(4), wholes(1)], outputs: INT64, opset: 19 },
  ...plain(
    ['Neg', 'Abs', 'Sign', 'Floor', 'Ceil', 'Exp', 'Erf', 'Sin', 'Cos', 'Tanh', 'Sigmoid', 'Softplus'],
    real(3, 4),
  ),
  ...plain(['Abs', 'Sign'], { ...wholes(3, 4), low: -3 }).map((one) => ({
    ...one,
    name: 'of whole numbers',
    outputs: INT64,
  })),
  ...plain(['Relu', 'LeakyRelu', 'Elu', 'HardSigmoid', 'HardSwish'], { dims: [5, 4], low: -5, high: 5 }),
  ...plain(['Log', 'Sqrt', 'Reciprocal'], positive(3, 4)),
  { type: 'Clip', inputs: [real(3, 4), number(-0.5), undefined] },
  {
    type: 'Clip',
    name: 'of whole numbers',
    inputs: [{ ...wholes(6), low: -5, high: 5 }, int(-2), int(3)],
    outputs: INT64,
  },
  { type: 'Clip', name: 'of opset 6', inputs: [real(3, 4)], attributes: { max: { float: 0.5 } }, opset: 6 },
  { type: 'Gelu', inputs: [real(3, 4)], opset: 20 },
  {
    type: 'Gelu',
    name: 'by tanh',
    inputs: [real(3, 4)],
    attributes: { approximate: { string: 'tanh' } },
    opset: 20,
  },
];

const REDUCTIONS: readonly ImportCase[] = [
  ...[
    'ReduceSum',
    'ReduceMean',
    'ReduceMax',
    'ReduceMin',
    'ReduceL1',
    'ReduceL2',
    'ReduceSumSquare',
    'ReduceLogSumExp',
  ].map(
    (type): ImportCase => ({
      type,
      inputs: [real(2, 3, 4), ints(-1, 0)],
      attributes: { keepdims: { int: 0 } },
    }),
  ),
  { type: 'ReduceLogSum', inputs: [positive(2, 3), ints(1)] },
  {
    type: 'ReduceMean',
    name: 'of opset 13',
    inputs: [real(2, 3)],
    attributes: { axes: { ints: [-1] } },
    opset: 13,
  },
  { type: 'ReduceSum', name: 'of all', inputs: [real(2, 3)] },
  { type: 'ArgMax', inputs: [real(3, 4)], attributes: { axis: { int: -1 } }, outputs: INT64 },
  {
    type: 'ArgMin',
    inputs: [real(3, 4)],
    attributes: { axis: { int: 0 }, keepdims: { int: 0 } },
    outputs: INT64,
  },
  { type: 'CumSum', inputs: [real(2, 4), int(-1)], attributes: { reverse: { int: 1 } } },
  { type: 'TopK', inputs: [real(2, 6), ints(3)], outputs: ['float', 'int64'], count: 2 },
];

const MATRIX: readonly ImportCase[] = [
  { type: 'MatMul', inputs: [real(2, 3, 4), weight(4, 5)] },
  { type: 'MatMul', name: 'of vectors', inputs: [real(4), real(2, 4, 3)] },
  { type: 'MatMul', name: 'with a column', inputs: [real(2, 3, 4), real(4)] },
  {
    type: 'Gemm',
    inputs: [real(4, 3), weight(2, 4), weight(2)],
    attributes: { transA: { int: 1 }, transB: { int: 1 }, alpha: { float: 0.5 }, beta: { float: 2 } },
  },
  {
    type: 'Einsum',
    inputs: [real(2, 3, 4, 5), real(2, 3, 6, 5)],
    attributes: { equation: { string: 'bhid,bhjd->bhij' } },
  },
  {
    type: 'Einsum',
    name: 'with axes exchanged',
    inputs: [real(2, 3, 4), real(4, 5)],
    attributes: { equation: { string: 'bik,kj->jbi' } },
  },
];

const NORMALISATION: readonly ImportCase[] = [
  ...plain(['Softmax', 'LogSoftmax'], real(2, 3, 4)),
  { type: 'Softmax', name: 'over another axis', inputs: [real(2, 3, 4)], attributes: { axis: { int: 1 } } },
  {
    type: 'Softmax',
    name: 'of opset 11',
    inputs: [real(2, 3, 4)],
    attributes: { axis: { int: 1 } },
    opset: 11,
  },
  { type: 'LayerNormalization', inputs: [real(2, 3, 4), weight(4), weight(4)] },
  {
    type: 'LayerNormalization',
    name: 'over two axes, without a shift',
    inputs: [real(2, 3, 4), weight(3, 4)],
    attributes: { axis: { int: 1 }, epsilon: { float: 0.01 } },
  },
  { type: 'RMSNormalization', inputs: [real(2, 3, 4), weight(4)], opset: 23 },
  { type: 'SimplifiedLayerNormalization', inputs: [real(2, 3, 4), weight(4)] },
  {
    type: 'BatchNormalization',
    inputs: [real(2, 3, 4), weight(3), weight(3), weight(3), { values: [1, 2, 0.5], dims: [3] }],
  },
];

const window = (strides: readonly number[], pads: readonly number[]) => ({
  kernel_shape: { ints: [3, 2] },
  strides: { ints: strides },
  pads: { ints: pads },
});

const CONVOLUTION: readonly ImportCase[] = [
  {
    type: 'Conv',
    inputs: [real(2, 4, 6, 5), weight(4, 2, 3, 2), weight(4)],
    attributes: { ...window([2, 1], [1, 0, 1, 1]), group: { int: 2 } },
  },
  ...['SAME_UPPER', 'SAME_LOWER', 'VALID'].map(
    (mode): ImportCase => ({
      type: 'Conv',
      name: mode,
      inputs: [real(1, 2, 5, 6), weight(3, 2, 3, 2)],
      attributes: { auto_pad: { string: mode }, strides: { ints: [2, 1] } },
    }),
  ),
  { type: 'MaxPool', inputs: [real(1, 2, 6, 5)], attributes: window([2, 1], [1, 0, 1, 1]) },
  { type: 'AveragePool', inputs: [real(1, 2, 6, 5)], attributes: window([2, 1], [1, 0, 1, 1]) },
  {
    type: 'AveragePool',
    name: 'with padding counted',
    inputs: [real(1, 2, 6, 5)],
    attributes: { ...window([2, 1], [1, 0, 1, 1]), count_include_pad: { int: 1 } },
  },
  ...plain(['GlobalAveragePool', 'GlobalMaxPool'], real(2, 3, 4, 5)),
];

const OWN: readonly ImportCase[] = [
  {
    type: `${MICROSOFT}:FusedMatMul`,
    inputs: [real(2, 4, 3), real(2, 5, 4)],
    attributes: { transA: { int: 1 }, transB: { int: 1 }, alpha: { float: 0.25 } },
  },
  { type: `${MICROSOFT}:Gelu`, inputs: [real(3, 4)] },
  { type: `${MICROSOFT}:BiasGelu`, inputs: [real(3, 4), weight(4)] },
  { type: `${MICROSOFT}:FastGelu`, inputs: [real(3, 4), weight(4)] },
  { type: `${MICROSOFT}:QuickGelu`, inputs: [real(3, 4)] },
  {
    type: `${MICROSOFT}:SkipLayerNormalization`,
    inputs: [real(2, 3, 4), real(2, 3, 4), weight(4), weight(4), weight(4)],
  },
  {
    type: `${MICROSOFT}:SkipSimplifiedLayerNormalization`,
    inputs: [real(2, 3, 4), real(2, 3, 4), weight(4), weight(4)],
  },
];

export const CASES: readonly ImportCase[] = [
  ...SHAPES,
  ...STRUCTURE,
  ...ELEMENTWISE,
  ...REDUCTIONS,
  ...MATRIX,
  ...NORMALISATION,
  ...CONVOLUTION,
  ...OWN,
];
