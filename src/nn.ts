// The public surface of layers and training, `foresell/nn`: every name by hand. Runs on Node and in browsers.

// Words shared by everything.
export { AppError } from './core/errors.ts';
export { type Progress, silent } from './core/progress.ts';
export { type Random, random } from './core/random.ts';
// Adapting a trained model.
export { type AdapterOptions, isAdapter, withAdapters } from './nn/adapt/adapters.ts';
export { lastBlocks, type ParameterTable, parameterTable } from './nn/adapt/freezing.ts';
export { isLora, type LoraOptions, mergeLora, withLora } from './nn/adapt/lora.ts';
export { byPattern, type NameTest } from './nn/adapt/pattern.ts';
export { isPrefix, type PrefixOptions, withPrefix } from './nn/adapt/prefix.ts';
// Making a trained model smaller.
export { type ActivationRanges, type CalibrationOptions, calibrate } from './nn/compress/calibration.ts';
export {
  type CompressedForm,
  type CompressionRow,
  compareForms,
  describeForms,
} from './nn/compress/compression-report.ts';
export { type Gate, gated } from './nn/compress/gates.ts';
export { type Cuts, gateImportance, type Importance, leastImportant } from './nn/compress/importance.ts';
export {
  applyMasks,
  type Masks,
  magnitudeMasks,
  type PruningOptions,
  sparsityTable,
} from './nn/compress/magnitude-pruning.ts';
export { cubicSparsity, type PrunedTrainingOptions, withPruning } from './nn/compress/pruned-training.ts';
export {
  type Quantised,
  type QuantiseOptions,
  quantiseDynamic,
  quantisedActivations,
  quantiseStatic,
} from './nn/compress/quantise.ts';
export { type PrunedTransformer, pruneTransformer } from './nn/compress/structured-pruning.ts';
export { gradientDeviation } from './nn/gradient-check.ts';
export { imported, type NamedTensors } from './nn/imported.ts';
export { filled, glorot, he, initialValues, normal, ones, zeros } from './nn/initialise.ts';
// Layers.
export { type AttentionInput, type AttentionOptions, attention } from './nn/layers/attention.ts';
export {
  bucketBias,
  causalBias,
  distanceBuckets,
  gapBuckets,
  paddingBias,
  visibility,
} from './nn/layers/attention-bias.ts';
export { type TimeConvolutionOptions, timeConvolution } from './nn/layers/convolution.ts';
export { type EmbeddingOptions, embedding, embeddingTable, tiedReadOut } from './nn/layers/embedding.ts';
export { type Activation, type FeedForwardOptions, feedForward } from './nn/layers/feed-forward.ts';
export { type GruInput, type GruOptions, gru } from './nn/layers/gru.ts';
export { type LinearOptions, linear } from './nn/layers/linear.ts';
export { type MlpOptions, mlp } from './nn/layers/mlp.ts';
export { type BatchNormOptions, batchNorm, layerNorm, type NormOptions, rmsNorm } from './nn/layers/norm.ts';
export { type PoolingInput, pooling } from './nn/layers/pooling.ts';
export { type PositionsOptions, positions } from './nn/layers/positions.ts';
export { rotate } from './nn/layers/rotary.ts';
export {
  type AdaptiveEmbeddingOptions,
  adaptiveEmbedding,
  type HashedEmbeddingOptions,
  hashedEmbedding,
} from './nn/layers/small-embedding.ts';
export {
  type BlockOptions,
  type SequenceInput,
  type TransformerOptions,
  transformer,
  transformerBlock,
} from './nn/layers/transformer.ts';
// Losses: one number an example, and their weighted mean.
export { binaryCrossEntropy, type GeneralisedBceOptions, generalisedBce } from './nn/losses/binary.ts';
export { bpr, type InfoNceOptions, infoNce } from './nn/losses/ranking.ts';
export { absoluteError, huber, pinball, poisson, squaredError, tweedie } from './nn/losses/regression.ts';
export {
  crossEntropy,
  type SampledSoftmaxInput,
  type SampledSoftmaxOptions,
  sampledSoftmax,
  type TiedSoftmaxInput,
  tiedCrossEntropy,
  tiedCrossEntropyMean,
} from './nn/losses/softmax.ts';
export { weightedMean } from './nn/losses/weighted.ts';
export { zeroInflatedLogNormal, zeroInflatedLogNormalMean } from './nn/losses/zero-inflated-lognormal.ts';
// Modules, their first values, and their compilation.
export {
  defineModule,
  type Initialiser,
  type MaskSpec,
  type Module,
  type ParameterSpec,
  type Scope,
  type Tap,
  type Traced,
  trace,
} from './nn/module.ts';
// Optimising.
export type { Gradient, GradientTransform } from './nn/optimiser/gradient.ts';
export { decayGroups, type LayerwiseSettings, layerwiseRates } from './nn/optimiser/groups.ts';
export { observePlateau, type PlateauSettings, startPlateau } from './nn/plateau.ts';
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
  type InputSpec,
  type InputSpecs,
  type Objective,
  type SymbolicBatch,
  type TrainingProgram,
} from './nn/program/training-program.ts';
export { constantRate, linearRate, oneCycle, type Schedule, stepRate, warmUpCosine } from './nn/schedule.ts';
export {
  type OptimiserSettings,
  type ParameterSettings,
  parameterSettings,
  type ScheduleSettings,
} from './nn/step/training-settings.ts';
export {
  type Batch,
  createTrainingStep,
  type StepMoment,
  type StepResult,
  type TrainingStep,
  type TrainingStepOptions,
} from './nn/step/training-step.ts';

// The loop.
export { type BatchSource, fixedBatches } from './nn/trainer/batches/batch-source.ts';
export { bucketedBatches, lengthBuckets, type PlannedBatch } from './nn/trainer/batches/length-buckets.ts';
export type { EarlyStoppingSettings } from './nn/trainer/early-stopping.ts';
export type { Evaluate, Examine } from './nn/trainer/evaluate.ts';
export type {
  CheckpointEvent,
  EpochEvent,
  EvaluationEvent,
  StepEvent,
  StoppedEvent,
  StopReason,
  TrainingEvent,
} from './nn/trainer/events.ts';
export { train } from './nn/trainer/train.ts';
export type { Limits, TrainingSettings, TrainOptions } from './nn/trainer/train-options.ts';
