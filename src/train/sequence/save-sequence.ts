// A tested next-item model put in its folder, with the cases it can be asked again and what was measured.
import { resolve } from 'node:path';
import type { Json } from '../../core/canonical-json.ts';
import { saveVersion } from '../../registry/save.ts';
import { SEQUENCE_FOLDER, sequenceBundleFiles } from '../../registry/sequence-bundle.ts';
import type { VersionInfo } from '../../registry/versions.ts';
import { runRecord } from '../run-record.ts';
import type { ItemReaders } from './read-vectors.ts';
import type { SequenceData } from './sequence-data.ts';
import type { TestedRecommender, TestedSequence } from './test-sequence.ts';

/** What was asked for, as far as it is kept with the model. */
export interface KeptOptions {
  readonly out: string;
  readonly format: string;
  /** Of a workspace. */
  readonly by?: string;
  readonly events?: readonly string[];
  readonly readers?: ItemReaders;
  readonly at: readonly number[];
  readonly seed: number;
  /** As typed. */
  readonly command: string;
  readonly seconds: number;
  readonly now: () => number;
  /** Of a model that was continued: from what, how, and what it forgot. */
  readonly continued?: Json;
}

/** @throws AppError DISK as `saveVersion` does */
export function saveSequence(tested: TestedSequence, options: KeptOptions): VersionInfo {
  const { data, fitted, histories, model, beside, protocol } = tested;
  const { trials, chosen } = fitted;
  const scoresOf = ({ by }: TestedRecommender) => by[histories[0]]?.scores ?? {};
  const scores = scoresOf(model);
  return saveVersion(options.out, {
    task: SEQUENCE_FOLDER,
    files: sequenceBundleFiles({
      model: fitted.model,
      ...(data.attributes && { attributes: data.attributes }),
      ...(data.sources && { encoders: data.sources }),
      ...(data.split !== 'file' && { cases: data.test }),
      at: options.at,
      histories,
      protocol,
      scores,
      baselines: Object.fromEntries(beside.map((own) => [own.trial.recommender.id, scoresOf(own)])),
    }),
    dataFingerprint: data.fingerprint,
    settings: {
      chosen: chosen.recommender.id,
      tried: trials.map(({ recommender }) => recommender.id).sort(),
      format: options.format,
      split: data.split,
      again: chosen.again,
      // What is asked of the model later is read the same way.
      ...(options.by && { by: options.by }),
      ...(options.events && { events: [...options.events] }),
      ...(options.readers?.images !== undefined && { images: resolve(options.readers.images) }),
      ...learnedUntil(data),
      ...(options.continued !== undefined && { continued: options.continued }),
    },
    seed: options.seed,
    metrics: JSON.parse(JSON.stringify(scores)),
    run: {
      ...runRecord(
        { createdMs: options.now(), seconds: options.seconds, command: options.command },
        trials.map(({ recommender, fitSeconds }) => ({ estimator: recommender, fitSeconds })),
      ),
      casesPerSecond: Object.fromEntries(trials.map((trial) => [trial.recommender.id, trial.casesPerSecond])),
    },
  });
}

/** Up to when was learned from, UTC ms: what is later is new to who continues the model. */
function learnedUntil({ known: { timesMs } }: SequenceData): { readonly seenUntilMs?: number } {
  if (!timesMs || timesMs.length === 0) return {};
  return { seenUntilMs: timesMs.reduce((latest, time) => Math.max(latest, time), timesMs[0]) };
}
