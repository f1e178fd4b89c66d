// Pieces to an answer: the encoder as a method changes it, its states pooled, and a linear head.
import { pooledTexts } from '../../encoders/text/pooled-texts.ts';
import type { PieceBatch, TextEncoder, TextPooling } from '../../encoders/text/text-encoder.ts';
import { zeros } from '../../nn/initialise.ts';
import { linear } from '../../nn/layers/linear.ts';
import { binaryCrossEntropy } from '../../nn/losses/binary.ts';
import { squaredError } from '../../nn/losses/regression.ts';
import { crossEntropy } from '../../nn/losses/softmax.ts';
import { weightedMean } from '../../nn/losses/weighted.ts';
import { defineModule, type Module, type ParameterSpec, type Scope, trace } from '../../nn/module.ts';
import type { InputSpec, Objective, SymbolicBatch } from '../../nn/program/training-program.ts';
import type { Tensor } from '../../tensor/graph.ts';
import { add, cast } from '../../tensor/ops/arithmetic.ts';
import { input } from '../../tensor/ops/leaf.ts';
import { reshape } from '../../tensor/ops/structure.ts';
import type { TargetKind } from '../estimator.ts';
import type { StatesModule, TextMethod, Values } from './methods.ts';
import { type PoolingChoice, piecesRead, type TextSettings } from './settings.ts';

/** The path all parameters of the encoder lie under. */
export const ENCODER = 'encoder';

export interface Places {
  readonly batch: number;
  readonly time: number;
}

/** What is asked of pooled states. */
export interface TextQuestion {
  readonly kind: TargetKind;
  /** 1, or one a class. */
  readonly answers: number;
}

export interface TextNetwork {
  readonly encoder: TextEncoder;
  readonly method: TextMethod;
  readonly settings: TextSettings;
  readonly question: TextQuestion;
}

export const pieceSpecs = ({ batch, time }: Places): Record<string, InputSpec> => ({
  ids: { dtype: 'int32', axes: { batch, time } },
  mask: { dtype: 'float', axes: { batch, time } },
});

const labelledSpecs = (answers: number, batch: number): Record<string, InputSpec> => ({
  beginning: { dtype: 'float', axes: { batch, answers } },
  target: { dtype: 'float', axes: { batch } },
  weight: { dtype: 'float', axes: { batch } },
});

/** All that a batch of labelled texts holds. */
export const tuningSpecs = (answers: number, places: Places): Record<string, InputSpec> => ({
  ...pieceSpecs(places),
  ...labelledSpecs(answers, places.batch),
});

/** The same where vectors of texts are known. */
export const headSpecs = (
  answers: number,
  { batch, width }: { readonly batch: number; readonly width: number },
): Record<string, InputSpec> => ({
  vectors: { dtype: 'float', axes: { batch, width } },
  ...labelledSpecs(answers, batch),
});

/** What states are pooled by: a choice, or as the encoder was made. */
const poolingOf = (choice: PoolingChoice, { pooling }: TextEncoder): TextPooling =>
  choice === 'encoder' ? pooling : choice;

/**
 * The encoder as its method changes it, reading no more than it is told to; its values are those of the encoder as it was.
 *
 * @param values other ones, of the adapted encoder
 */
export function adaptedEncoder(
  { encoder, method, settings }: Omit<TextNetwork, 'question'>,
  values: Values = encoder.values,
): TextEncoder {
  const matrices = blockMatrices(encoder);
  const adapt = (module: StatesModule): StatesModule => method.adapt(module, settings, matrices);
  const { given } = encoder;
  return {
    ...encoder,
    values,
    maxLength: piecesRead(settings, encoder.maxLength),
    module: (shape, dropout) => adapt(encoder.module(shape, dropout)),
    ...(given && { given: (shape) => adapt(given(shape)) }),
  };
}

/** Pieces to vectors, [batch, width], before anything normalises them. */
export const textVectors = (
  network: Omit<TextNetwork, 'question'>,
  places: Places,
): Module<PieceBatch, Tensor> =>
  pooledTexts(adaptedEncoder(network), places, {
    ...vectorOptions(network),
    dropout: network.settings.dropout,
  });

/** How vectors of the adapted encoder are made. */
export const vectorOptions = ({ encoder, settings }: Omit<TextNetwork, 'question'>) => ({
  pooling: poolingOf(settings.pooling, encoder),
  isNormalised: false,
});

const TRACED = { batch: 1, time: 8 };

const pieceInputs = (): PieceBatch => ({
  ids: input('ids', 'int32', TRACED),
  mask: input('mask', 'float', TRACED),
});

/** Parameters of the adapted encoder, by their full names. */
export const encoderParameters = (network: Omit<TextNetwork, 'question'>): readonly ParameterSpec[] =>
  trace(textVectors(network, TRACED), pieceInputs(), { path: ENCODER }).parameters;

/** Names of the matrices inside the blocks; of a file without blocks, of all but the tables of pieces and places. */
function blockMatrices(encoder: TextEncoder): readonly string[] {
  const module = encoder.pooling === 'given' ? encoder.given?.(TRACED) : undefined;
  const { parameters } = trace(module ?? encoder.module(TRACED), pieceInputs());
  const matrices = parameters.filter(
    ({ tensor: { shape } }) =>
      shape.length === 2 && shape[0] !== encoder.tokenizer.size && shape[0] !== encoder.maxLength,
  );
  const inBlocks = matrices.filter(({ name }) => /\bblocks\.\d+\./.test(name));
  return (inBlocks.length > 0 ? inBlocks : matrices).flatMap(({ name }) => [name, `${ENCODER}.${name}`]);
}

/** Mean loss of what the head adds to the beginning. */
export function textTuning(network: TextNetwork, places: Places): Module<SymbolicBatch, Objective> {
  return defineModule('textTuning', (scope, batch) => {
    const { ids, mask } = batch;
    const vectors = scope.apply(ENCODER, textVectors(network, places), { ids, mask });
    return headLoss(scope, network, { ...batch, vectors });
  });
}

/** The same for vectors known. */
export const headTuning = (network: TextNetwork): Module<SymbolicBatch, Objective> =>
  defineModule('headTuning', (scope, batch) => headLoss(scope, network, batch));

function headLoss(
  scope: Scope,
  { settings, question }: TextNetwork,
  { vectors, beginning, target, weight }: SymbolicBatch,
): Objective {
  const { answers } = question;
  const kept = scope.dropout(vectors, settings.dropout);
  const margins = add(beginning, scope.apply('head', linear({ width: answers, initialise: zeros }), kept));
  const [batch] = target.shape as readonly [number];
  if (question.kind === 'classes')
    return { loss: weightedMean(crossEntropy(margins, cast(target, 'int32')), weight) };
  const margin = reshape(margins, { batch });
  const losses = question.kind === 'binary' ? binaryCrossEntropy : squaredError;
  return { loss: weightedMean(losses(margin, target), weight) };
}

/** The head in numbers, [rows, answers], for vectors [rows, width]. */
export function headMargins(
  { weight, bias }: { readonly weight: Float32Array; readonly bias: Float32Array },
  vectors: Float32Array,
): Float64Array {
  const answers = bias.length;
  const width = weight.length / answers;
  const rows = vectors.length / width;
  const margins = new Float64Array(rows * answers);
  for (let row = 0; row < rows; row++)
    for (let a = 0; a < answers; a++) {
      let sum = bias[a];
      for (let j = 0; j < width; j++) sum += vectors[row * width + j] * weight[j * answers + a];
      margins[row * answers + a] = sum;
    }
  return margins;
}
