// Fine-tuning: labelled histories and their features, the method's weights moved until held-out customers gain no more.
import { random } from '../../core/random.ts';
import type { Sequences } from '../../core/sequences.ts';
import { initialValues } from '../../nn/initialise.ts';
import { decayGroups, layerwiseRates } from '../../nn/optimiser/groups.ts';
import { compileEvaluation } from '../../nn/program/evaluation-program.ts';
import { compileTraining } from '../../nn/program/training-program.ts';
import { parameterSettings } from '../../nn/step/training-settings.ts';
import type { BatchSource } from '../../nn/trainer/batches/batch-source.ts';
import { bucketedBatches, lengthBuckets } from '../../nn/trainer/batches/length-buckets.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { FitRun } from '../estimator.ts';
import { tokenFeeds } from '../sequence/neural/events/event-vectors.ts';
import { emptyTokens, type TokenPlan, tokenWriter } from '../sequence/neural/events/tokens.ts';
import type { Values } from '../sequence/neural/fit.ts';
import type { Trunk } from '../sequence/neural/network.ts';
import { lengthSteps } from '../sequence/neural/settings.ts';
import { behaviourTrunk } from '../sequence/transformer/trunk.ts';
import { type HeadShape, tuning, tuningSpecs } from './head.ts';
import { learned, named } from './learning.ts';
import type { Method } from './methods.ts';
import type { LearnedTrunk } from './pretrain.ts';
import type { BehaviourSettings } from './settings.ts';

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

const WARM_UP = 0.1;
const EMBEDDINGS = /^trunk\.(item|types|gaps|mark\d+|positions)\b/;

export interface Tuned {
  readonly values: Values;
  /** Of the held-out rows; absent without any. */
  readonly heldOutLoss?: number;
}

/**
 * Moves what the method moves. With held-out rows it stops when they gain no more and keeps the best; without, it goes to
 * the end of its steps.
 *
 * @throws AppError INTERRUPTED, DIVERGED
 */
export async function tune(
  learn: TuningRows,
  heldOut: TuningRows | undefined,
  task: TuneTask,
): Promise<Tuned> {
  const { method, trunk, settings, shape, run } = task;
  const { batch } = settings;
  const draws = random(run.seed).fork(`fine-tuning ${method.id}`);
  const adapted = methodTrunk(task);
  const times = lengthSteps(settings.length);
  const drafts = times.map((time) => ({
    objective: tuning(adapted, shape, { batch, time }),
    specs: tuningSpecs(trunk.plan, shape, { batch, time }),
  }));
  const { parameters } = compileTraining(drafts[0].objective, drafts[0].specs);
  const ofTrunk = parameters.filter(({ name }) => name.startsWith('trunk.'));
  const moves = method.moves(ofTrunk);
  const trainable = (name: string): boolean => !name.startsWith('trunk.') || moves(name);
  const first = { ...initialValues(parameters, draws.fork('weights')), ...trunk.values };
  const programs = drafts.map(
    ({ objective, specs }) => compileTraining(objective, specs, { trainable }).program,
  );
  const batches = tuningBatches(learn, trunk.plan, { settings, seed: draws.integer(2 ** 32) });
  const perEpoch = batches.batchesPerEpoch;
  const steps = Math.min(settings.tuneSteps, settings.tuneEpochs * perEpoch);
  const { values, evaluations } = await learned({
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
    ...(heldOut && {
      evaluations: drafts.map(({ objective, specs }) => compileEvaluation(objective, specs)),
      validation: tuningBatches(heldOut, trunk.plan, { settings, seed: 0, shuffle: false }),
      // Small data are asked after each reading, large ones a dozen times in all.
      evaluateEvery: Math.max(perEpoch, Math.ceil(steps / 12)),
      earlyStopping: { metric: 'loss', better: 'lower', patience: settings.patience },
    }),
    openSessions: 2 * times.length,
    progress: named(run.progress, `${method.id}: fine-tuning`),
    ...(run.signal && { signal: run.signal }),
  });
  const losses = evaluations.map(({ scores }) => scores.loss);
  return { values: { ...first, ...values }, ...(losses.length > 0 && { heldOutLoss: Math.min(...losses) }) };
}

interface BatchOptions {
  readonly settings: BehaviourSettings;
  readonly seed: number;
  readonly shuffle?: boolean;
}

function tuningBatches(
  rows: TuningRows,
  plan: TokenPlan,
  { settings, seed, shuffle = true }: BatchOptions,
): BatchSource & { readonly batchesPerEpoch: number } {
  const { batch, length } = settings;
  const { histories, target, weight } = rows;
  const fill = historyFeeds(histories, plan, batch);
  const lengths = Array.from(target.keys(), (row) => histories.offsets[row + 1] - histories.offsets[row]);
  const planned = lengthBuckets(lengths, { buckets: lengthSteps(length), batchSize: batch, seed, shuffle });
  const taken = (values: Float32Array, chosen: Int32Array): Float32Array => {
    const width = values.length / target.length;
    const into = new Float32Array(batch * width);
    chosen.forEach((row, r) => void into.set(values.subarray(row * width, (row + 1) * width), r * width));
    return into;
  };
  return {
    batchesPerEpoch: planned.batchesPerEpoch,
    ...bucketedBatches(planned, ({ rows: chosen, weights, length: time }) => ({
      ...fill(chosen, time),
      features: taken(rows.features, chosen),
      beginning: taken(rows.beginning, chosen),
      target: taken(target, chosen),
      weight: taken(weight, chosen).map((value, r) => value * weights[r]),
    })),
  };
}

/** Arrays of `stateSpecs` for some of the histories, padded to `time`; rows beyond those given stay empty. */
export function historyFeeds(histories: Sequences, plan: TokenPlan, batch: number) {
  const { offsets } = histories;
  const write = tokenWriter(plan, histories);
  return (rows: ArrayLike<number>, time: number): Record<string, Int32Array | Float32Array> => {
    const tokens = emptyTokens(plan, batch * time);
    const last = new Int32Array(batch);
    const share = new Float32Array(batch * time);
    for (let r = 0; r < rows.length; r++) {
      const to = offsets[rows[r] + 1];
      const from = Math.max(offsets[rows[r]], to - time);
      write({ from, to, start: offsets[rows[r]] }, tokens, r * time);
      last[r] = r * time + to - from - 1;
      share.fill(1 / (to - from), r * time, last[r] + 1);
    }
    return { ...tokenFeeds(tokens), last, share };
  };
}
