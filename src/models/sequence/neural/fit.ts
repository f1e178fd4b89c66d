// A training run of a next-item network, start to end.
import { AppError, throwIfAborted } from '../../../core/errors.ts';
import { pause } from '../../../core/pause.ts';
import { random } from '../../../core/random.ts';
import type { ItemAttributes, NextItemCases, Sequences } from '../../../core/sequences.ts';
import { initialValues } from '../../../nn/initialise.ts';
import { decayGroups } from '../../../nn/optimiser/groups.ts';
import { compileTraining, type TrainingProgram } from '../../../nn/program/training-program.ts';
import { type ParameterSettings, parameterSettings } from '../../../nn/step/training-settings.ts';
import type { EvaluationEvent } from '../../../nn/trainer/events.ts';
import type { RunFiles } from '../../../nn/trainer/run-folder.ts';
import { train as trainLoop } from '../../../nn/trainer/train.ts';
import type { Backend } from '../../../tensor/session/session.ts';
import type { FitRun } from '../../estimator.ts';
import { trainingBatches } from './events/batches.ts';
import { planTokens } from './events/tokens.ts';
import { learnLift, liftedPlan, planWithTwins } from './fusion/lift-new-items.ts';
import { type Network, type NetworkKind, networkOf } from './network.ts';
import { pretraining, trainingSpecs } from './objective.ts';
import { openScorer } from './scorer.ts';
import { answerPrograms } from './scoring.ts';
import { isMasked, lengthSteps, type NetworkSettings } from './settings.ts';
import type { Trained, Values } from './trained.ts';
import { byEntity, casesByEntity, rankingScore, splitCases } from './validation.ts';

/** What a run may be handed beside the data. */
export interface FitParts {
  readonly backend: Backend;
  readonly attributes?: ItemAttributes;
  /** Where a member's checkpoints and records go; a run that finds its own there goes on from it. */
  readonly files?: (member: number) => RunFiles;
}

/** A network just trained, which knows when each of its committee was at its best. */
export interface JustTrained extends Trained {
  /** Epochs to the weights kept, of each member. */
  readonly epochs: readonly number[];
}

/** A share of all steps: the first ones move rows whose moments are still guesses. */
const WARM_UP = 0.05;
/** From so many rows on only those a batch touched are moved: reading the whole table would cost more than the step. */
const SPARSE_ROWS = 100_000;

export interface TrainingTask<S extends NetworkSettings> {
  readonly kind: NetworkKind<S>;
  readonly settings: S;
  readonly parts: FitParts;
  readonly run: FitRun;
  /** Epochs after which each member stops, whatever cases would say; its rate falls as if there were more to come. */
  readonly stopAfter?: readonly number[];
  /** How much higher than likely new items are placed, where it is known already. */
  readonly lift?: number | undefined;
}

/** @throws AppError INTERRUPTED, DIVERGED */
export async function trainNetwork<S extends NetworkSettings>(
  train: Sequences,
  valid: NextItemCases | undefined,
  { kind, settings, parts, run, stopAfter, lift }: TrainingTask<S>,
): Promise<JustTrained> {
  throwIfAborted(run.signal);
  const sorted = byEntity(train);
  const { learn, cases } = stopAfter
    ? { learn: sorted }
    : splitCases(sorted, valid && casesByEntity(valid), run.seed);
  const options = { ...settings, masked: isMasked(settings) };
  const network = networkOf(kind, planTokens(learn, options, parts.attributes), settings);
  const compiled = lengthSteps(settings.length).map((time) =>
    compileTraining(pretraining(network), trainingSpecs(network, time)),
  );
  const programs = compiled.map(({ program }) => program);
  const task = { network, learn, cases, programs, parts, run };
  const members: Values[] = [];
  const epochs: number[] = [];
  for (let member = 0; member < settings.members; member++) {
    const draws = random(run.seed).fork(`member ${member}`);
    const first = initialValues(compiled[0].parameters, draws.fork('weights'));
    const seed = draws.integer(2 ** 32);
    const one = await trainMember({ ...task, member, seed, stopAfter: stopAfter?.[member] }, first);
    members.push(one.values);
    epochs.push(one.epochs);
  }
  const readings = epochs.reduce((sum, own) => sum + own, 0) / epochs.length;
  const lifted = await withLift({ network, members }, { kind, settings, parts, run, lift, cases });
  return { network: lifted, members, epochs, readings };
}

/** New items placed as the cases say, or as they said before; as likely as they are where nothing tells them apart. */
async function withLift<S extends NetworkSettings>(
  { network, members }: Trained,
  {
    kind,
    settings,
    parts,
    run,
    lift,
    cases,
  }: TrainingTask<S> & { readonly cases: NextItemCases | undefined },
): Promise<Network> {
  const { plan } = network;
  if (plan.vectors.length === 0) return network;
  const lifted = (by: number): Network => networkOf(kind, liftedPlan(plan, by), settings);
  if (lift !== undefined || !cases) return lifted(lift ?? 0);
  const twins = networkOf(kind, planWithTwins(plan), settings);
  const scorer = openScorer({ network: twins, members }, parts.backend, run.threads);
  try {
    return lifted(await learnLift(plan, cases, scorer.score));
  } finally {
    await scorer.close();
  }
}

interface MemberTask {
  readonly network: Network;
  readonly learn: Sequences;
  readonly cases: NextItemCases | undefined;
  readonly programs: readonly TrainingProgram[];
  readonly parts: FitParts;
  readonly run: FitRun;
  readonly member: number;
  readonly seed: number;
  readonly stopAfter: number | undefined;
}

async function trainMember(
  task: MemberTask,
  first: Record<string, Float32Array>,
): Promise<{ readonly values: Values; readonly epochs: number }> {
  const { network, learn, cases, programs, parts, member, seed, stopAfter } = task;
  const { plan, settings } = network;
  const { threads, progress, signal } = task.run;
  const batches = trainingBatches(plan, learn, settings, seed);
  const perEpoch = batches.batchesPerEpoch;
  const steps = settings.epochs * perEpoch;
  const last = stopAfter === undefined ? steps : Math.max(1, Math.round(stopAfter * perEpoch));
  const events = trainLoop({
    ...{ backend: parts.backend, threads, seed, programs, batches, progress, clipNorm: 1 },
    values: first,
    optimiser: { kind: 'adamw' },
    parameters: parameterSettings(programs, [decayGroups(settings.weightDecay), sparseTables(settings)]),
    schedule: {
      kind: 'warm-up-cosine',
      rate: settings.learningRate,
      warmUpSteps: Math.ceil(WARM_UP * steps),
      steps,
      floor: settings.learningRate / 20,
    },
    limits: { steps: last, ...(settings.seconds > 0 && { seconds: settings.seconds / settings.members }) },
    ...(settings.average > 0 && { averageDecay: settings.average }),
    ...(cases && {
      evaluations: answerPrograms(network, settings.batch),
      evaluate: rankingScore(cases, network),
      evaluateEvery: settings.evaluateEvery * perEpoch,
      earlyStopping: { metric: 'ndcg', better: 'higher', patience: settings.patience },
    }),
    openSessions: 2 * programs.length + 2,
    ...(parts.files && { files: parts.files(member) }),
    ...(signal && { signal }),
  });
  for await (const event of events) {
    if (event.kind === 'evaluation') progress.note(described(event));
    if (event.kind === 'stopped') {
      if (event.reason === 'aborted') throwIfAborted(signal);
      return { values: event.values, epochs: (event.bestStep ?? event.step) / perEpoch };
    }
    await pause(undefined);
  }
  throw new AppError('INTERRUPTED', 'training ended before it said why');
}

function described({ epoch, scores }: EvaluationEvent): string {
  const all = Object.entries(scores).map(([name, score]) => `${name}@10 ${score.toFixed(4)}`);
  return `epoch ${epoch + 1}: ${all.join(', ')}`;
}

/** The rule for tables too large to be moved whole. */
export const sparseTables =
  ({ batch, length, negatives }: NetworkSettings) =>
  ({ shape }: { readonly shape: readonly number[] }): ParameterSettings =>
    shape[0] >= SPARSE_ROWS
      ? // What is read, what is asked for, and what is drawn.
        { optimiser: { kind: 'row-adam' }, touchedRows: 2 * batch * length + negatives }
      : {};
