// The public surface of layers and training, `foresell/nn`: every name by hand. Runs on Node and in browsers.

export { AppError } from './core/errors.ts';
export { type Random, random } from './core/random.ts';
// Adapting a trained model.
export { isAdapter, withAdapters } from './nn/adapt/adapters.ts';
export { lastBlocks, parameterTable } from './nn/adapt/freezing.ts';
export { isLora, mergeLora, withLora } from './nn/adapt/lora.ts';
export { byPattern } from './nn/adapt/pattern.ts';
export { isPrefix, withPrefix } from './nn/adapt/prefix.ts';
export { imported } from './nn/imported.ts';
export { filled, glorot, he, initialValues, normal, ones, zeros } from './nn/initialise.ts';
// Layers.
export { attention } from './nn/layers/attention.ts';
export {
  bucketBias,
  causalBias,
  distanceBuckets,
  gapBuckets,
  paddingBias,
  visibility,
} from './nn/layers/attention-bias.ts';
export { timeConvolution } from './nn/layers/convolution.ts';
export { embedding, embeddingTable, tiedReadOut } from './nn/layers/embedding.ts';
export { feedForward } from './nn/layers/feed-forward.ts';
export { gru } from './nn/layers/gru.ts';
export { linear } from './nn/layers/linear.ts';
export { mlp } from './nn/layers/mlp.ts';
export { batchNorm, layerNorm, rmsNorm } from './nn/layers/norm.ts';
export { pooling } from './nn/layers/pooling.ts';
export { positions } from './nn/layers/positions.ts';
export { rotate } from './nn/layers/rotary.ts';
export { adaptiveEmbedding, hashedEmbedding } from './nn/layers/small-embedding.ts';
export { transformer, transformerBlock } from './nn/layers/transformer.ts';
// Losses: one number an example, and their weighted mean.
export { binaryCrossEntropy, generalisedBce } from './nn/losses/binary.ts';
export { bpr, infoNce } from './nn/losses/ranking.ts';
export { absoluteError, huber, pinball, poisson, squaredError, tweedie } from './nn/losses/regression.ts';
export { crossEntropy, sampledSoftmax, tiedCrossEntropy, tiedCrossEntropyMean } from './nn/losses/softmax.ts';
export { weightedMean } from './nn/losses/weighted.ts';
export { zeroInflatedLogNormal, zeroInflatedLogNormalMean } from './nn/losses/zero-inflated-lognormal.ts';
export {
  defineModule,
  type Initialiser,
  type Module,
  type ParameterSpec,
  type Scope,
  type Tap,
  trace,
} from './nn/module.ts';
// Optimising.
export { decayGroups, layerwiseRates } from './nn/optimiser/groups.ts';
// Modules and their compilation.
export {
  compileEvaluation,
  type EvaluationProgram,
  type Examination,
} from './nn/program/evaluation-program.ts';
export {
  type Compiled,
  type CompileOptions,
  compileInference,
  compileTraining,
  type InputSpecs,
  type Objective,
  type SymbolicBatch,
  type TrainingProgram,
} from './nn/program/training-program.ts';
export { constantRate, linearRate, oneCycle, type Schedule, stepRate, warmUpCosine } from './nn/schedule.ts';
export {
  type OptimiserSettings,
  parameterSettings,
  type ScheduleSettings,
} from './nn/step/training-settings.ts';
export { type Batch, createTrainingStep, type TrainingStep } from './nn/step/training-step.ts';
// The loop.
export { type BatchSource, fixedBatches } from './nn/trainer/batches/batch-source.ts';
export { bucketedBatches, lengthBuckets } from './nn/trainer/batches/length-buckets.ts';
export type { StopReason, TrainingEvent } from './nn/trainer/events.ts';
export { train } from './nn/trainer/train.ts';
export type { TrainingSettings, TrainOptions } from './nn/trainer/train-options.ts';
