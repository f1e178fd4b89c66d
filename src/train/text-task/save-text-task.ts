// A tested model of a shop's texts put beside the shop's other models.
import { resolve } from 'node:path';
import type { Json } from '../../core/canonical-json.ts';
import { DAY_MS } from '../../core/time.ts';
import type { OwnSettings } from '../../encoders/own/own-settings.ts';
import type { Protocol } from '../../eval/score.ts';
import type { Settings } from '../../models/estimator.ts';
import { saveVersion } from '../../registry/save.ts';
import { type TextTaskBundle, textTaskFiles } from '../../registry/text-task-bundle.ts';
import type { VersionInfo } from '../../registry/versions.ts';
import { scoresById } from '../assess.ts';
import { runRecord } from '../run-record.ts';
import type { FittedTable } from '../table/fit-table.ts';
import type { PreparedTable } from '../table/prepare-table.ts';
import { OWN } from '../text/encoder-choice.ts';
import type { TextSplit } from './split-texts.ts';
import type { TextQuestion } from './text-examples.ts';

export interface TestedTexts {
  readonly question: TextQuestion;
  readonly split: TextSplit;
  readonly prepared: PreparedTable;
  readonly fitted: FittedTable;
  readonly protocol: Protocol;
  readonly seconds: number;
}

/** How it was learned: with this it is learned in the same way again. */
export interface KeptTextSettings {
  /** `own`, or a folder. */
  readonly encoder: string;
  readonly methods: readonly string[];
  readonly blended: boolean;
  /** Told to every method. */
  readonly told: Settings;
  readonly own?: Partial<OwnSettings>;
}

/** What was asked for, as far as it is kept with the model. */
export interface KeptOptions extends KeptTextSettings {
  readonly out: string;
  readonly seed: number;
  readonly command: string;
  readonly now: () => number;
}

/** @throws AppError DISK, BUSY as `saveVersion` does */
export function saveTextTask(
  { question, split, prepared, fitted, protocol, seconds }: TestedTexts,
  { out, seed, command, now, ...how }: KeptOptions,
): VersionInfo {
  const { task, as, atLeast, horizonMs } = question;
  const { learned, test } = fitted;
  const rating = task.answer === 'rating' ? { rating: { as, atLeast } } : {};
  const horizonDays = horizonMs / DAY_MS;
  const bundle: TextTaskBundle = {
    ...{ task, ...rating, horizonDays, protocol },
    target: prepared.meaning,
    table: learned.table,
    scores: test.model.evaluation.scores,
    baselines: scoresById(test.baselines),
    seenUntilMs: split.seenUntilMs,
  };
  return saveVersion(out, {
    task: task.name,
    files: textTaskFiles(bundle),
    dataFingerprint: prepared.source.fingerprint,
    settings: {
      chosen: learned.chosen.estimator.id,
      tried: learned.trials.map(({ estimator }) => estimator.id).sort(),
      kept: keptSettings(how),
      split: split.by,
      seenUntilMs: split.seenUntilMs,
      ...(task.answer === 'rating' ? { as, ...(as === 'recommend' && { atLeast }) } : { horizonDays }),
    },
    seed,
    metrics: JSON.parse(JSON.stringify(bundle.scores)),
    run: runRecord({ createdMs: now(), seconds, command }, learned.trials),
  });
}

const keptSettings = ({ encoder, methods, blended, told, own }: KeptTextSettings): Json => ({
  encoder: encoder === OWN ? OWN : resolve(encoder),
  ...{ methods: [...methods], blended, told: { ...told } as Json },
  ...(own && { own: { ...own } as Json }),
});
