// A trunk learned from histories alone, no outcome asked for: what comes next, of which kind, after how long, for how much.
import type { ItemVectors } from '../../core/item-vectors.ts';
import { random } from '../../core/random.ts';
import { type Sequences, sequenceCount } from '../../core/sequences.ts';
import { initialValues } from '../../nn/initialise.ts';
import { decayGroups } from '../../nn/optimiser/groups.ts';
import { compileTraining } from '../../nn/program/training-program.ts';
import { parameterSettings } from '../../nn/step/training-settings.ts';
import type { RunFiles } from '../../nn/trainer/run-folder.ts';
import { named, trainToEnd } from '../../nn/trainer/train-to-end.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { FitRun } from '../estimator.ts';
import { trainingBatches } from '../sequence/neural/events/batches.ts';
import { planTokens, seenItems, type TokenPlan } from '../sequence/neural/events/tokens.ts';
import { type Network, networkOf } from '../sequence/neural/network.ts';
import { pretraining, trainingSpecs } from '../sequence/neural/objective.ts';
import { lengthSteps } from '../sequence/neural/settings.ts';
import type { Values } from '../sequence/neural/trained.ts';
import type { TransformerSettings } from '../sequence/transformer/settings.ts';
import { transformerKind } from '../sequence/transformer/transformer.ts';
import type { Vocabulary } from './histories.ts';
import { OUTLOOK_WEIGHT, type Outlook, outlook, outlookOf, outlookSpecs } from './outlook.ts';
import { hasMoments, withMoments } from './pretraining-batches.ts';

/** A trunk and what it reads events by; plain data. */
export interface LearnedTrunk {
  readonly vocabulary: Vocabulary;
  readonly plan: TokenPlan;
  readonly settings: TransformerSettings;
  /** Weights by name; none where there was nothing to learn from. */
  readonly values: Values;
  /** From pooled states to what comes after a moment, [2 · width, answers]; absent where no moment was asked about. */
  readonly outlook?: Float32Array;
}

export interface PretrainTask {
  /** Named in the progress. */
  readonly id: string;
  readonly vocabulary: Vocabulary;
  readonly settings: TransformerSettings;
  /** What encoders say of the items, row i being item i of the histories. */
  readonly vectors?: readonly ItemVectors[];
  /** At most; 0 learns nothing. */
  readonly steps: number;
  readonly epochs: number;
  readonly run: FitRun;
  /** From each event to the moment behind which nothing is known, ms, [events]: then moments between are asked about, too. */
  readonly agesMs?: Float64Array;
  /** Where checkpoints and records go; a run that finds its own there goes on from it. */
  readonly files?: RunFiles;
}

const WARM_UP = 0.1;

/**
 * Learns what comes next in each history; with `agesMs`, turn about with what comes after moments drawn in them.
 *
 * @returns the trunk, and the loss of each step taken
 * @param histories what was done, without moments of asking
 * @throws AppError INTERRUPTED, DIVERGED
 */
export async function pretrainTrunk(
  histories: Sequences,
  task: PretrainTask,
): Promise<{ readonly trunk: LearnedTrunk; readonly losses: readonly number[] }> {
  const { id, vocabulary, settings, run, files } = task;
  const told = task.vectors && { categories: {}, vectors: task.vectors };
  const plan = planTokens(histories, { ...settings, masked: false }, told);
  const known = { vocabulary, plan, settings };
  if (task.steps === 0 || !hasNext(histories) || seenItems(plan) < 2)
    return { trunk: { ...known, values: {} }, losses: [] };
  const network = networkOf(transformerKind, plan, settings);
  const lengths = lengthSteps(settings.length);
  const next = lengths.map((time) => compileTraining(pretraining(network), trainingSpecs(network, time)));
  const past = task.agesMs && { histories, agesMs: task.agesMs };
  const after = past && hasMoments(past) ? momentPrograms(network, outlookOf(past)) : undefined;
  const programs = [...next, ...(after?.compiled ?? [])].map(({ program }) => program);
  const draws = random(run.seed).fork('pretraining');
  const first = {
    ...initialValues(after?.compiled[0].parameters ?? [], draws.fork('weights')),
    ...initialValues(next[0].parameters, draws.fork('weights')),
  };
  const seed = draws.integer(2 ** 32);
  const events = trainingBatches(plan, histories, settings, seed);
  const batches =
    past && after
      ? withMoments(events, past, {
          ...{ plan, outlook: after.outlook, length: settings.length, batch: settings.batch, seed },
          firstBucket: next.length,
        })
      : events;
  const steps = Math.min(task.steps, task.epochs * batches.batchesPerEpoch);
  const { values, losses } = await trainToEnd({
    ...{ backend: nodeBackend, threads: run.threads, seed, programs, batches, clipNorm: 1 },
    ...{ openSessions: programs.length, accumulate: after ? 2 : 1 },
    values: first,
    optimiser: { kind: 'adamw' },
    parameters: parameterSettings(programs, [decayGroups(settings.weightDecay)]),
    schedule: {
      kind: 'warm-up-cosine',
      rate: settings.learningRate,
      warmUpSteps: Math.ceil(WARM_UP * steps),
      steps,
      floor: settings.learningRate / 20,
    },
    limits: { steps },
    progress: named(run.progress, `${id}: pretraining`),
    ...(files && { files }),
    ...(run.signal && { signal: run.signal }),
  });
  const trunk = Object.entries(values).filter(([name]) => name.startsWith('trunk.'));
  const outlookWeight = values['outlook.weight'];
  return {
    trunk: {
      ...{ ...known, values: Object.fromEntries(trunk) },
      ...(outlookWeight && { outlook: outlookWeight }),
    },
    losses,
  };
}

function momentPrograms({ plan, settings, trunk }: Network, own: Outlook) {
  const compiled = lengthSteps(settings.length).map((time) => {
    const places = { batch: settings.batch, time };
    return compileTraining(
      outlook(trunk, own.shape, { places, weight: OUTLOOK_WEIGHT }),
      outlookSpecs(plan, own.shape, places),
    );
  });
  return { outlook: own, compiled };
}

/** Whether any history has an event after another. */
function hasNext(histories: Sequences): boolean {
  for (let row = 0; row < sequenceCount(histories); row++)
    if (histories.offsets[row + 1] - histories.offsets[row] >= 2) return true;
  return false;
}
