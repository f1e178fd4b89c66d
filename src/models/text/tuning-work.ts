// What a run of fine-tuning goes through: programs, and batches of labelled texts, of encoder and head or of the head alone.
import { random } from '../../core/random.ts';
import { embedTexts } from '../../encoders/text/embed.ts';
import { pieceLengths } from '../../encoders/text/piece-lengths.ts';
import type { NameTest } from '../../nn/adapt/pattern.ts';
import type { ParameterSpec } from '../../nn/module.ts';
import { compileEvaluation, type EvaluationProgram } from '../../nn/program/evaluation-program.ts';
import { compileTraining, type TrainingProgram } from '../../nn/program/training-program.ts';
import type { BatchSource } from '../../nn/trainer/batches/batch-source.ts';
import { bucketedBatches, lengthBuckets } from '../../nn/trainer/batches/length-buckets.ts';
import { matrixRows } from '../../nn/trainer/batches/matrix-rows.ts';
import { named } from '../../nn/trainer/train-to-end.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { FitRun } from '../estimator.ts';
import { type AugmentationParts, augmentPieces, isAugmented, pieceNeighbours } from './augment.ts';
import type { Values } from './methods.ts';
import {
  adaptedEncoder,
  ENCODER,
  headSpecs,
  headTuning,
  type TextNetwork,
  textTuning,
  tuningSpecs,
  vectorOptions,
} from './network.ts';
import { piecesRead } from './settings.ts';
import { type Padding, padRows, rowLengths, type TextRows } from './text-rows.ts';

export interface TextWork {
  readonly programs: readonly TrainingProgram[];
  readonly parameters: readonly ParameterSpec[];
  readonly batches: BatchSource & { readonly batchesPerEpoch: number };
  readonly evaluations: readonly EvaluationProgram[];
  readonly validation: BatchSource | undefined;
  /** Between a head of the encoder's vectors and one of what it learns from; the same where absent. */
  readonly head?: { readonly taught: (head: Values) => Values; readonly plain: (head: Values) => Values };
}

interface WorkTask extends TextNetwork {
  readonly run: FitRun;
  /** Of the encoder, by full names. */
  readonly values: Values;
}

/** Encoder and head together, a program a length. */
export function wholeWork(
  learn: TextRows,
  heldOut: TextRows | undefined,
  task: WorkTask & { readonly moves: NameTest },
): TextWork {
  const { encoder, settings, question, values, moves, run } = task;
  const { batch } = settings;
  const buckets = lengthsOf(task);
  const frozen = writtenIn(values, moves, encoder.tokenizer.size * encoder.width);
  const drafts = buckets.map((time) => ({
    objective: textTuning(task, { batch, time }),
    specs: tuningSpecs(question.answers, { batch, time }),
  }));
  const trainable = (name: string): boolean => !name.startsWith(`${ENCODER}.`) || moves(name);
  const compiled = drafts.map(({ objective, specs }) =>
    compileTraining(objective, specs, { trainable, frozen }),
  );
  const padId = encoder.tokenizer.special.pad;
  const reading = readingOf(task, learn);
  return {
    programs: compiled.map(({ program }) => program),
    parameters: compiled[0].parameters,
    batches: labelledTexts(learn, { batch, buckets, padId, reading, seed: run.seed }),
    evaluations: heldOut
      ? drafts.map(({ objective, specs }) => compileEvaluation(objective, specs, frozen))
      : [],
    validation: heldOut && labelledTexts(heldOut, { batch, buckets, padId, seed: 0, shuffle: false }),
  };
}

/** The head alone, on vectors asked for once and standardised: encoders leave some of their axes far out. */
export async function headWork(
  learn: TextRows,
  heldOut: TextRows | undefined,
  task: WorkTask,
): Promise<TextWork> {
  const { encoder, settings, question, run } = task;
  const { width } = encoder;
  const { answers } = question;
  const specs = headSpecs(answers, { batch: settings.batch, width });
  const objective = headTuning(task);
  const { program, parameters } = compileTraining(objective, specs);
  const standing = Object.entries(task.values).map(([key, value]) => [key.slice(ENCODER.length + 1), value]);
  const adapted = adaptedEncoder(task, Object.fromEntries(standing));
  const embedded = (texts: readonly string[]): Promise<Float32Array> =>
    embedTexts(adapted, texts, {
      ...{ backend: nodeBackend, threads: run.threads, progress: named(run.progress, 'reading texts') },
      ...{ ...vectorOptions(task), signal: run.signal },
    });
  const vectors = await embedded(learn.texts);
  const scale = spreads(vectors, width);
  const batchesOf = (rows: TextRows, raw: Float32Array, order: { seed: number; shuffle?: boolean }) => {
    const scaled = raw.map((value, i) => (value - scale.mean[i % width]) / scale.spread[i % width]);
    const planned = lengthBuckets(new Uint8Array(rows.target.length).fill(1), {
      ...{ buckets: [1], batchSize: settings.batch },
      ...order,
    });
    return {
      batchesPerEpoch: planned.batchesPerEpoch,
      ...bucketedBatches(planned, ({ rows: chosen, weights }) => ({
        vectors: matrixRows(scaled, chosen, { batch: settings.batch, width }),
        ...labels(rows, chosen, weights),
      })),
    };
  };
  return {
    programs: [program],
    parameters,
    batches: batchesOf(learn, vectors, { seed: run.seed }),
    evaluations: heldOut ? [compileEvaluation(objective, specs)] : [],
    validation: heldOut && batchesOf(heldOut, await embedded(heldOut.texts), { seed: 0, shuffle: false }),
    head: {
      taught: (head) => scaledHead(head, scale, answers),
      plain: (head) => unscaledHead(head, scale, answers),
    },
  };
}

interface Spreads {
  /** [width] */
  readonly mean: Float64Array;
  readonly spread: Float64Array;
}

function spreads(vectors: Float32Array, width: number): Spreads {
  const rows = vectors.length / width;
  const mean = new Float64Array(width);
  const spread = new Float64Array(width);
  vectors.forEach((value, i) => {
    mean[i % width] += value / rows;
  });
  vectors.forEach((value, i) => {
    spread[i % width] += (value - mean[i % width]) ** 2 / rows;
  });
  return { mean, spread: spread.map((variance) => Math.sqrt(variance) || 1) };
}

function scaledHead(head: Values, { mean, spread }: Spreads, answers: number): Values {
  const bias = head['head.bias'].slice();
  head['head.weight'].forEach((value, i) => {
    bias[i % answers] += value * mean[Math.floor(i / answers)];
  });
  const weight = head['head.weight'].map((value, i) => value * spread[Math.floor(i / answers)]);
  return { 'head.weight': weight, 'head.bias': bias };
}

/** The other way round. */
function unscaledHead(head: Values, { mean, spread }: Spreads, answers: number): Values {
  const weight = head['head.weight'].map((value, i) => value / spread[Math.floor(i / answers)]);
  const bias = head['head.bias'].slice();
  for (let i = 0; i < weight.length; i++) bias[i % answers] -= weight[i] * mean[Math.floor(i / answers)];
  return { 'head.weight': weight, 'head.bias': bias };
}

/** Larger encoders have fewer programs: each holds its frozen matrices. */
const LARGE = 8_000_000;

/** Lengths texts are padded to. */
export function lengthsOf({
  encoder,
  settings,
}: Pick<TextNetwork, 'encoder' | 'settings'>): readonly number[] {
  const all = pieceLengths(piecesRead(settings, encoder.maxLength));
  const numbers = Object.values(encoder.values).reduce((sum, { length }) => sum + length, 0);
  return numbers < LARGE
    ? all
    : all.filter((length, i) => i === all.length - 1 || Math.log2(length) % 1 === 0);
}

/** Frozen matrices are prepared once where they lie in the program; a table of which a few rows are read is fed instead. */
const writtenIn = (values: Values, moves: NameTest, table: number): Values =>
  Object.fromEntries(Object.entries(values).filter(([name, { length }]) => !moves(name) && length < table));

/** How a text is changed at each reading; as it is where nothing asks for it. */
function readingOf({ encoder, settings }: TextNetwork, learn: TextRows): Padding['reading'] {
  if (!isAugmented(settings)) return undefined;
  const { width } = encoder;
  const { special, size } = encoder.tokenizer;
  const closed = new Set(Object.values(special).filter((id): id is number => typeof id === 'number'));
  const table = settings.replacement > 0 ? pieceTable(encoder.values, size * width) : undefined;
  const parts: AugmentationParts = {
    special: closed,
    maskId: special.mask ?? special.unknown,
    neighbours:
      table && pieceNeighbours(table, { size, width, special: closed, met: new Set(learn.pieces.ids) }),
  };
  return (pieces, draws) => augmentPieces(pieces, settings, parts, draws);
}

const pieceTable = (values: Values, length: number): Float32Array | undefined =>
  values['pieces.weight'] ?? Object.values(values).find((value) => value.length === length);

interface Labelled extends Omit<Padding, 'time'> {
  readonly buckets: readonly number[];
  readonly seed: number;
  readonly shuffle?: boolean;
}

function labelledTexts(
  rows: TextRows,
  { batch, buckets, padId, reading, seed, shuffle = true }: Labelled,
): TextWork['batches'] {
  const planned = lengthBuckets(rowLengths(rows.pieces), { buckets, batchSize: batch, seed, shuffle });
  return {
    batchesPerEpoch: planned.batchesPerEpoch,
    batches: (epoch, from) =>
      bucketedBatches(planned, ({ rows: chosen, weights, length: time }) => ({
        ...padRows(
          rows.pieces,
          chosen,
          { batch, time, padId, ...(reading && { reading }) },
          random(seed).fork(`reading ${epoch} from text ${chosen[0]} on`),
        ),
        ...labels(rows, chosen, weights),
      })).batches(epoch, from),
  };
}

function labels({ beginning, target, weight }: TextRows, chosen: Int32Array, real: Float32Array) {
  const batch = chosen.length;
  const of = (values: Float32Array) =>
    matrixRows(values, chosen, { batch, width: values.length / target.length });
  return {
    beginning: of(beginning),
    target: of(target),
    weight: of(weight).map((value, r) => value * real[r]),
  };
}
