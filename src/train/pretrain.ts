// Pretraining, start to end: a trunk learned from what customers of a shop did up to a moment, saved for every question.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { AppError, invariant } from '../core/errors.ts';
import { type ItemVectors, takeVectors } from '../core/item-vectors.ts';
import type { Progress } from '../core/progress.ts';
import { sequenceCount } from '../core/sequences.ts';
import { DAY_MS, formatLocalMoment } from '../core/time.ts';
import type { Engine } from '../data/engine.ts';
import { buildExamples } from '../data/examples.ts';
import { readCapabilities, viewFor } from '../data/features/capabilities.ts';
import { eventFeatures } from '../data/features/default/events.ts';
import { withEventDays } from '../data/features/event-days.ts';
import { everyoneKnown } from '../data/labels.ts';
import { withLake } from '../data/lake/open.ts';
import { erasedSince } from '../data/lake/read.ts';
import { withLock } from '../data/lock.ts';
import { lakeCatalogue } from '../data/sequences/read-catalogue.ts';
import type { EventSource } from '../data/source.ts';
import { planSplits } from '../data/splits.ts';
import { type Workspace, workspacePaths } from '../data/workspace.ts';
import { learnVocabulary, missingEvents, type Vocabulary } from '../models/behaviour/histories.ts';
import { type PastHistories, pastHistories } from '../models/behaviour/past-histories.ts';
import { type LearnedTrunk, pretrainTrunk } from '../models/behaviour/pretrain.ts';
import { BEHAVIOUR_DEFAULTS, behaviourSettings, trunkSettings } from '../models/behaviour/settings.ts';
import { runFolder } from '../nn/trainer/run-folder.ts';
import { markErasures, type VersionInfo } from '../registry/versions.ts';
import { sampleCustomers } from './customer-sample.ts';
import { lastToRead, saveTrunk, TRUNK } from './pretrained.ts';
import { runRecord } from './run-record.ts';
import {
  checkReaders,
  type ItemReaders,
  type ReadVectorsOptions,
  readsNothing,
  readVectors,
} from './sequence/read-vectors.ts';
import { teachByTasks, type WeighedTask } from './task-heads.ts';

export interface PretrainOptions {
  /** Nothing later is read, UTC ms; as late as questions over the horizon allow when absent. */
  readonly asOf?: number;
  /** Days; the longest any question will be asked over. */
  readonly horizonDays: number;
  /** Steps at most. */
  readonly steps: number;
  readonly width: number;
  readonly blocks: number;
  /** Taught to the trunk afterwards, all at once, at past moments whose outcomes were known by `asOf`. */
  readonly tasks?: readonly WeighedTask[];
  /** Of teaching them, at most. */
  readonly taskSteps?: number;
  /** What reads texts and pictures of the shop's catalogue, so that items are known by more than what was done with them. */
  readonly readers?: ItemReaders;
  /** Runs them. */
  readonly backend?: ReadVectorsOptions['backend'];
  readonly command: string;
  readonly seed: number;
  readonly threads: number;
  readonly now: () => number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export interface PretrainResult {
  readonly version: VersionInfo;
  readonly asOf: number;
  readonly customers: number;
  /** One in this many was drawn; 1 = everyone. */
  readonly oneIn: number;
  readonly events: number;
  readonly items: number;
  /** Numbers the trunk is made of. */
  readonly weights: number;
  /** Steps taken by this run; 0 where an earlier one had taken them all. */
  readonly steps: number;
  /** Mean loss of the first and of the last steps of this run; absent where it took none. */
  readonly loss?: { readonly first: number; readonly last: number };
  /** Questions it was taught by, with their weights, and the mean loss of first and last steps: 1 is the best constant. */
  readonly taught?: Taught;
  /** Checkpoints, metrics.ndjson and TensorBoard files. */
  readonly folder: string;
  readonly seconds: number;
}

export interface Taught {
  readonly weights: Readonly<Record<string, number>>;
  readonly moments: readonly number[];
  readonly steps: number;
  readonly loss: { readonly first: number; readonly last: number };
}

/** Events of one customer that are read; more are seldom, and say the same again. */
const EVENTS_A_CUSTOMER = 256;
/** Times each history is read at most. */
const EPOCHS = 20;
/** Customers read at most: their events are held in memory, some 30 bytes each. */
const MOST_CUSTOMERS = 200_000;
/** Of the first and the last steps so many are averaged. */
const AVERAGED = 20;

/**
 * Learns a trunk from the events of a workspace and saves it as a version of its own. Stopped and begun again with the same
 * settings on the same events it goes on where its last checkpoint was.
 *
 * @throws AppError NOT_ENOUGH_DATA, USAGE, BUSY, INTERRUPTED, DISK
 */
export async function pretrainShop(workspace: Workspace, options: PretrainOptions): Promise<PretrainResult> {
  if (options.readers) checkReaders(options.readers);
  return aloneAtTrunks(workspace, options, (lake) => run(workspace, lake, options));
}

/** The lake, with nobody else learning a trunk of the workspace meanwhile. @throws AppError BUSY, INTERRUPTED */
export function aloneAtTrunks<T>(
  workspace: Workspace,
  options: Pick<PretrainOptions, 'threads' | 'progress' | 'signal'>,
  work: (lake: { readonly engine: Engine; readonly source: EventSource }) => Promise<T>,
): Promise<T> {
  const { signal, progress } = options;
  const lock = { signal, onWait: (holder: string) => progress.note(`waiting for ${holder}`) };
  return withLock(workspacePaths.taskLock(workspace, TRUNK), 'pretraining', lock, () =>
    withLake(workspace, options, (engine, source) => work({ engine, source })),
  );
}

async function run(
  workspace: Workspace,
  { engine, source }: { engine: Engine; source: EventSource },
  options: PretrainOptions,
): Promise<PretrainResult> {
  const { seed, threads, progress, signal, now, steps } = options;
  const startedMs = now();
  const asOf = options.asOf ?? lastToRead(planSplits({ ...source, horizonMs: options.horizonDays * DAY_MS }));
  const asked = behaviourSettings(TRUNK, { width: options.width, blocks: options.blocks });
  const settings = trunkSettings(asked);
  const read = await readHistories(engine, source, { ...options, asOf });
  const vectors = await vectorsOf(engine, source, read.vocabulary, { ...options, asOf });
  const told = vectors.map(({ name, known }) => ({ name, known: known.reduce((sum, one) => sum + one, 0) }));
  const folder = join(
    workspace.dir,
    'runs',
    runName({
      ...{ fingerprint: source.fingerprint, asOf, seed, settings, steps },
      ...(told.length > 0 && { told, readers: options.readers }),
    }),
  );
  const { trunk: own, losses } = await pretrainTrunk(read.histories, {
    ...{ id: TRUNK, vocabulary: read.vocabulary, settings, steps, epochs: EPOCHS, agesMs: read.agesMs },
    ...(vectors.length > 0 && { vectors }),
    run: { seed, threads, progress, ...(signal && { signal }) },
    files: runFolder(folder, { now }),
  });
  if (Object.keys(own.values).length === 0)
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `expected customers with at least two events of different items by ${formatLocalMoment(asOf, source.zone)}, got none; import older events or use a later moment`,
    );
  const { trunk, taught } = await teach(own, { engine, source }, { ...options, asOf });
  const weights = Object.values(trunk.values).reduce((sum, values) => sum + values.length, 0);
  const facts = {
    asOf,
    customers: sequenceCount(read.histories),
    oneIn: read.oneIn,
    events: read.histories.items.length,
    items: trunk.vocabulary.itemIds.length,
    weights,
    steps: losses.length,
    ...(losses.length > 0 && {
      loss: endsOf(losses),
    }),
    ...(taught && { taught }),
  };
  const seconds = (now() - startedMs) / 1000;
  const createdMs = now();
  const version = saveTrunk(workspace, trunk, {
    seenUntilMs: asOf,
    dataFingerprint: source.fingerprint,
    seed,
    facts,
    run: runRecord({ createdMs, seconds, command: options.command }, []),
  });
  if (erasedSince(workspace, source) && !version.erasures)
    markErasures(
      workspacePaths.models(workspace),
      { task: TRUNK, version: version.version },
      { users: 1, atMs: createdMs },
    );
  return { version, ...facts, folder, seconds };
}

/** What encoders say of the items in the histories, in the vocabulary's order; none where nothing reads them. */
async function vectorsOf(
  engine: Engine,
  source: EventSource,
  { itemIds }: Vocabulary,
  { readers, backend, asOf, threads, progress, signal }: PretrainOptions & { readonly asOf: number },
): Promise<readonly ItemVectors[]> {
  if (!readers || readsNothing(readers)) return [];
  invariant(backend, 'encoders are run by something');
  const stop = signal && { signal };
  const catalogue = await lakeCatalogue(engine, source, itemIds, { asOf, ...stop });
  const running = { backend, threads, progress, ...stop, to: catalogue.known };
  const { vectors } = await readVectors(catalogue, readers, running);
  const own = [...itemIds.keys()];
  return vectors.map((all) => takeVectors(all, own));
}

const endsOf = (losses: readonly number[]) => {
  const mean = (some: readonly number[]): number => some.reduce((sum, loss) => sum + loss, 0) / some.length;
  return { first: mean(losses.slice(0, AVERAGED)), last: mean(losses.slice(-AVERAGED)) };
};

async function teach(
  trunk: LearnedTrunk,
  { engine, source }: { engine: Engine; source: EventSource },
  { tasks, taskSteps: steps = PRETRAIN_DEFAULTS.taskSteps, ...options }: PretrainOptions & { asOf: number },
): Promise<{ readonly trunk: LearnedTrunk; readonly taught?: Taught }> {
  if (!tasks) return { trunk };
  const learned = await teachByTasks(engine, source, trunk, { ...options, tasks, steps });
  return {
    trunk: learned.trunk,
    taught: {
      weights: Object.fromEntries(tasks.map(({ task, weight }) => [task.name, weight])),
      ...{ moments: learned.moments, steps: learned.losses.length, loss: endsOf(learned.losses) },
    },
  };
}

export interface ReadHistories extends PastHistories {
  readonly vocabulary: Vocabulary;
  readonly oneIn: number;
}

export interface HistoryRequest extends Pick<PretrainOptions, 'seed' | 'progress' | 'signal'> {
  readonly asOf: number;
  /** The words to read by, of those found; what was found where absent. */
  readonly words?: (found: Vocabulary) => Vocabulary;
}

/** What was done, by the same rules as a row of a question tells it, only further back. */
export async function readHistories(
  engine: Engine,
  source: EventSource,
  { asOf, seed, progress, signal, words = (found) => found }: HistoryRequest,
): Promise<ReadHistories> {
  const features = eventFeatures(EVENTS_A_CUSTOMER);
  const capabilities = await readCapabilities(engine, source, signal);
  const { view: known } = viewFor({ name: TRUNK, version: 1, features }, capabilities);
  // Days tell to the day what lies within a horizon: classes of ages grow too wide.
  const view = withEventDays(known, asOf);
  const task = { entity: 'user', population: everyoneKnown } as const;
  const drawn = await sampleCustomers(engine, source, {
    task,
    moments: 1,
    seed,
    signal,
    most: MOST_CUSTOMERS,
  });
  const { frame } = await buildExamples(engine, drawn.source, {
    ...{ view, population: everyoneKnown, asOfs: [asOf], progress, signal },
  });
  const why = missingEvents(frame);
  if (why !== undefined) throw new AppError('NOT_ENOUGH_DATA', `pretraining ${why}`);
  const vocabulary = words(learnVocabulary(frame));
  const rows = Int32Array.from({ length: frame.rows }, (_, row) => row);
  const past = pastHistories(frame, vocabulary, { rows, most: EVENTS_A_CUSTOMER });
  return { ...past, vocabulary, oneIn: drawn.oneIn };
}

/** Runs that would differ in anything go to folders of their own. */
const runName = (facts: object): string =>
  `pretrain-${createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 10)}`;

/** What is learned when nobody says. */
export const PRETRAIN_DEFAULTS = {
  steps: 2000,
  width: BEHAVIOUR_DEFAULTS.width,
  blocks: BEHAVIOUR_DEFAULTS.blocks,
  horizonDays: 30,
  taskSteps: 300,
} as const;
