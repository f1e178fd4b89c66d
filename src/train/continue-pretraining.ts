// A trunk taught the months since it was pretrained, start to end: read, learned with replay, asked what it forgot, saved.
import { isRecord } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import { sequenceCount } from '../core/sequences.ts';
import { DAY_MS, formatLocalMoment } from '../core/time.ts';
import type { Engine } from '../data/engine.ts';
import { erasedSince } from '../data/lake/read.ts';
import type { EventSource } from '../data/source.ts';
import { planSplits } from '../data/splits.ts';
import { type Workspace, workspacePaths } from '../data/workspace.ts';
import { continueTrunk } from '../models/behaviour/continue/continue-trunk.ts';
import { growVocabulary } from '../models/behaviour/continue/grown-vocabulary.ts';
import { type ContinueSettings, checkContinue, type Effort } from '../models/sequence/continuing.ts';
import { askedOf } from '../models/sequence/neural/continue/replay.ts';
import { markErasures, showVersion, type VersionInfo } from '../registry/versions.ts';
import { aloneAtTrunks, readHistories } from './pretrain.ts';
import { lastToRead, loadTrunk, saveTrunk, TRUNK } from './pretrained.ts';
import { runRecord } from './run-record.ts';
import { setApart, trunkQuality } from './trunk-cases.ts';

export interface ContinuePretrainingOptions {
  /** The trunk to continue: `latest`, `v3`. */
  readonly from: string;
  /** Nothing later is read, UTC ms; as late as questions over the horizon allow when absent. */
  readonly asOf?: number;
  /** Days; the longest any question will be asked over. */
  readonly horizonDays: number;
  readonly how: ContinueSettings;
  readonly command: string;
  readonly seed: number;
  readonly threads: number;
  readonly now: () => number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** NDCG@10 of what comes next, by the trunk before and after. */
export interface BeforeAndAfter {
  readonly cases: number;
  readonly before: number;
  readonly after: number;
}

export interface ContinuedPretraining {
  readonly version: VersionInfo;
  readonly from: string;
  /** Up to when the trunk had read, and has now, UTC ms. */
  readonly sinceMs: number;
  readonly asOf: number;
  readonly customers: number;
  readonly newItems: number;
  readonly how: ContinueSettings;
  readonly effort: Effort;
  /** Events a single reading of everything would ask for. */
  readonly wholeAsked: number;
  /** Customers set apart: their last old event, and the last new one of those who have any. */
  readonly old?: BeforeAndAfter;
  readonly fresh?: BeforeAndAfter;
  readonly seconds: number;
}

/** @throws AppError NOT_FOUND, USAGE, NOT_ENOUGH_DATA, BUSY, INTERRUPTED, DISK */
export async function continuePretraining(
  workspace: Workspace,
  options: ContinuePretrainingOptions,
): Promise<ContinuedPretraining> {
  checkContinue(options.how);
  return aloneAtTrunks(workspace, options, (lake) => run(workspace, lake, options));
}

async function run(
  workspace: Workspace,
  { engine, source }: { engine: Engine; source: EventSource },
  options: ContinuePretrainingOptions,
): Promise<ContinuedPretraining> {
  const { how, seed, threads, progress, signal, now } = options;
  const startedMs = now();
  const was = loadTrunk(workspace, options.from);
  const asOf = options.asOf ?? lastToRead(planSplits({ ...source, horizonMs: options.horizonDays * DAY_MS }));
  const shown = (ms: number): string => formatLocalMoment(ms, source.zone);
  if (asOf <= was.seenUntilMs)
    throw new AppError(
      'USAGE',
      `expected a moment later than ${shown(was.seenUntilMs)}, up to which trunk ${was.version} has read, got ${shown(asOf)}`,
    );
  const { vocabulary: known } = was.trunk;
  const words = (found: typeof known) => growVocabulary(known, found);
  const read = await readHistories(engine, source, { asOf, seed, progress, signal, words });
  // A trunk of another shop has read nothing here: everything is new to it.
  const newForMs = asOf - Math.max(was.seenUntilMs, source.firstMs - 1);
  const { learn, old, fresh } = setApart(read, newForMs, seed);
  const models = workspacePaths.models(workspace);
  const before = showVersion(models, TRUNK, was.version);
  const firstSteps = firstStepsOf(before);
  const { trunk, effort, losses } = await continueTrunk(was.trunk, learn, {
    ...{ id: TRUNK, vocabulary: read.vocabulary, newForMs, how },
    ...(firstSteps !== undefined && { firstSteps }),
    run: { seed, threads, progress, ...(signal && { signal }) },
  });
  const compared = async (cases: typeof old): Promise<BeforeAndAfter | undefined> =>
    cases && {
      cases: cases.targets.length,
      before: await trunkQuality(was.trunk, cases, threads),
      after: await trunkQuality(trunk, cases, threads),
    };
  const [oldQuality, freshQuality] = [await compared(old), await compared(fresh)];
  const facts = {
    ...{ from: was.version, sinceMs: was.seenUntilMs, asOf },
    customers: sequenceCount(read.histories),
    newItems: trunk.vocabulary.itemIds.length - known.itemIds.length,
    ...{ how, effort, wholeAsked: askedOf(read.histories) },
    ...(oldQuality && { old: oldQuality }),
    ...(freshQuality && { fresh: freshQuality }),
  };
  const seconds = (now() - startedMs) / 1000;
  const createdMs = now();
  const version = saveTrunk(workspace, trunk, {
    seenUntilMs: asOf,
    dataFingerprint: source.fingerprint,
    seed,
    facts: { ...facts, loss: losses.at(-1), ...(firstSteps !== undefined && { firstSteps }) },
    run: runRecord({ createdMs, seconds, command: options.command }, []),
  });
  // What the trunk before had learned of somebody this one knows as well.
  const users = (before.erasures?.users ?? 0) + (erasedSince(workspace, source) ? 1 : 0);
  if (users > 0 && !version.erasures)
    markErasures(models, { task: TRUNK, version: version.version }, { users, atMs: createdMs });
  return { version, ...facts, seconds };
}

/** Steps of the pretraining that a trunk, or the one it was continued from, began with. */
function firstStepsOf({ metrics }: VersionInfo): number | undefined {
  const { firstSteps, steps } = isRecord(metrics) ? metrics : {};
  const known = firstSteps ?? steps;
  return typeof known === 'number' && known > 0 ? known : undefined;
}
