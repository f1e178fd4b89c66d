// A saved next-item network made smaller, measured on the cases it was saved with, and saved again beside it.
import { isRecord } from '../../core/canonical-json.ts';
import { type CaseView, caseEntities, layOut } from '../../core/case-view.ts';
import { AppError } from '../../core/errors.ts';
import type { Progress } from '../../core/progress.ts';
import type { Scores } from '../../eval/score.ts';
import { repeatedTargets } from '../../eval/sequences/count-sequences.ts';
import type { Compression, NextItemModel } from '../../models/sequence/recommender.ts';
import { jsonBytes } from '../../registry/manifest.ts';
import { saveVersion } from '../../registry/save.ts';
import { savedModelFiles } from '../../registry/saved-model-files.ts';
import { loadSequence, SEQUENCE_FOLDER, sequenceBundleFiles } from '../../registry/sequence-bundle.ts';
import type { VersionInfo } from '../../registry/versions.ts';
import { runRecord } from '../run-record.ts';
import { assessRanks, type OwnHistory } from './assess-ranks.ts';
import { rankCases } from './rank-cases.ts';

export interface CompressSequenceOptions {
  /** As saved by `sequence fit`. */
  readonly folder: string;
  readonly out: string;
  readonly how: Compression;
  /** As typed. */
  readonly command: string;
  readonly threads: number;
  readonly now: () => number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

export interface MeasuredForm {
  /** Of the model's own files. */
  readonly bytes: number;
  /** Of the cases saved with it; none where it was tested on a file of its own. */
  readonly scores: Scores;
  readonly casesPerSecond: number;
}

export interface CompressedSequence {
  /** Its recommender. */
  readonly model: string;
  readonly before: MeasuredForm;
  readonly after: MeasuredForm;
  readonly cases: number;
  readonly version: VersionInfo;
}

/** @throws AppError NOT_FOUND, TAMPERED; USAGE for a model without a network, or a way that makes none smaller; DISK */
export async function compressSequence(options: CompressSequenceOptions): Promise<CompressedSequence> {
  const { folder, out, how, now } = options;
  const startedMs = now();
  const saved = loadSequence(folder);
  const { model } = saved;
  if (!model.compressed)
    throw new AppError(
      'USAGE',
      `expected a model with a network to make smaller, "${model.recommender}" has none: it is counts`,
    );
  const small = model.compressed(how);
  try {
    const ways = { at: saved.at, history: saved.histories[0] };
    const before = await measured(model, saved.cases, { ...options, ...ways });
    const after = await measured(small, saved.cases, { ...options, ...ways });
    const { version: from, ...bundle } = saved;
    const { seed, dataFingerprint, settings } = from;
    const createdMs = now();
    const version = saveVersion(out, {
      task: SEQUENCE_FOLDER,
      files: sequenceBundleFiles({ ...bundle, model: small, scores: after.scores }),
      dataFingerprint,
      settings: {
        ...(isRecord(settings) && settings),
        compressed: { bits: how.bits, sparsity: how.sparsity, from: from.version },
      },
      seed,
      metrics: JSON.parse(JSON.stringify(after.scores)),
      run: runRecord({ createdMs, seconds: (createdMs - startedMs) / 1000, command: options.command }, []),
    });
    return { model: model.recommender, before, after, cases: saved.cases?.targets.length ?? 0, version };
  } finally {
    await small.close?.();
    await model.close?.();
  }
}

type Measuring = Omit<CompressSequenceOptions, 'folder' | 'out' | 'how'> & {
  readonly at: readonly number[];
  readonly history: OwnHistory;
};

const WARM_UP = 1000;

async function measured(
  model: NextItemModel,
  cases: CaseView | undefined,
  { at, history, now, progress, signal }: Measuring,
): Promise<MeasuredForm> {
  const files = savedModelFiles('model', model.save());
  const bytes = Object.values(files).reduce<number>(
    (sum, file) => sum + (file instanceof Uint8Array ? file.length : jsonBytes(file).length),
    0,
  );
  if (!cases) return { bytes, scores: {}, casesPerSecond: Number.NaN };
  const run = { now, progress, ...(signal && { signal }) };
  // What opens at the first question is not what a question costs.
  const few = Array.from({ length: Math.min(WARM_UP, cases.targets.length) }, (_, at) => at);
  await rankCases(model, layOut(cases, few), run);
  const { ranks, casesPerSecond } = await rankCases(model, cases, run);
  const repeated = repeatedTargets(cases);
  const { scores } = assessRanks(ranks, history, { at, seed: 0, repeated, entities: caseEntities(cases) });
  return { bytes, scores, casesPerSecond };
}
