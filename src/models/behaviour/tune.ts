// Fine-tuning: labelled histories and their features, the method's weights moved until held-out customers gain no more.
import { type Random, random } from '../../core/random.ts';
import type { Sequences } from '../../core/sequences.ts';
import { initialValues } from '../../nn/initialise.ts';
import { type ParameterSpec, trace } from '../../nn/module.ts';
import { decayGroups, layerwiseRates } from '../../nn/optimiser/groups.ts';
import { compileEvaluation, type EvaluationProgram } from '../../nn/program/evaluation-program.ts';
import { compileTraining, type TrainingProgram } from '../../nn/program/training-program.ts';
import { parameterSettings } from '../../nn/step/training-settings.ts';
import type { BatchSource } from '../../nn/trainer/batches/batch-source.ts';
import { bucketedBatches, lengthBuckets } from '../../nn/trainer/batches/length-buckets.ts';
import { input } from '../../tensor/ops/leaf.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { FitRun } from '../estimator.ts';
import type { Values } from '../sequence/neural/fit.ts';
import type { Trunk } from '../sequence/neural/network.ts';
import { lengthSteps } from '../sequence/neural/settings.ts';
import { behaviourTrunk } from '../sequence/transformer/trunk.ts';
import { historyFeeds } from './feeds.ts';
import {
  type HeadShape,
  headTuning,
  headTuningSpecs,
  pooledStates,
  stateSpecs,
  tuning,
  tuningSpecs,
} from './head.ts';
import { learned, named } from './learning.ts';
import type { Method } from './methods.ts';
import type { LearnedTrunk } from './pretrain.ts';
import type { BehaviourSettings } from './settings.ts';
import { poolHistories, statePrograms } from './states.ts';

/** Labelled rows as the network reads them. */
export interface TuningRows {
  /** A row each, with the moment of asking. */
  readonly histories: Sequences;
  /** [rows, features] */
  readonly features: Float32Array;
  /** [rows, answers]; amounts in units of their mean. */
  readonly beginning: Float32Array;
  /** [rows] */
  readonly target: Float32Array;
  readonly weight: Float32Array;
}

export interface TuneTask {
  readonly method: Method;
  readonly trunk: LearnedTrunk;
  readonly settings: BehaviourSettings;
  readonly shape: HeadShape;
  readonly run: FitRun;
}

/** The trunk as a method changes it. */
export const methodTrunk = ({
  method,
  trunk,
  settings,
}: Pick<TuneTask, 'method' | 'trunk' | 'settings'>): Trunk =>
  method.adapt(behaviourTrunk(trunk.plan, trunk.settings), settings);

export interface Tuned {
  readonly values: Values;
  /** Of the held-out rows; absent without any. */
  readonly heldOutLoss?: number;
}

/**
 * Moves what the method moves. With held-out rows it stops when they gain no more and keeps the best; without, it goes to
 * the end of its steps. A trunk that stands still is asked once, and only the head learns.
 *
 * @throws AppError INTERRUPTED, DIVERGED
 */
export async function tune(
  learn: TuningRows,
  heldOut: TuningRows | undefined,
  task: TuneTask,
): Promise<Tuned> {
  const draws = random(task.run.seed).fork(`fine-tuning ${task.method.id}`);
  const adapted = methodTrunk(task);
  const parameters = trunkParameters(adapted, task);
  const trunk = { ...initialValues(parameters, draws.fork('weights')), ...task.trunk.values };
  const { moves } = task.method;
  const work = moves
    ? await wholeWork(learn, heldOut, { ...task, adapted, trainable: moves(parameters) })
    : await headWork(learn, heldOut, { ...task, adapted, values: trunk });
  const head = initialValues(work.parameters, draws.fork('weights'));
  const { values, evaluations } = await runTuning(work, { ...task, draws, first: { ...head, ...trunk } });
  const losses = evaluations.map(({ scores }) => scores.loss);
  return { values: { ...trunk, ...values }, ...(losses.length > 0 && { heldOutLoss: Math.min(...losses) }) };
}

function trunkParameters(adapted: Trunk, { trunk, settings }: TuneTask): readonly ParameterSpec[] {
  const places = { batch: 1, time: lengthSteps(settings.length)[0] };
  const inputs = Object.entries(stateSpecs(trunk.plan, places)).map(
    ([name, { dtype, axes }]) => [name, input(name, dtype, axes)] as const,
  );
  return trace(pooledStates(adapted, places), Object.fromEntries(inputs)).parameters;
}

/** What a run of fine-tuning goes through. */
interface Work {
  readonly programs: readonly TrainingProgram[];
  readonly parameters: readonly ParameterSpec[];
  readonly batches: Batches;
  readonly evaluations: readonly EvaluationProgram[];
  readonly validation: BatchSource | undefined;
}

interface Batches extends BatchSource {
  readonly batchesPerEpoch: number;
}

/** Trunk and head together, a program a length. */
function wholeWork(
  learn: TuningRows,
  heldOut: TuningRows | undefined,
  task: TuneTask & { readonly adapted: Trunk; readonly trainable: (name: string) => boolean },
): Work {
  const { adapted, trunk, settings, shape, run } = task;
  const { batch } = settings;
  const drafts = lengthSteps(settings.length).map((time) => ({
    objective: tuning(adapted, shape, { batch, time }),
    specs: tuningSpecs(trunk.plan, shape, { batch, time }),
  }));
  const trainable = (name: string): boolean => !name.startsWith('trunk.') || task.trainable(name);
  const compiled = drafts.map(({ objective, specs }) => compileTraining(objective, specs, { trainable }));
  const batchesOf = (rows: TuningRows, order: Order): Batches => {
    const { offsets } = rows.histories;
    const fill = historyFeeds(rows.histories, trunk.plan, batch);
    const lengths = Array.from(rows.target.keys(), (row) => offsets[row + 1] - offsets[row]);
    return labelledBatches(rows, { ...order, batch, lengths, buckets: lengthSteps(settings.length), fill });
  };
  return {
    programs: compiled.map(({ program }) => program),
    parameters: compiled[0].parameters,
    batches: batchesOf(learn, { seed: run.seed }),
    evaluations: heldOut ? drafts.map(({ objective, specs }) => compileEvaluation(objective, specs)) : [],
    validation: heldOut && batchesOf(heldOut, { seed: 0, shuffle: false }),
  };
}

/** The head alone, on states asked for once. */
async function headWork(
  learn: TuningRows,
  heldOut: TuningRows | undefined,
  task: TuneTask & { readonly adapted: Trunk; readonly values: Values },
): Promise<Work> {
  const { adapted, trunk, settings, shape, run, values } = task;
  const { batch } = settings;
  const states = 2 * settings.width;
  const objective = headTuning(shape);
  const specs = headTuningSpecs(shape, { batch, states });
  const by = { trunk: adapted, plan: trunk.plan, length: settings.length, width: settings.width };
  const programs = statePrograms(by);
  const batchesOf = async (rows: TuningRows, order: Order): Promise<Batches> => {
    const pooled = await poolHistories(rows.histories, { ...by, values, threads: run.threads }, programs);
    const fill = (chosen: ArrayLike<number>) => ({ states: taken(pooled, chosen, { batch, width: states }) });
    const lengths = new Uint8Array(rows.target.length).fill(1);
    return labelledBatches(rows, { ...order, batch, lengths, buckets: [1], fill });
  };
  const { program, parameters } = compileTraining(objective, specs);
  return {
    programs: [program],
    parameters,
    batches: await batchesOf(learn, { seed: run.seed }),
    evaluations: heldOut ? [compileEvaluation(objective, specs)] : [],
    validation: heldOut && (await batchesOf(heldOut, { seed: 0, shuffle: false })),
  };
}

const WARM_UP = 0.1;
const EMBEDDINGS = /^trunk\.(item|types|gaps|mark\d+|positions)\b/;
/** Small data are asked after each reading, large ones so many times in all. */
const EVALUATIONS = 12;

async function runTuning(
  { programs, batches, evaluations, validation }: Work,
  {
    method,
    settings,
    run,
    draws,
    first,
  }: TuneTask & { readonly draws: Random; readonly first: Record<string, Float32Array> },
) {
  const steps = Math.min(settings.tuneSteps, settings.tuneEpochs * batches.batchesPerEpoch);
  return learned({
    ...{ backend: nodeBackend, threads: run.threads, seed: draws.integer(2 ** 32), programs, batches },
    ...{ values: first, optimiser: { kind: 'adamw' }, clipNorm: 1 },
    parameters: parameterSettings(programs, [
      decayGroups(settings.weightDecay),
      layerwiseRates({
        factor: settings.layerDecay,
        layers: settings.blocks,
        layer: /blocks\.(\d+)\./,
        below: EMBEDDINGS,
      }),
    ]),
    schedule: {
      kind: 'warm-up-cosine',
      rate: settings.tuneRate,
      warmUpSteps: Math.ceil(WARM_UP * steps),
      steps,
      floor: settings.tuneRate / 20,
    },
    limits: { steps },
    ...(validation && {
      ...{ evaluations, validation },
      evaluateEvery: Math.max(batches.batchesPerEpoch, Math.ceil(steps / EVALUATIONS)),
      earlyStopping: { metric: 'loss', better: 'lower', patience: settings.patience },
    }),
    openSessions: 2 * programs.length,
    progress: named(run.progress, `${method.id}: fine-tuning`),
    ...(run.signal && { signal: run.signal }),
  });
}

interface Order {
  readonly seed: number;
  readonly shuffle?: boolean;
}

interface Labelled extends Order {
  readonly batch: number;
  readonly lengths: ArrayLike<number>;
  readonly buckets: readonly number[];
  /** Arrays of what is read, for the rows chosen. */
  readonly fill: (rows: ArrayLike<number>, time: number) => Record<string, Int32Array | Float32Array>;
}

function labelledBatches(
  { features, beginning, target, weight }: TuningRows,
  { batch, lengths, buckets, fill, seed, shuffle = true }: Labelled,
): Batches {
  const planned = lengthBuckets(lengths, { buckets, batchSize: batch, seed, shuffle });
  const widthOf = (values: Float32Array): number => values.length / target.length;
  return {
    batchesPerEpoch: planned.batchesPerEpoch,
    ...bucketedBatches(planned, ({ rows, weights, length: time }) => {
      const of = (values: Float32Array) => taken(values, rows, { batch, width: widthOf(values) });
      return {
        ...fill(rows, time),
        ...{ features: of(features), beginning: of(beginning), target: of(target) },
        weight: of(weight).map((value, r) => value * weights[r]),
      };
    }),
  };
}

/** Rows of a matrix, as many as a batch holds. */
function taken(
  values: Float32Array,
  rows: ArrayLike<number>,
  { batch, width }: { readonly batch: number; readonly width: number },
): Float32Array {
  const into = new Float32Array(batch * width);
  for (let r = 0; r < rows.length; r++)
    into.set(values.subarray(rows[r] * width, (rows[r] + 1) * width), r * width);
  return into;
}
