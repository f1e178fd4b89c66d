// One run of `sequence fit`, start to end: read, split, fit, choose, test, save, report.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Language } from '../../core/name.ts';
import type { Progress } from '../../core/progress.ts';
import { checkWritable } from '../../data/output-place.ts';
import { needFile } from '../../data/sequences/text-lines.ts';
import { RECOMMENDERS, sharingFits, UNASKED_IDS, UNASKED_TOLD_IDS } from '../../models/sequence/catalogue.ts';
import { CONTENT_KNN } from '../../models/sequence/classical/content-knn.ts';
import type { Recommender } from '../../models/sequence/recommender.ts';
import type { VersionInfo } from '../../registry/versions.ts';
import { writeReport } from '../report-file.ts';
import { type ExcludeSeen, historiesOf } from './assess-ranks.ts';
import { fitSequence } from './fit-sequence.ts';
import { readsNothing } from './read-vectors.ts';
import { saveSequence } from './save-sequence.ts';
import { readSequenceData, type SplitChoice } from './sequence-data.ts';
import { sequencePage, sequenceReports } from './sequence-report.ts';
import { checkSource, type ReadDataOptions, type SequenceSource } from './sequence-source.ts';
import { type TestedSequence, testSequence } from './test-sequence.ts';

export interface RunSequenceOptions extends SequenceSource, SplitChoice {
  readonly out: string;
  /** Where the report goes, by the version's id; to `out` where absent. */
  readonly reportFolder?: (version: string) => string;
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
  /** Runs encoders of texts and pictures. */
  readonly backend?: ReadDataOptions['backend'];
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export interface SequenceRun extends TestedSequence {
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
  const isTold = options.readers !== undefined && !readsNothing(options.readers);
  const { recommenders, choosable } = recommendersOf(options.models, isTold);
  checkSource(options);
  if (options.testFile !== undefined) needFile(options.testFile);
  checkWritable(options.out, 'folder');
  const scratch = mkdtempSync(join(tmpdir(), 'foresell-sequence-'));
  try {
    const data = await readSequenceData(options, { ...options, scratch });
    const { timeLimitMs } = options;
    const histories = historiesOf(options.excludeSeen, data.valid ?? data.test);
    const fitted = await fitSequence(data, {
      ...options,
      recommenders,
      choosable,
      ownHistory: histories[0],
      ...(timeLimitMs === undefined ? {} : { deadlineMs: startedMs + LEARNING_SHARE * timeLimitMs }),
    });
    try {
      const tested = testSequence(data, fitted, { ...options, histories });
      const seconds = (options.now() - startedMs) / 1000;
      const version = saveSequence(tested, { ...options, seconds });
      const reports = sequenceReports(tested, version.version);
      const page = sequencePage(data, reports, { ...options, seconds, madeAtMs: options.now() });
      const reportPath = writeReport(options.reportFolder?.(version.version) ?? options.out, page);
      return { ...tested, version, out: options.out, seconds, reportPath };
    } finally {
      await fitted.model.close?.();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @throws AppError USAGE for a name that is none */
function recommendersOf(
  models: 'auto' | readonly string[],
  isTold: boolean,
): {
  readonly recommenders: readonly Recommender[];
  readonly choosable: ReadonlySet<string>;
} {
  const byId = sharingFits();
  const named = (models === 'auto' ? [...UNASKED_IDS, ...(isTold ? UNASKED_TOLD_IDS : [])] : models).map(
    byId,
  );
  const learned = named.filter(({ role }) => role === 'model');
  const choosable = models === 'auto' && learned.length > 0 ? learned : named;
  const baselines = RECOMMENDERS.filter(
    ({ id, role }) => role === 'baseline' && (isTold || id !== CONTENT_KNN),
  ).map(({ id }) => byId(id));
  return {
    recommenders: [...baselines, ...named.filter((recommender) => !baselines.includes(recommender))],
    choosable: new Set(choosable.map(({ id }) => id)),
  };
}
