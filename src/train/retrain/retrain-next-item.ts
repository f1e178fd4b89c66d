// The next-item model trained anew on what came since, held against the one that answers on what neither has learned from.
import { type CaseView, caseEntities, layOut } from '../../core/case-view.ts';
import { AppError } from '../../core/errors.ts';
import { type NextItemCases, type Sequences, sequenceCount } from '../../core/sequences.ts';
import { DAY_MS } from '../../core/time.ts';
import type { EventType } from '../../data/event.ts';
import { withLake } from '../../data/lake/open.ts';
import { lakeSequences } from '../../data/sequences/lake-sequences.ts';
import { type Workspace, workspacePaths } from '../../data/workspace.ts';
import { rankMetricOf } from '../../eval/score.ts';
import { compareRanks } from '../../eval/sequences/compare-ranks.ts';
import { meanRankMetric } from '../../eval/sequences/score-ranks.ts';
import { readRollout, takenBack } from '../../registry/rollout.ts';
import { type LoadedSequence, loadSequence, SEQUENCE_FOLDER } from '../../registry/sequence-bundle.ts';
import { listVersions, type VersionInfo } from '../../registry/versions.ts';
import { rankCases } from '../sequence/rank-cases.ts';
import type { ItemReaders } from '../sequence/read-vectors.ts';
import type { SequenceRun } from '../sequence/run-sequence.ts';
import { type TrainNextItemOptions, trainNextItem } from '../sequence/train-next-item.ts';
import { conclude, type EnterService, NOTHING_NEW, type RetrainingResult } from './conclude.ts';
import {
  decideRetraining,
  LEAST_COMPARED,
  type RetrainingDecision,
  type VersionComparison,
} from './decide.ts';

export interface RetrainNextItemOptions
  extends Omit<TrainNextItemOptions, 'promote' | 'models' | 'by' | 'events' | 'testFile' | 'testFromMs'> {
  readonly service: EnterService;
}

/** What a saved version says of how it was learned. */
interface Learned {
  readonly chosen: string;
  readonly by?: 'user' | 'session';
  readonly events?: readonly EventType[];
  /** Where pictures of the items lie. */
  readonly images?: string;
  /** UTC ms; nothing later was learned from. */
  readonly seenUntilMs?: number;
}

/**
 * As `retrainTask`: the present model's kind, the same events, tested on the last item of everybody. Compared on those people
 * alone whose last item came after all that the present model has learned from.
 *
 * @throws AppError as `trainNextItem`; NOT_FOUND for encoders or pictures that lie there no longer
 */
export async function retrainNextItem(
  workspace: Workspace,
  options: RetrainNextItemOptions,
): Promise<RetrainingResult> {
  const modelsDir = workspacePaths.models(workspace);
  const { versions } = listVersions(modelsDir, SEQUENCE_FOLDER);
  const isPromoted = versions.some(({ promoted }) => promoted);
  const incumbent = isPromoted ? loadSequence(modelsDir, { reference: 'promoted' }) : undefined;
  try {
    const readers = incumbent && readersOf(incumbent);
    const place = {
      ...{ modelsDir, task: SEQUENCE_FOLDER, now: options.now },
      incumbent: incumbent?.version.version,
    };
    const { fingerprint } = await withLake(workspace, options, async (_, source) => source);
    const isKnown = [versions.at(-1), incumbent?.version].some((own) => own?.dataFingerprint === fingerprint);
    if (incumbent && isKnown && !incumbent.version.erasures)
      return conclude(place, NOTHING_NEW, undefined, options.service);
    const { chosen, by, events } = learned(incumbent);
    const run = await trainNextItem(workspace, {
      ...options,
      ...{ models: incumbent ? [chosen] : 'auto', promote: false },
      ...(readers && { readers }),
      ...(by && { by }),
      ...(events && { events }),
    });
    const decision = await decide(workspace, { run, incumbent }, options);
    return conclude(place, decision, run.version.version, options.service);
  } finally {
    await incumbent?.model.close?.();
  }
}

const learned = (saved: { readonly version: Pick<VersionInfo, 'settings'> } | undefined): Learned =>
  (saved?.version.settings ?? {}) as unknown as Learned;

/** What read the items. @throws AppError BAD_FILE for pictures of which the version does not say where they lie */
function readersOf({ encoders = {}, version }: LoadedSequence): ItemReaders {
  const { images } = learned({ version });
  if (encoders.image && images === undefined)
    throw new AppError(
      'BAD_FILE',
      `expected version ${version.version} of "${SEQUENCE_FOLDER}" to say where its pictures lie; train again`,
    );
  return {
    ...(encoders.text && { encoder: encoders.text.folder }),
    ...(encoders.image && { imageEncoder: encoders.image.folder, images }),
  };
}

async function decide(
  workspace: Workspace,
  { run, incumbent }: { readonly run: SequenceRun; readonly incumbent: LoadedSequence | undefined },
  options: RetrainNextItemOptions,
): Promise<RetrainingDecision> {
  const { ended } = readRollout(workspacePaths.models(workspace), SEQUENCE_FOLDER);
  const { seenUntilMs = Number.POSITIVE_INFINITY } = learned(incumbent);
  const now = learned(run).seenUntilMs ?? seenUntilMs;
  const known = {
    olderDays: (now - seenUntilMs) / DAY_MS,
    ...{ incumbentHasSeen: false, incumbentHasErased: incumbent?.version.erasures !== undefined },
    wasTakenBack: takenBack(ended, run.version.digest) !== undefined,
  };
  if (!incumbent || known.wasTakenBack) return decideRetraining({ ...known, olderDays: 0 });
  const { by = 'user', events } = learned(incumbent);
  const { test } = run.data;
  const entities = caseEntities(test);
  const lastMs = await withLake(workspace, options, async (engine, source) =>
    lastTimes(await lakeSequences(engine, source, { by, ...(events && { types: events }) })),
  );
  const kept = [...entities.keys()].filter((at) => (lastMs.get(entities[at]) ?? 0) > seenUntilMs);
  if (kept.length < LEAST_COMPARED)
    return decideRetraining({
      ...known,
      incomparable: `only ${kept.length} did anything since the one before was trained, at least ${LEAST_COMPARED} are needed`,
    });
  const comparison = await compare({ run, incumbent }, { test, entities, kept }, options);
  return decideRetraining({ ...known, comparison });
}

async function compare(
  { run, incumbent }: { readonly run: SequenceRun; readonly incumbent: LoadedSequence },
  asked: { readonly test: CaseView; readonly entities: readonly string[]; readonly kept: readonly number[] },
  { seed, now, progress, signal }: RetrainNextItemOptions,
): Promise<VersionComparison> {
  const { test, entities, kept } = asked;
  const [own] = run.histories;
  const { decider, chosen } = run.fitted;
  const first = Float64Array.from(kept, (at) => chosen.ranks[own][at]);
  const cases = knownTo(incumbent.model.itemIds, layOut(test, kept));
  const { ranks } = await rankCases(incumbent.model, cases, { now, progress, ...(signal && { signal }) });
  const second = ranks[own];
  const difference = compareRanks(first, second, {
    ...{ metric: decider, entities: kept.map((at) => entities[at]), seed },
  });
  const { kind = 'ndcg', k = 10 } = rankMetricOf(decider) ?? {};
  return {
    ...{ metric: decider, isHigherBetter: true, difference },
    ...{ first: meanRankMetric(first, kind, k), second: meanRankMetric(second, kind, k) },
    better: difference.low > 0 ? 'first' : difference.high < 0 ? 'second' : 'neither',
  };
}

/** When each entity last did something, UTC ms. */
function lastTimes({ entities, offsets, timesMs }: Sequences): ReadonlyMap<string, number> {
  return new Map(
    entities.map((entity, row) => [entity, timesMs?.[offsets[row + 1] - 1] ?? Number.NEGATIVE_INFINITY]),
  );
}

/** The same cases in the codes of a model that knows fewer items: what it never saw is left out of histories, and as a target never found. */
function knownTo(itemIds: readonly string[], { before, targets }: NextItemCases): NextItemCases {
  const codes = new Map(itemIds.map((id, code) => [id, code]));
  const codeOf = Int32Array.from(before.itemIds, (id) => codes.get(id) ?? -1);
  const kept: number[] = [];
  const offsets = new Uint32Array(sequenceCount(before) + 1);
  for (let row = 0; row < sequenceCount(before); row++) {
    for (let at = before.offsets[row]; at < before.offsets[row + 1]; at++)
      if (before.items[at] >= 0 && codeOf[before.items[at]] >= 0) kept.push(at);
    offsets[row + 1] = kept.length;
  }
  const { entities, timesMs, types, typeLevels, marks } = before;
  return {
    before: {
      ...{ entities, offsets, itemIds },
      items: Int32Array.from(kept, (at) => codeOf[before.items[at]]),
      ...(timesMs && { timesMs: Float64Array.from(kept, (at) => timesMs[at]) }),
      ...(types && { types: Uint8Array.from(kept, (at) => types[at]) }),
      ...(typeLevels && { typeLevels }),
      ...(marks && {
        marks: marks.map((mark) => ({ ...mark, codes: Uint8Array.from(kept, (at) => mark.codes[at]) })),
      }),
    },
    targets: targets.map((target) => (target < 0 ? -1 : codeOf[target])),
  };
}
