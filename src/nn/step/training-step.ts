// One training step: parameters and batch into the compiled program, gradients out of it into the optimiser.

import { AppError } from '../../core/errors.ts';
import { arenaBytes, createArena } from '../../tensor/arena.ts';
import { createKernels } from '../../tensor/kernels/create.ts';
import type { Backend, RunArray, SessionOptions } from '../../tensor/session/session.ts';
import type { Gradient, GradientTransform } from '../optimiser/gradient.ts';
import { createParameterStore, storeBytes } from '../optimiser/parameter-store.ts';
import type { StateArrays } from '../optimiser/stored-parameter.ts';
import type { EvaluationProgram } from '../program/evaluation-program.ts';
import type { TrainingProgram } from '../program/training-program.ts';
import { requireFit } from './batch-check.ts';
import { createMaskPool, maskPoolBytes } from './mask-pool.ts';
import { createSessionPool } from './session-pool.ts';
import { type Feeds, trainingFault } from './training-fault.ts';
import {
  firstValue,
  type OptimiserSettings,
  type ParameterSettings,
  parameterEntries,
} from './training-settings.ts';

/** Arrays for the inputs of one program. */
export interface Batch {
  /** Which program: the place of its bucket in the list of programs. */
  readonly bucket: number;
  readonly arrays: Feeds;
  /** Real examples in it, padding left out; by default the first axis of its first input. */
  readonly examples?: number;
}

/** What can be saved and sent to a worker. */
export interface TrainingStepSettings {
  /** One a bucket: the same model at several batch shapes. Their parameters are shared by name. */
  readonly programs: readonly TrainingProgram[];
  /** Forward passes for `evaluate`, with buckets of their own. */
  readonly evaluations?: readonly EvaluationProgram[];
  /** First values of parameters and statistics, `initialValues` say; frozen parameters are read where they lie. */
  readonly values: Readonly<Record<string, Float32Array>>;
  readonly optimiser: OptimiserSettings;
  /** What sets single parameters apart, by name; `parameterSettings` makes it from rules. */
  readonly parameters?: Readonly<Record<string, ParameterSettings>>;
  /** Decides all dropout masks. */
  readonly seed: number;
  /** Largest norm of the whole gradient. */
  readonly clipNorm?: number;
  /** Memory of the averaged weights; none are kept by default. */
  readonly averageDecay?: number;
  /** 1 by default; the same count gives the same bits. */
  readonly threads?: number;
  /** How many programs stay loaded, 8 by default; each holds memory for its intermediate tensors. */
  readonly openSessions?: number;
}

export interface TrainingStepOptions extends TrainingStepSettings {
  readonly backend: Backend;
  /** Changes the gradients of each micro-batch before they are added up. */
  readonly transform?: GradientTransform;
  /** False: the optimiser in plain TypeScript. */
  readonly simd?: boolean;
}

export interface StepResult {
  /** Steps taken, this one included. */
  readonly step: number;
  /** Mean over the micro-batches, like the metrics. */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Before clipping. */
  readonly gradientNorm: number;
  readonly clipped: boolean;
  readonly learningRate: number;
  readonly examples: number;
}

/** Where a step stands: its masks depend on it. */
export interface StepMoment {
  readonly epoch: number;
  readonly learningRate: number;
}

/** Sessions, parameters and optimiser of one run. Close it. */
export interface TrainingStep {
  /** Steps taken. */
  readonly steps: number;
  /**
   * One step of the optimiser on the mean gradient of the micro-batches.
   *
   * @throws AppError DIVERGED or BAD_DATA when loss or gradient is not finite, naming the first bad tensor; then no
   *   weight has moved. SHAPE when an array does not fit its input, BAD_DATA when an id in it names no row; then nothing
   *   has moved at all
   */
  step(batches: readonly Batch[], moment: StepMoment): Promise<StepResult>;
  /** Outputs of an evaluation program by name. @throws AppError SHAPE and BAD_DATA as `step` */
  evaluate(batch: Batch): Promise<Readonly<Record<string, RunArray>>>;
  /** Live views of parameters and statistics by name. */
  values(): Readonly<Record<string, Float32Array>>;
  /** Exchanges weights and averaged weights; again, to go back. */
  swapAverages(): void;
  /** Live views of all that the next step depends on. */
  state(): StateArrays;
  /** @throws AppError SHAPE when the state is of another model or optimiser; then nothing was changed */
  restore(state: StateArrays): void;
  close(): Promise<void>;
}

/** 8: four lengths, trained and evaluated. */
const OPEN_SESSIONS = 8;

/**
 * Prepares a run. Sessions are opened when their bucket first comes.
 *
 * @throws AppError NOT_FOUND for a parameter without a first value; SHAPE, USAGE
 */
export function createTrainingStep(options: TrainingStepOptions): TrainingStep {
  const { backend, programs, evaluations = [], values, seed, transform, clipNorm } = options;
  const { averageDecay, threads = 1, openSessions = OPEN_SESSIONS, simd = true } = options;
  requireSense(clipNorm, averageDecay);
  const entries = parameterEntries(programs, values, options.optimiser, options.parameters);
  const masks = programs.flatMap((program) => program.masks);
  const movedByForward = new Set(programs.flatMap(({ updates }) => Object.keys(updates)));
  const statistics = [...movedByForward].map((name) => [name, firstValue(values, name)] as const);

  const arena = createArena(
    storeBytes(entries, { averageDecay }) +
      arenaBytes(statistics.map(([, value]) => value.length)) +
      maskPoolBytes(masks),
  );
  const store = createParameterStore(arena, createKernels(arena, { simd }), entries, { averageDecay });
  const kept: Record<string, Float32Array> = {};
  for (const [name, first] of statistics) {
    kept[name] = arena.floats(first.length);
    kept[name].set(first);
  }
  const pool = createMaskPool(arena, masks, seed);
  const sessionOptions: SessionOptions = { threads };
  const sessions = createSessionPool(
    backend,
    [...programs, ...evaluations].map(({ model }) => model),
    { ...sessionOptions, most: openSessions },
  );
  // No function below may mention `values`: the first values of what is trained must not live as long as the run.
  const live: Readonly<Record<string, Float32Array>> = {
    ...values,
    ...kept,
    ...Object.fromEntries(store.names.map((name) => [name, store.value(name)])),
  };
  const savedStatistic = (state: StateArrays, name: string): Float32Array => {
    const saved = state[`statistic.${name}`];
    const { length } = kept[name] as Float32Array;
    if (saved instanceof Float32Array && saved.length === length) return saved;
    throw new AppError(
      'SHAPE',
      `expected ${length} numbers of statistic "${name}", got ${saved?.length ?? 'none'}; resume with the model that saved it`,
    );
  };
  const liveValue = (name: string): Float32Array => firstValue(live, name);
  const feedsOf = (program: TrainingProgram, batch: Batch, epoch: number, microBatch: number): Feeds => ({
    ...batch.arrays,
    ...Object.fromEntries(
      [...program.trainable, ...program.fixed].map(({ name }) => [name, liveValue(name)]),
    ),
    ...pool.cut(program.masks, { epoch, step: store.steps, microBatch }),
  });

  /** Runs one micro-batch; its first gradient of a parameter is written straight into the store's sum. */
  const runMicroBatch = async (program: TrainingProgram, bucket: number, feeds: Feeds, isFirst: boolean) => {
    const into: Record<string, RunArray> = {};
    if (isFirst)
      for (const { name, gradient } of program.trainable)
        if (gradient !== undefined && !isRowTrained(name)) into[gradient] = store.gradient(name);
    return sessions.use(bucket, (session) => session.run(feeds, into));
  };
  const rowTrained = new Set(entries.filter(({ rule }) => rule.layout === 'rows').map(({ name }) => name));
  const isRowTrained = (name: string): boolean => rowTrained.has(name);

  return {
    get steps() {
      return store.steps;
    },
    async step(batches, { epoch, learningRate }) {
      if (batches.length === 0) throw new AppError('USAGE', 'expected at least one micro-batch, got none');
      if (!(learningRate >= 0 && Number.isFinite(learningRate)))
        throw new AppError('USAGE', `expected a learning rate of at least 0, got ${learningRate}`);
      const runs = batches.map((batch, microBatch) => {
        const program = programOf(programs, batch);
        requireFit(program.inputs, batch.arrays);
        return { batch, microBatch, program };
      });
      const statisticsBefore = copyOf(kept);
      const putBack = (): void => {
        for (const [name, value] of Object.entries(statisticsBefore)) kept[name]?.set(value);
      };
      const fail = async (): Promise<never> => {
        putBack();
        const gradient = store.firstNonFinite()?.name;
        for (const { program, batch, microBatch } of runs)
          await trainingFault(backend, program, feedsOf(program, batch, epoch, microBatch), {
            step: store.steps + 1,
            gradient,
            isLast: microBatch === runs.length - 1,
          });
        throw new Error('unreachable: the last micro-batch always throws');
      };
      store.zero();
      const sums: Record<string, number> = {};
      let examples = 0;
      try {
        for (const { batch, microBatch, program } of runs) {
          const feeds = feedsOf(program, batch, epoch, microBatch);
          const outputs = await runMicroBatch(program, batch.bucket, feeds, microBatch === 0);
          if (!Number.isFinite(numberAt(outputs, 'loss'))) await fail();
          store.add(gradientsOf(program, outputs), transform);
          for (const [name, output] of Object.entries(program.updates))
            (kept[name] as Float32Array).set(outputs[output] as Float32Array);
          for (const name of ['loss', ...program.metrics.map((metric) => `metric.${metric}`)])
            sums[name] = (sums[name] ?? 0) + numberAt(outputs, name) / batches.length;
          examples += batch.examples ?? firstAxis(program);
        }
      } catch (error) {
        // Whatever it was (a transform's own error, say): micro-batches before it have moved statistics.
        putBack();
        throw error;
      }
      const report = store.step({ learningRate, clipNorm, divisor: batches.length });
      if (!report.applied) await fail();
      const { loss = Number.NaN, ...metrics } = sums;
      return {
        step: store.steps,
        loss,
        metrics: Object.fromEntries(
          Object.entries(metrics).map(([name, value]) => [name.slice('metric.'.length), value]),
        ),
        gradientNorm: report.gradientNorm,
        clipped: report.clipped,
        learningRate,
        examples,
      };
    },
    async evaluate(batch) {
      const program = programOf(evaluations, batch);
      requireFit(program.inputs, batch.arrays);
      const feeds = {
        ...batch.arrays,
        ...Object.fromEntries(program.parameters.map(({ name }) => [name, liveValue(name)])),
      };
      return sessions.use(programs.length + batch.bucket, (session) => session.run(feeds));
    },
    values: () => live,
    swapAverages: store.swapAverages,
    state: () => ({
      ...store.state(),
      ...Object.fromEntries(Object.entries(kept).map(([name, value]) => [`statistic.${name}`, value])),
    }),
    restore(state) {
      // All is checked before anything is written: a state that does not fit leaves the run as it was.
      const saved = Object.keys(kept).map((name) => [name, savedStatistic(state, name)] as const);
      store.restore(state);
      for (const [name, value] of saved) (kept[name] as Float32Array).set(value);
    },
    close: sessions.close,
  };
}

function requireSense(clipNorm: number | undefined, averageDecay: number | undefined): void {
  if (clipNorm !== undefined && !(clipNorm > 0))
    throw new AppError('USAGE', `expected a clipNorm above 0, got ${clipNorm}`);
  if (averageDecay !== undefined && !(averageDecay >= 0 && averageDecay < 1))
    throw new AppError('USAGE', `expected an averageDecay in [0, 1), got ${averageDecay}`);
}

function programOf<Program>(programs: readonly Program[], { bucket }: Batch): Program {
  const program = programs[bucket];
  if (program === undefined)
    throw new AppError('USAGE', `expected a bucket in [0, ${programs.length}), got ${bucket}`);
  return program;
}

function gradientsOf(
  program: TrainingProgram,
  outputs: Readonly<Record<string, RunArray>>,
): readonly Gradient[] {
  return program.trainable.flatMap(({ name, gradient, rows }): readonly Gradient[] => [
    // Dense first: it may already lie in the store's sum, to which rows are then added.
    ...(gradient === undefined ? [] : [{ name, values: outputs[gradient] as Float32Array }]),
    ...rows.map(({ indices, values }) => ({
      name,
      indices: asIndices(outputs[indices] as RunArray),
      values: outputs[values] as Float32Array,
    })),
  ]);
}

const copyOf = (arrays: Readonly<Record<string, Float32Array>>): Readonly<Record<string, Float32Array>> =>
  Object.fromEntries(Object.entries(arrays).map(([name, values]) => [name, values.slice()]));

const asIndices = (indices: RunArray): Int32Array =>
  indices instanceof Int32Array ? indices : Int32Array.from(indices as ArrayLike<number>, Number);

const numberAt = (outputs: Readonly<Record<string, RunArray>>, name: string): number =>
  Number(outputs[name]?.[0]);

function firstAxis({ inputs }: TrainingProgram): number {
  return Object.values(inputs)[0]?.shape[0] ?? 1;
}
