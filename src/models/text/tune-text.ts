// Fine-tuning: labelled texts, the method's weights and the head moved until held-out texts gain no more.
import { type Random, random } from '../../core/random.ts';
import { initialValues } from '../../nn/initialise.ts';
import type { ParameterSpec } from '../../nn/module.ts';
import { decayGroups, layerwiseRates } from '../../nn/optimiser/groups.ts';
import { parameterSettings } from '../../nn/step/training-settings.ts';
import { trainToEnd, named as underName } from '../../nn/trainer/train-to-end.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { FitRun } from '../estimator.ts';
import type { Values } from './methods.ts';
import { ENCODER, encoderParameters, type TextNetwork } from './network.ts';
import type { TextRows } from './text-rows.ts';
import { headWork, type TextWork, wholeWork } from './tuning-work.ts';

export interface TunedText {
  /** Of encoder and head, by full names; the encoder's as the method leaves them. */
  readonly values: Values;
  /** Of the held-out rows; absent without any. */
  readonly heldOutLoss?: number;
  /** How many numbers moved, and of how many in all. */
  readonly moved: number;
  readonly parameters: number;
  readonly steps: number;
}

export interface TuneTextTask extends TextNetwork {
  readonly run: FitRun;
  /** Of what is drawn before learning begins; the run's where left out. */
  readonly beginSeed?: number;
  /** Where the head begins, by name; zeros where left out. */
  readonly firstHead?: Values;
}

const WARM_UP = 0.1;
/** A head alone costs nothing to read again. */
const HEAD_EPOCHS = 10;
/** Small data are asked after each reading, large ones so many times in all. */
const EVALUATIONS = 10;
const EMBEDDINGS = new RegExp(`^${ENCODER}\\.(?!.*blocks\\.)`);

/**
 * With held-out rows it stops when they gain no more and keeps the best; without, it goes to the end of its steps. An
 * encoder that stands still is asked once, and only the head learns.
 *
 * @throws AppError INTERRUPTED, DIVERGED
 */
export async function tuneText(
  learn: TextRows,
  heldOut: TextRows | undefined,
  task: TuneTextTask,
): Promise<TunedText> {
  const { encoder, method, settings, run } = task;
  const draws = random(run.seed).fork(`text ${method.id}`);
  const begin = random(task.beginSeed ?? run.seed).fork(`text ${method.id}`);
  const declared = encoderParameters(task);
  const named = declared.flatMap(({ name }) => {
    const value = encoder.values[name.slice(ENCODER.length + 1)];
    return value ? [[name, value] as const] : [];
  });
  const begun: Values = { ...initialValues(declared, begin.fork('weights')), ...Object.fromEntries(named) };
  const moves = method.moves?.(declared, settings);
  const work = moves
    ? wholeWork(learn, heldOut, { ...task, moves, values: begun })
    : await headWork(learn, heldOut, { ...task, values: begun });
  const first = {
    ...initialValues(work.parameters, begin.fork('weights')),
    ...begun,
    ...(task.firstHead && (work.head?.taught(task.firstHead) ?? task.firstHead)),
  };
  const trained = await runTuning(work, task, { first, draws });
  const learned = work.head?.plain(trained.values) ?? trained.values;
  const count = ({ tensor: { shape } }: ParameterSpec): number => shape.reduce((a, b) => a * b, 1);
  const total = (specs: readonly ParameterSpec[]): number => specs.reduce((sum, one) => sum + count(one), 0);
  const movedHead = work.parameters.filter(({ name }) => !name.startsWith(`${ENCODER}.`));
  const movedInside = moves ? declared.filter(({ name }) => moves(name)) : [];
  const losses = trained.evaluations.map(({ scores }) => scores.loss);
  return {
    values: { ...begun, ...learned },
    ...(losses.length > 0 && { heldOutLoss: Math.min(...losses) }),
    moved: total(movedInside) + total(movedHead),
    parameters: total(declared) + total(movedHead),
    steps: trained.losses.length,
  };
}

interface TuningStart {
  readonly first: Values;
  readonly draws: Random;
}

function runTuning(work: TextWork, task: TuneTextTask, { first, draws }: TuningStart) {
  const { programs, batches, evaluations, validation } = work;
  const { method, settings, encoder, run } = task;
  const epochs = method.moves === undefined ? HEAD_EPOCHS * settings.epochs : settings.epochs;
  const steps = Math.min(settings.steps, epochs * batches.batchesPerEpoch);
  const rate = settings.rate > 0 ? settings.rate : ownRate(task);
  return trainToEnd({
    ...{ backend: nodeBackend, threads: run.threads, seed: draws.integer(2 ** 32), programs, batches },
    ...{ values: first, optimiser: { kind: 'adamw' as const }, clipNorm: 1 },
    parameters: parameterSettings(programs, [
      decayGroups(settings.weightDecay),
      (parameter) => {
        if (!parameter.name.startsWith(`${ENCODER}.`)) return {};
        if (method.isAdded) return { rateMultiplier: 1 };
        const { rateMultiplier } = layerwiseRates({
          factor: settings.layerDecay,
          layers: encoder.blocks,
          layer: /blocks\.(\d+)\./,
          below: EMBEDDINGS,
        })(parameter);
        return { rateMultiplier: settings.encoderRate * rateMultiplier };
      },
    ]),
    schedule: {
      kind: 'warm-up-cosine',
      rate,
      warmUpSteps: Math.min(steps - 1, Math.ceil(WARM_UP * steps)),
      steps,
      floor: rate / 20,
    },
    limits: { steps },
    ...(validation && {
      ...{ evaluations, validation },
      evaluateEvery: Math.max(batches.batchesPerEpoch, Math.ceil(steps / EVALUATIONS)),
      earlyStopping: { metric: 'loss', better: 'lower', patience: settings.patience },
    }),
    ...(method.around && { around: method.around(settings, steps) }),
    openSessions: 2 * programs.length,
    progress: underName(run.progress, `${method.label.en}: fine-tuning`),
    ...(run.signal && { signal: run.signal }),
  });
}

/** At the head of an encoder 384 wide a thousandth; narrower ones bear more (their steps move each state less). */
const HEAD_RATE = 0.001;
const WIDE = 384;

/** A head alone, and what was put in, learn faster than an encoder may. */
function ownRate({ encoder, method }: TuneTextTask): number {
  const rate = HEAD_RATE * Math.sqrt(WIDE / encoder.width);
  return method.moves === undefined ? 3 * rate : rate;
}
