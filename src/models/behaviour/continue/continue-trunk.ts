// A pretrained trunk taught what customers did since, with some of what they did before among it.
import { AppError } from '../../../core/errors.ts';
import { random } from '../../../core/random.ts';
import { cutSequences, type Sequences } from '../../../core/sequences.ts';
import { compileTraining } from '../../../nn/program/training-program.ts';
import { nodeBackend } from '../../../tensor/session/session-node.ts';
import type { FitRun } from '../../estimator.ts';
import {
  CONTINUE_DEFAULTS,
  type ContinueSettings,
  checkContinue,
  type Effort,
  readingsFor,
} from '../../sequence/continuing.ts';
import { growPlan } from '../../sequence/neural/continue/grown-plan.ts';
import { type Beside, learnOn } from '../../sequence/neural/continue/learn-on.ts';
import { askedOf, replayBatches } from '../../sequence/neural/continue/replay.ts';
import { type Network, networkOf } from '../../sequence/neural/network.ts';
import { lengthSteps } from '../../sequence/neural/settings.ts';
import { transformerKind } from '../../sequence/transformer/transformer.ts';
import type { Vocabulary } from '../histories.ts';
import { OUTLOOK_WEIGHT, type Outlook, outlook, outlookOf, outlookSpecs } from '../outlook.ts';
import type { PastHistories } from '../past-histories.ts';
import type { LearnedTrunk } from '../pretrain.ts';
import { hasMoments, withMoments } from '../pretraining-batches.ts';

/**
 * A trunk serves many questions and its states change less from month to month than what sells: it goes gently, and holds
 * half of what it was.
 */
export const TRUNK_CONTINUE: ContinueSettings = { ...CONTINUE_DEFAULTS, rate: 0.5, hold: 0.5 };

export interface ContinueTrunkTask {
  /** Named in the progress. */
  readonly id: string;
  /** Grown from the trunk's: its words first, in their places. */
  readonly vocabulary: Vocabulary;
  /** What happened less than so long before the moment of reading is new, ms. */
  readonly newForMs: number;
  readonly how: ContinueSettings;
  /** Steps of the pretraining it began with, where they are known. */
  readonly firstSteps?: number;
  readonly run: FitRun;
}

export interface ContinuedTrunk {
  readonly trunk: LearnedTrunk;
  readonly effort: Effort;
  readonly losses: readonly number[];
}

/** Of pretraining, where its steps are not known: as many as it takes of a shop of a few thousand customers. */
const READINGS = 10;

/** @throws AppError USAGE, BAD_DATA, NOT_ENOUGH_DATA, INTERRUPTED, DIVERGED */
export async function continueTrunk(
  trunk: LearnedTrunk,
  past: PastHistories,
  { id, vocabulary, newForMs, how, firstSteps, run }: ContinueTrunkTask,
): Promise<ContinuedTrunk> {
  checkContinue(how);
  if (Object.keys(trunk.values).length === 0)
    throw new AppError(
      'USAGE',
      'expected a trunk that has learned something to continue, got one without weights',
    );
  const { settings } = trunk;
  const { histories: known } = past;
  const { plan, wasRow } = growPlan(trunk.plan, { sequences: known, ownRows: settings.ownRows });
  const network = networkOf(transformerKind, plan, settings);
  const seed = random(run.seed)
    .fork('continued trunk')
    .integer(2 ** 32);
  const news = { known, newFrom: firstNewer(past, newForMs) };
  const batches = replayBatches(plan, news, settings, { share: how.replay, seed });
  const own = hasMoments(past) ? outlookOf(past) : undefined;
  const beside = own && outlookBeside(network, past, { own, seed });
  // With another kind of event its answers would stand in other places: then it is learned anew.
  const isSame = own && trunk.outlook?.length === 2 * settings.width * (own.shape.flags + own.shape.numbers);
  const epochs = readingsFor(how, batches.asked, {
    asked: askedOf(known),
    readings:
      firstSteps === undefined ? READINGS : (firstSteps * settings.batch) / windowsIn(known, settings.length),
  });
  const learned = await learnOn({
    ...{ network, wasRow, batches, epochs, settings: how, seed, backend: nodeBackend, run },
    values: { ...trunk.values, ...(trunk.outlook && isSame && { 'outlook.weight': trunk.outlook }) },
    task: `${id}: continuing`,
    ...(beside && { beside }),
  });
  const outlookWeight = learned.values['outlook.weight'];
  const values = Object.fromEntries(
    Object.entries(learned.values).filter(([name]) => name.startsWith('trunk.')),
  );
  return {
    trunk: {
      ...{ vocabulary, plan, settings, values },
      ...(outlookWeight && { outlook: outlookWeight }),
    },
    effort: {
      ...{ steps: learned.steps, examples: learned.examples },
      ...{ replayed: batches.replayed, windows: batches.windows },
      asked: Math.round((batches.asked * learned.steps) / batches.batchesPerEpoch),
    },
    losses: learned.losses,
  };
}

/** Windows of so many questions that one reading of everything takes. */
function windowsIn({ offsets }: Sequences, length: number): number {
  let windows = 0;
  for (let row = 0; row + 1 < offsets.length; row++)
    windows += Math.ceil(Math.max(0, offsets[row + 1] - offsets[row] - 1) / length);
  return Math.max(1, windows);
}

/** Some of the histories with their ages. */
export function takePast({ histories, agesMs }: PastHistories, rows: readonly number[]): PastHistories {
  const { offsets } = histories;
  const taken = cutSequences(histories, rows, (row) => [offsets[row], offsets[row + 1]]);
  const ages = new Float64Array(taken.items.length);
  rows.forEach((row, at) => {
    ages.set(agesMs.subarray(offsets[row], offsets[row + 1]), taken.offsets[at]);
  });
  return { histories: taken, agesMs: ages };
}

/** Of each history the first event less old than that. */
export function firstNewer({ histories: { offsets }, agesMs }: PastHistories, newForMs: number): Uint32Array {
  return Uint32Array.from({ length: offsets.length - 1 }, (_, row) => {
    let at = offsets[row + 1];
    while (at > offsets[row] && agesMs[at - 1] < newForMs) at--;
    return at;
  });
}

/** What comes after moments drawn anywhere in the histories, old and new alike. */
function outlookBeside(
  { plan, settings, trunk }: Network,
  past: PastHistories,
  { own, seed }: { readonly own: Outlook; readonly seed: number },
): Beside {
  const { batch, length } = settings;
  return {
    compiled: (trainable) =>
      lengthSteps(length).map((time) => {
        const places = { batch, time };
        return compileTraining(
          outlook(trunk, own.shape, { places, weight: OUTLOOK_WEIGHT }),
          outlookSpecs(plan, own.shape, places),
          trainable && { trainable },
        );
      }),
    batches: (next, firstBucket) =>
      withMoments(next, past, { plan, outlook: own, length, batch, seed, firstBucket }),
  };
}
