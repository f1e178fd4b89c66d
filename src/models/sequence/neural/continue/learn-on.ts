// A network learns on: parts it has never had alone at first, then all of it, at a gentler rate than from nothing.
import { AppError, throwIfAborted } from '../../../../core/errors.ts';
import { pause } from '../../../../core/pause.ts';
import { random } from '../../../../core/random.ts';
import { decayGroups } from '../../../../nn/optimiser/groups.ts';
import {
  type Compiled,
  compileTraining,
  type TrainingProgram,
} from '../../../../nn/program/training-program.ts';
import { parameterSettings } from '../../../../nn/step/training-settings.ts';
import type { BatchSource } from '../../../../nn/trainer/batches/batch-source.ts';
import type { RunFiles } from '../../../../nn/trainer/run-folder.ts';
import { train as trainLoop } from '../../../../nn/trainer/train.ts';
import type { Backend } from '../../../../tensor/session/session.ts';
import type { FitRun } from '../../../estimator.ts';
import type { ContinueSettings } from '../../continuing.ts';
import { sparseTables } from '../fit.ts';
import type { Network } from '../network.ts';
import { pretraining, trainingSpecs } from '../objective.ts';
import { lengthSteps } from '../settings.ts';
import type { Values } from '../trained.ts';
import { growValues, holdBack } from './grown-values.ts';
import type { ReplayBatches } from './replay.ts';

export interface LearnOnTask {
  readonly network: Network;
  /** Of the network as it was, by name. */
  readonly values: Values;
  readonly wasRow: Int32Array;
  readonly batches: ReplayBatches;
  /** Readings of the batches. */
  readonly epochs: number;
  readonly settings: ContinueSettings;
  readonly seed: number;
  readonly backend: Backend;
  readonly run: FitRun;
  /** Names the steps in the progress. */
  readonly task: string;
  /** What is asked beside what comes next, a batch of it after each of the others. */
  readonly beside?: Beside;
  readonly files?: RunFiles;
}

export interface Beside {
  /** A program a length; they stand behind those of what comes next. */
  readonly compiled: (trainable?: (name: string) => boolean) => readonly Compiled[];
  readonly batches: (next: ReplayBatches, firstBucket: number) => BatchSource;
}

export interface LearnedOn {
  readonly values: Values;
  readonly steps: number;
  /** Histories read, all steps together. */
  readonly examples: number;
  /** Of each step. */
  readonly losses: readonly number[];
}

const WARM_UP = 0.1;
/** Of the steps: heads as they were drawn would only disturb what stands behind them. */
const HEADS_ALONE = 0.15;

/** @throws AppError INTERRUPTED, DIVERGED, BAD_FILE for weights of another network */
export async function learnOn(task: LearnOnTask): Promise<LearnedOn> {
  const { network, batches, settings, beside } = task;
  const draws = random(task.seed).fork('continue');
  const specs = lengthSteps(network.settings.length).map((time) => trainingSpecs(network, time));
  const compiled = (trainable?: (name: string) => boolean): readonly Compiled[] => [
    ...specs.map((own) => compileTraining(pretraining(network), own, trainable && { trainable })),
    ...(beside?.compiled(trainable) ?? []),
  ];
  const whole = compiled();
  const parameters = [
    ...new Map(whole.flatMap((one) => one.parameters).map((one) => [one.name, one])).values(),
  ];
  const first = growValues(task.values, parameters, task.wasRow, draws.fork('weights'));
  const isNew = (name: string): boolean => task.values[name] === undefined;
  const steps = Math.min(settings.steps, task.epochs * batches.batchesPerEpoch);
  const hasNew = whole.every((one) => one.parameters.some(({ name }) => isNew(name)));
  const alone = hasNew ? Math.floor(HEADS_ALONE * steps) : 0;
  const source = beside?.batches(batches, specs.length) ?? batches;
  const seed = draws.integer(2 ** 32);
  const all = { programs: whole.map(({ program }) => program), source };
  const held = (values: Values): Values =>
    holdBack(values, first, { isNew, wasRow: task.wasRow, hold: settings.hold });
  if (alone === 0) {
    const learned = await stretch(task, { ...all, first, steps, seed });
    return { ...learned, values: held(learned.values) };
  }
  const heads = await stretch(
    { ...task, files: undefined },
    { programs: compiled(isNew).map(({ program }) => program), source, first, steps: alone, seed },
  );
  const rest = await stretch(task, {
    ...{ ...all, first: { ...first, ...heads.values } },
    ...{ steps: steps - alone, seed: seed ^ 1 },
  });
  return {
    values: held(rest.values),
    steps: heads.steps + rest.steps,
    examples: heads.examples + rest.examples,
    losses: [...heads.losses, ...rest.losses],
  };
}

interface Stretch {
  readonly programs: readonly TrainingProgram[];
  readonly source: BatchSource;
  readonly first: Values;
  readonly steps: number;
  readonly seed: number;
}

async function stretch(
  { network, settings, backend, run, task, files, beside }: LearnOnTask,
  { programs, source, first, steps, seed }: Stretch,
): Promise<LearnedOn> {
  const rate = settings.rate * network.settings.learningRate;
  const losses: number[] = [];
  let examples = 0;
  const events = trainLoop({
    ...{ backend, threads: run.threads, seed, programs, batches: source, clipNorm: 1 },
    accumulate: beside ? 2 : 1,
    values: first,
    optimiser: { kind: 'adamw' },
    parameters: parameterSettings(programs, [
      decayGroups(network.settings.weightDecay),
      sparseTables(network.settings),
    ]),
    schedule: {
      kind: 'warm-up-cosine',
      ...{ rate, steps, warmUpSteps: Math.min(steps - 1, Math.ceil(WARM_UP * steps)), floor: rate / 20 },
    },
    limits: { steps },
    progress: {
      step: (step) => run.progress.step({ ...step, task }),
      note: (line) => run.progress.note(line),
    },
    openSessions: 2 * programs.length,
    ...(files && { files }),
    ...(run.signal && { signal: run.signal }),
  });
  for await (const event of events) {
    if (event.kind === 'step') {
      losses.push(event.loss);
      examples += event.examples;
    }
    if (event.kind === 'stopped') {
      if (event.reason === 'aborted') throwIfAborted(run.signal);
      return { values: { ...first, ...event.values }, steps: event.step, examples, losses };
    }
    await pause(undefined);
  }
  throw new AppError('INTERRUPTED', 'training ended before it said why');
}
