// The public surface of the differentiating compiler, `foresell/tensor`: every name by hand. Runs on Node and in browsers.

// Graphs: shapes, gradients, rewriting, and the interpreter.
export { AppError } from './core/errors.ts';
export { checkGradient, checkOnnx, type Deviation } from './tensor/checks/check.ts';
export { apart, between, flags, indices, onlyInputs, real } from './tensor/checks/sample.ts';
export { evaluate, type Feeds } from './tensor/evaluate.ts';
export { denseGradient, type Gradient, gradients, pullBack } from './tensor/gradient.ts';
export {
  type AnyOp,
  type Attributes,
  apply,
  applyOne,
  type Call,
  type Cotangent,
  type Emitter,
  type GradientPart,
  type Node,
  nodesBelow,
  type Op,
  type OpCase,
  type Rows,
  type Sample,
  type Tensor,
} from './tensor/graph.ts';
// ONNX files, and sessions that run them.
export { type EmitOptions, emitModel, OPSET } from './tensor/onnx/emit.ts';
export { type ImportedModel, type ImportOptions, importModel } from './tensor/onnx/import.ts';
export type { OnnxGraph, OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from './tensor/onnx/model.ts';
export { readModel } from './tensor/onnx/read.ts';
export { writeModel } from './tensor/onnx/write.ts';
// Ops: leaves, structure, arithmetic, functions, products, and what is made of them.
export {
  gelu,
  leakyRelu,
  logSigmoid,
  relu,
  sigmoid,
  silu,
  softplus,
  step,
  tanh,
} from './tensor/ops/activations.ts';
export {
  add,
  cast,
  div,
  maximum,
  minimum,
  mul,
  neg,
  remainder,
  sub,
  where,
} from './tensor/ops/arithmetic.ts';
export { type AttentionOptions, attend } from './tensor/ops/attention.ts';
export {
  and,
  equal,
  greater,
  greaterOrEqual,
  less,
  lessOrEqual,
  not,
  notEqual,
  or,
} from './tensor/ops/comparison.ts';
export {
  abs,
  clip,
  cos,
  erf,
  exp,
  floor,
  log,
  pow,
  reciprocal,
  sign,
  sin,
  sqrt,
  square,
} from './tensor/ops/elementwise.ts';
export { gather, gatherElements, oneHot, scatterElements, scatterRows } from './tensor/ops/indexing.ts';
export {
  constant,
  constantData,
  input,
  isConstant,
  isInput,
  isParameter,
  leafName,
  parameter,
  scalar,
} from './tensor/ops/leaf.ts';
export { softmaxCrossEntropy } from './tensor/ops/losses/cross-entropy.ts';
export { logPartition } from './tensor/ops/losses/log-partition.ts';
export { tiedSoftmaxCrossEntropy } from './tensor/ops/losses/tied-softmax.ts';
export { gemm, matmul } from './tensor/ops/matrix.ts';
export { applyBatchNorm, batchNorm, layerNorm, rmsNorm, standardise } from './tensor/ops/normalisation.ts';
export { type GruOptions, type GruWeights, gru, maskOfLengths } from './tensor/ops/recurrent.ts';
export {
  argMax,
  argMin,
  cumulativeSum,
  l2Normalise,
  logSumExp,
  max,
  mean,
  min,
  topK,
  variance,
} from './tensor/ops/reductions.ts';
export { logSoftmax, softmax } from './tensor/ops/softmax.ts';
export {
  concat,
  expand,
  pad,
  type ReduceOptions,
  reshape,
  slice,
  split,
  sum,
  sumTo,
  transpose,
} from './tensor/ops/structure.ts';
export { type ConvolutionOptions, convolution } from './tensor/ops/windows/convolution.ts';
export { averagePool, globalAveragePool, globalMaxPool, maxPool } from './tensor/ops/windows/pooling.ts';
// The op table, and the checks of a row.
export { OPS } from './tensor/ops.ts';
export { type Rewrite, rewriteGraph } from './tensor/rewrite.ts';
export type { Backend, RunArray, Session, SessionOptions } from './tensor/session/session.ts';
export { openWebBackend, type WebBackendOptions } from './tensor/session/session-web.ts';
export {
  type AxesLike,
  type Axis,
  axesOf,
  type DType,
  describeAxes,
  describeMismatch,
  type TensorType,
  volume,
} from './tensor/type.ts';
