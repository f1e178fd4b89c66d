// A tested model of a table put in its folder, with what it takes to answer and what was measured.
import type { Protocol } from '../../eval/score.ts';
import type { Background } from '../../explain/contribution.ts';
import type { Settings } from '../../models/estimator.ts';
import { saveVersion } from '../../registry/save.ts';
import { TABLE_FOLDER, type TableBundle, tableBundleFiles } from '../../registry/table-bundle.ts';
import type { VersionInfo } from '../../registry/versions.ts';
import { scoresById } from '../assess.ts';
import { runRecord } from '../run-record.ts';
import type { AmountDecider } from './correct.ts';
import type { FittedTable } from './fit-table.ts';
import type { PreparedTable } from './prepare-table.ts';

export interface TestedTable {
  readonly prepared: PreparedTable;
  readonly fitted: FittedTable;
  readonly protocol: Protocol;
  readonly background: Background;
  readonly seconds: number;
}

/** What was asked for, as far as it is kept with the model. */
export interface KeptOptions {
  readonly out: string;
  readonly target: string;
  readonly kind: string;
  readonly folds: number;
  readonly metric?: AmountDecider;
  readonly settings?: Settings;
  readonly seed: number;
  readonly command: string;
  readonly now: () => number;
}

/** @throws AppError DISK, BUSY as `saveVersion` does */
export function saveTable(
  { prepared, fitted, protocol, background, seconds }: TestedTable,
  { out, target, kind, folds, metric, settings, seed, command, now }: KeptOptions,
): VersionInfo {
  const { learned, test } = fitted;
  const bundle: TableBundle = {
    features: prepared.uses.filter(({ use }) => use === 'feature').map(({ column }) => column),
    missing: prepared.source.missing,
    target: prepared.meaning,
    table: learned.table,
    background,
    protocol,
    scores: test.model.evaluation.scores,
    baselines: scoresById(test.baselines),
  };
  return saveVersion(out, {
    task: TABLE_FOLDER,
    files: tableBundleFiles(bundle),
    dataFingerprint: prepared.source.fingerprint,
    settings: {
      chosen: learned.chosen.estimator.id,
      tried: learned.trials.map(({ estimator }) => estimator.id).sort(),
      folds,
      target,
      kind,
      ...(metric ? { metric } : {}),
      ...(settings ?? {}),
    },
    seed,
    metrics: JSON.parse(JSON.stringify(bundle.scores)),
    run: runRecord({ createdMs: now(), seconds, command }, learned.trials),
  });
}
