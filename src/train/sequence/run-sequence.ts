// One run of `sequence fit`, start to end: read, split, fit, choose, test, save, report.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Language } from '../../core/name.ts';
import type { Progress } from '../../core/progress.ts';
import { checkWritable } from '../../data/output-place.ts';
import { needFile } from '../../data/sequences/text-lines.ts';
import type { Protocol, RankMetricName, Score } from '../../eval/score.ts';
import { compareRanks } from '../../eval/sequences/compare-ranks.ts';
import { RECOMMENDERS, recommenderById } from '../../models/sequence/catalogue.ts';
import type { Recommender } from '../../models/sequence/recommender.ts';
import type { VersionInfo } from '../../registry/versions.ts';
import { writeReport } from '../report-file.ts';
import {
  type AssessedRanks,
  assessRanks,
  type ExcludeSeen,
  historiesOf,
  type OwnHistory,
} from './assess-ranks.ts';
import { type FittedSequence, fitSequence, type SequenceTrial } from './fit-sequence.ts';
import { saveSequence } from './save-sequence.ts';
import { readSequenceData, type SequenceData, type SplitChoice } from './sequence-data.ts';
import { sequenceProtocol, type TestFacts } from './sequence-protocol.ts';
import { sequencePage, sequenceReports } from './sequence-report.ts';
import { checkSource, type SequenceSource } from './sequence-source.ts';

export interface RunSequenceOptions extends SequenceSource, SplitChoice {
  readonly out: string;
  readonly models: 'auto' | readonly string[];
  readonly excludeSeen: ExcludeSeen;
  readonly at: readonly number[];
  /** Of the whole run. */
  readonly timeLimitMs?: number;
  readonly seed: number;
  readonly threads: number;
  readonly language: Language;
  /** As typed. */
  readonly command: string;
  readonly now: () => number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** A recommender on the test, in each of the ways to count. */
export interface TestedRecommender {
  readonly trial: SequenceTrial;
  readonly by: Readonly<Partial<Record<OwnHistory, AssessedRanks>>>;
}

export interface SequenceRun {
  readonly data: SequenceData;
  readonly fitted: FittedSequence;
  /** The first decides. */
  readonly histories: readonly OwnHistory[];
  readonly model: TestedRecommender;
  /** All others, in the catalogue's order. */
  readonly beside: readonly TestedRecommender[];
  /** Model less another on the deciding metric and history. */
  readonly differences: readonly {
    readonly metric: RankMetricName;
    readonly against: Recommender;
    readonly score: Score;
  }[];
  readonly facts: TestFacts;
  readonly protocol: Protocol;
  readonly version: VersionInfo;
  readonly reportPath: string;
  readonly out: string;
  readonly seconds: number;
}

/** Of a time limit the rest is for ranking the test, saving and the page. */
const LEARNING_SHARE = 0.85;

/** @throws AppError as `readSequenceData` and `fitSequence` do; USAGE before anything long; DISK */
export async function runSequence(options: RunSequenceOptions): Promise<SequenceRun> {
  const startedMs = options.now();
  const { recommenders, choosable } = recommendersOf(options.models);
  checkSource(options);
  if (options.testFile !== undefined) needFile(options.testFile);
  checkWritable(options.out, 'folder');
  const scratch = mkdtempSync(join(tmpdir(), 'foresell-sequence-'));
  try {
    const data = await readSequenceData(options, { ...options, scratch });
    const { at, seed, timeLimitMs } = options;
    const histories = historiesOf(options.excludeSeen, data.valid ?? data.test);
    const fitted = await fitSequence(data, {
      ...options,
      recommenders,
      choosable,
      ownHistory: histories[0],
      ...(timeLimitMs === undefined ? {} : { deadlineMs: startedMs + LEARNING_SHARE * timeLimitMs }),
    });
    try {
      const { entities } = data.test.before;
      const tested = fitted.trials.map(
        (trial): TestedRecommender => ({
          trial,
          by: Object.fromEntries(
            histories.map((own) => [
              own,
              assessRanks(trial.ranks, own, { at, seed, entities, repeated: data.repeated }),
            ]),
          ),
        }),
      );
      const order = recommenders.map(({ id }) => id);
      const beside = tested
        .filter(({ trial }) => trial !== fitted.chosen)
        .sort((a, b) => order.indexOf(a.trial.recommender.id) - order.indexOf(b.trial.recommender.id));
      const facts: TestFacts = {
        ...data,
        history: histories[0],
        at,
        candidates: data.train.itemIds.length,
        cases: data.test.targets.length,
        entities: new Set(entities).size,
        seed,
        ...(options.testFromMs !== undefined && { testFromMs: options.testFromMs }),
      };
      const results = {
        data,
        fitted,
        histories,
        model: tested.find(({ trial }) => trial === fitted.chosen) as TestedRecommender,
        beside,
        differences: differencesOf(fitted, beside, { history: histories[0], entities, seed }),
        facts,
        protocol: sequenceProtocol(facts),
        out: options.out,
        seconds: (options.now() - startedMs) / 1000,
      };
      const version = saveSequence(results, options);
      const reports = sequenceReports(results, version.version);
      const page = sequencePage(results, reports, {
        ...options,
        seconds: results.seconds,
        madeAtMs: options.now(),
      });
      return { ...results, version, reportPath: writeReport(options.out, page) };
    } finally {
      await fitted.model.close?.();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @throws AppError USAGE for a name that is none */
function recommendersOf(models: 'auto' | readonly string[]): {
  readonly recommenders: readonly Recommender[];
  readonly choosable: ReadonlySet<string>;
} {
  const named = models === 'auto' ? RECOMMENDERS : models.map(recommenderById);
  const learned = named.filter(({ role }) => role === 'model');
  const choosable = models === 'auto' && learned.length > 0 ? learned : named;
  const baselines = RECOMMENDERS.filter(({ role }) => role === 'baseline');
  return {
    recommenders: [...baselines, ...named.filter(({ role }) => role === 'model')],
    choosable: new Set(choosable.map(({ id }) => id)),
  };
}

function differencesOf(
  { chosen, decider }: FittedSequence,
  beside: readonly TestedRecommender[],
  { history, entities, seed }: { history: OwnHistory; entities: readonly string[]; seed: number },
): SequenceRun['differences'] {
  return beside.map(({ trial }) => ({
    metric: decider,
    against: trial.recommender,
    score: compareRanks(chosen.ranks[history], trial.ranks[history], { metric: decider, entities, seed }),
  }));
}
