// One run of `sequence fit --continue`: a saved model taught what came since, tested, and asked what it has forgotten.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRecord, type Json } from '../../core/canonical-json.ts';
import { AppError } from '../../core/errors.ts';
import { name } from '../../core/name.ts';
import type { NextItemCases } from '../../core/sequences.ts';
import { formatMoment } from '../../core/time.ts';
import { checkWritable } from '../../data/output-place.ts';
import { needFile } from '../../data/sequences/text-lines.ts';
import type { Score } from '../../eval/score.ts';
import { scoreRanks } from '../../eval/sequences/score-ranks.ts';
import { RECOMMENDERS, recommenderById } from '../../models/sequence/catalogue.ts';
import {
  type ContinueSettings,
  checkContinue,
  type Effort,
  newsSince,
} from '../../models/sequence/continuing.ts';
import { inCatalogue, recoded } from '../../models/sequence/in-catalogue.ts';
import { mergeAttributes } from '../../models/sequence/merged-attributes.ts';
import { askedOf } from '../../models/sequence/neural/continue/replay.ts';
import type { NextItemModel, Recommender } from '../../models/sequence/recommender.ts';
import { readSavedModel } from '../../registry/saved-model-files.ts';
import { type LoadedSequence, loadSequence } from '../../registry/sequence-bundle.ts';
import { writeReport } from '../report-file.ts';
import { deciderAt, historiesOf, type OwnHistory } from './assess-ranks.ts';
import type { SequenceTrial } from './fit-sequence.ts';
import { keepApart } from './old-cases.ts';
import { rankCases } from './rank-cases.ts';
import type { RunSequenceOptions, SequenceRun } from './run-sequence.ts';
import { saveSequence } from './save-sequence.ts';
import { readSequenceData, type SequenceData } from './sequence-data.ts';
import { sequencePage, sequenceReports } from './sequence-report.ts';
import { checkSource } from './sequence-source.ts';
import { testSequence } from './test-sequence.ts';

export interface ContinueSequenceOptions extends Omit<RunSequenceOptions, 'models' | 'timeLimitMs'> {
  /** Of the model to continue, as saved by `sequence fit`. */
  readonly folder: string;
  /** What is later is new, UTC ms; what the model noted when it was saved where absent. */
  readonly sinceMs?: number;
  readonly how: ContinueSettings;
}

/** What became of what was known: the same customers' last old events, asked of both models over the items known then. */
export interface Forgetting {
  readonly cases: number;
  readonly before: Score;
  readonly after: Score;
  /** Of the quality before, what is lost; below 0 where it rose. */
  readonly share: number;
}

export interface Continued {
  /** Version of the model that was continued. */
  readonly from: string;
  readonly sinceMs: number;
  readonly newEvents: number;
  readonly newItems: number;
  readonly how: ContinueSettings;
  readonly effort: Effort;
  readonly seconds: number;
  /** Events a single reading of everything would ask for, and what the fit that was continued took, where it is noted. */
  readonly whole: { readonly asked: number; readonly seconds?: number };
  /** Absent where too few customers could be kept apart. */
  readonly forgetting?: Forgetting;
}

export interface ContinuedRun extends SequenceRun {
  readonly continued: Continued;
}

/** @throws AppError USAGE for a model that is not continued, and as `runSequence` does */
export async function continueSequence(options: ContinueSequenceOptions): Promise<ContinuedRun> {
  const startedMs = options.now();
  checkContinue(options.how);
  checkSource(options);
  if (options.testFile !== undefined) needFile(options.testFile);
  checkWritable(options.out, 'folder');
  const loaded = loadSequence(options.folder);
  const scratch = mkdtempSync(join(tmpdir(), 'foresell-sequence-'));
  const opened: NextItemModel[] = [loaded.model];
  try {
    const recommender = continuable(loaded);
    const sinceMs = options.sinceMs ?? notedMoment(loaded);
    const read = await readSequenceData(options, { ...options, scratch });
    const attributes = mergeAttributes(loaded.attributes, read.attributes);
    const data: SequenceData = { ...read, ...(attributes && { attributes }) };
    const histories = historiesOf(options.excludeSeen, data.valid ?? data.test);
    const learned = await learnSince(data, { ...options, loaded, recommender, sinceMs });
    opened.push(learned.model);
    const trials = await besideTrials(data, { ...options, loaded, recommender, learned });
    const [chosen] = trials;
    const fitted = {
      ...{ chosen, model: learned.model, tried: trials, trials, refused: [] },
      decider: deciderAt(options.at),
    };
    const tested = testSequence(data, fitted, { ...options, histories });
    const forgetting =
      learned.cases &&
      (await whatWasForgotten(loaded.model, learned.model, learned.cases, { ...options, histories }));
    const continued: Continued = { ...learned.facts, ...(forgetting && { forgetting }) };
    const seconds = (options.now() - startedMs) / 1000;
    const version = saveSequence(tested, { ...options, seconds, continued: notedFacts(continued) });
    const reports = sequenceReports(tested, version.version);
    const page = sequencePage(data, reports, { ...options, seconds, madeAtMs: options.now() });
    const reportPath = writeReport(options.out, page);
    return { ...tested, version, out: options.out, seconds, reportPath, continued };
  } finally {
    for (const model of opened) await model.close?.();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function continuable({ model }: LoadedSequence): Recommender {
  const recommender = recommenderById(model.recommender);
  if (recommender.continued) return recommender;
  const able = RECOMMENDERS.filter(({ continued }) => continued).map(({ id }) => id);
  throw new AppError(
    'USAGE',
    `expected a model that is continued (${able.join(', ')}), "${model.recommender}" is fitted afresh: leave out --continue`,
  );
}

/** Up to when a model had learned when it was saved. */
function notedMoment({ version }: LoadedSequence): number {
  const { seenUntilMs } = isRecord(version.settings) ? version.settings : {};
  if (typeof seenUntilMs === 'number') return seenUntilMs;
  throw new AppError(
    'USAGE',
    `expected model ${version.version} to say up to when it has learned, it does not: name the moment with --since`,
  );
}

interface Learning extends ContinueSequenceOptions {
  readonly loaded: LoadedSequence;
  readonly recommender: Recommender;
  readonly sinceMs: number;
}

async function learnSince(data: SequenceData, options: Learning) {
  const { loaded, recommender, sinceMs, how, seed, threads, progress, signal, now } = options;
  const told = data.attributes ? (recommender.knowing?.(data.attributes) ?? recommender) : recommender;
  const all = newsSince(data.known, sinceMs);
  const newEvents = all.newFrom.reduce((sum, from, row) => sum + data.known.offsets[row + 1] - from, 0);
  if (newEvents === 0)
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `expected events later than ${formatMoment(sinceMs)}, up to which the model has learned, got none: give it the log as it is now`,
    );
  const { news, cases } = keepApart(all, seed);
  const saved = readSavedModel(loaded.version.files, 'model');
  const startedMs = now();
  const run = { seed, threads, progress, ...(signal && { signal }) };
  const { model, effort } = await (told.continued as NonNullable<Recommender['continued']>)(
    saved,
    news,
    how,
    run,
  );
  const known = new Set(loaded.model.itemIds);
  const seconds = secondsOf(loaded);
  return {
    model,
    ...(cases && { cases }),
    facts: {
      ...{ from: loaded.version.version, sinceMs, newEvents, how, effort },
      newItems: data.known.itemIds.filter((id) => !known.has(id)).length,
      seconds: (now() - startedMs) / 1000,
      whole: { asked: askedOf(data.known), ...(seconds !== undefined && { seconds }) },
    },
  };
}

/** What fitting the model that was continued took. */
function secondsOf({ version, model }: LoadedSequence): number | undefined {
  const { fitSeconds } = version.run;
  const own = isRecord(fitSeconds) ? fitSeconds[model.recommender] : undefined;
  return typeof own === 'number' ? own : undefined;
}

/** The continued model, the one before it as it was, and the baselines learned from everything. */
async function besideTrials(
  data: SequenceData,
  {
    loaded,
    recommender,
    learned,
    ...options
  }: Omit<Learning, 'sinceMs'> & { readonly learned: Awaited<ReturnType<typeof learnSince>> },
): Promise<readonly [SequenceTrial, ...SequenceTrial[]]> {
  const { now, progress, signal, seed, threads } = options;
  const ranked = async (
    of: Recommender,
    model: NextItemModel,
    fitSeconds: number,
  ): Promise<SequenceTrial> => ({
    ...(await rankCases(model, data.test, { now, progress, signal })),
    ...{ recommender: of, again: true, fitSeconds },
  });
  const was: Recommender = {
    ...recommender,
    id: `${recommender.id} before`,
    label: name(`${recommender.label.en}, as it was before`, `${recommender.label.zh}（继续学习之前）`),
  };
  const trials = [await ranked(was, inCatalogue(loaded.model, data.test.sequences.itemIds), 0)];
  const baselines = RECOMMENDERS.filter(({ role }) => role === 'baseline').map(
    (one) => (data.attributes && one.knowing?.(data.attributes)) ?? one,
  );
  for (const baseline of baselines.filter((one) => one.refuses(data.known) === undefined)) {
    const startedMs = now();
    const model = await baseline.fit(data.known, undefined, {
      seed,
      threads,
      progress,
      ...(signal && { signal }),
    });
    trials.push(await ranked(baseline, model, (now() - startedMs) / 1000));
    await model.close?.();
  }
  return [await ranked(recommender, learned.model, learned.facts.seconds), ...trials];
}

/** Over the items known then: what is new would only stand in the way of one of the two. */
async function whatWasForgotten(
  was: NextItemModel,
  is: NextItemModel,
  cases: NextItemCases,
  options: ContinueSequenceOptions & { readonly histories: readonly OwnHistory[] },
): Promise<Forgetting> {
  const codes = new Map(was.itemIds.map((id, code) => [id, code]));
  const codeOf = Int32Array.from(cases.before.itemIds, (id) => codes.get(id) ?? -1);
  const asked: NextItemCases = {
    before: recoded(cases.before, codeOf, was.itemIds),
    targets: cases.targets.map((item) => codeOf[item]),
  };
  const { at, seed, histories } = options;
  const decider = deciderAt(at);
  const scored = async (model: NextItemModel): Promise<Score> => {
    const { ranks } = await rankCases(model, asked, options);
    return scoreRanks(ranks[histories[0]], asked.before.entities, { at, seed })[decider] as Score;
  };
  const before = await scored(was);
  const after = await scored(inCatalogue(is, was.itemIds));
  return {
    ...{ cases: cases.targets.length, before, after },
    share: before.value > 0 ? 1 - after.value / before.value : 0,
  };
}

/** Without what depends on the clock: versions made alike are alike. */
function notedFacts({ seconds: _, whole, ...facts }: Continued): Json {
  return JSON.parse(JSON.stringify({ ...facts, whole: { asked: whole.asked } })) as Json;
}
