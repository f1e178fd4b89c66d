// Fine-tuning: labelled histories and their features, the method's weights moved until held-out customers gain no more.
import { type Random, random } from '../../core/random.ts';
import { initialValues } from '../../nn/initialise.ts';
import { type ParameterSpec, trace } from '../../nn/module.ts';
import { decayGroups, layerwiseRates } from '../../nn/optimiser/groups.ts';
import { parameterSettings } from '../../nn/step/training-settings.ts';
import { type Learned, named, trainToEnd } from '../../nn/trainer/train-to-end.ts';
import { input } from '../../tensor/ops/leaf.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { Trunk } from '../sequence/neural/network.ts';
import { lengthSteps } from '../sequence/neural/settings.ts';
import type { Values } from '../sequence/neural/trained.ts';
import { behaviourTrunk } from '../sequence/transformer/trunk.ts';
import { pooledStates, stateSpecs } from './head.ts';
import { turnNeurons } from './head-start.ts';
import { headWork, type TuneTask, type TuningRows, type Work, wholeWork } from './tuning-work.ts';

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
    ? wholeWork(learn, heldOut, { ...task, adapted, trainable: moves(parameters) })
    : await headWork(learn, heldOut, { ...task, adapted, values: trunk });
  const first = { ...firstHead(work.parameters, task, draws), ...trunk };
  const rows = learn.target.length;
  const { values, evaluations } = await runTuning(work, { ...task, draws, first, rows });
  const losses = evaluations.map(({ scores }) => scores.loss);
  return { values: { ...trunk, ...values }, ...(losses.length > 0 && { heldOutLoss: Math.min(...losses) }) };
}

/** What was put in may move faster than what has been learned, where there are labels enough to bear it. */
const ROWS_A_TIME = 1000;
const MOST_TIMES = 12;
const rateOfAdded = (rows: number): number => Math.max(1, Math.min(MOST_TIMES, rows / ROWS_A_TIME));

function firstHead(
  parameters: readonly ParameterSpec[],
  { trunk, settings, shape }: TuneTask,
  draws: Random,
) {
  const first = initialValues(parameters, draws.fork('weights'));
  const { outlook } = trunk;
  if (!outlook) return first;
  const start = { outlook, states: 2 * settings.width, hidden: shape.hidden, draws: draws.fork('neurons') };
  return { ...first, [HIDDEN]: turnNeurons(first[HIDDEN], start) };
}

function trunkParameters(adapted: Trunk, { trunk, settings }: TuneTask): readonly ParameterSpec[] {
  const places = { batch: 1, time: lengthSteps(settings.length)[0] };
  const inputs = Object.entries(stateSpecs(trunk.plan, places)).map(
    ([name, { dtype, axes }]) => [name, input(name, dtype, axes)] as const,
  );
  return trace(pooledStates(adapted, places), Object.fromEntries(inputs)).parameters;
}

/** Of the head. */
const HIDDEN = 'head.hidden.weight';

const WARM_UP = 0.1;
const EMBEDDINGS = /^trunk\.(item|types|gaps|mark\d+|positions)\b/;
/** Small data are asked after each reading, large ones so many times in all. */
const EVALUATIONS = 12;

interface TuningRun extends TuneTask {
  readonly draws: Random;
  /** Where trunk and head begin. */
  readonly first: Values;
  /** Labelled rows learned from. */
  readonly rows: number;
}

async function runTuning(
  { programs, batches, evaluations, validation }: Work,
  task: TuningRun,
): Promise<Learned> {
  const { method, settings, run, draws, first } = task;
  const { tuneSteps, tuneEpochs } = settings;
  const steps = Math.min(tuneSteps, tuneEpochs * batches.batchesPerEpoch);
  return trainToEnd({
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
      ({ name }) =>
        method.isAdded && name.startsWith('trunk.') ? { rateMultiplier: rateOfAdded(task.rows) } : {},
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
