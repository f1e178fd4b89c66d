// A bundle is all that answering a task's question takes, as the files of one saved version.
import type { Json } from '../core/canonical-json.ts';
import type { FeatureView } from '../data/features/definition.ts';
import type { Protocol, Scores } from '../eval/score.ts';
import type { CalibratedModel, Corrections } from '../models/calibrated.ts';
import { modelOverHorizon } from '../models/catalogue.ts';
import type { Task } from '../tasks/task.ts';
import { answererFiles, type BundleBackground, type DocumentKind, readAnswerer } from './answerer-files.ts';
import { type LoadedVersion, loadVersion } from './load.ts';

const BUNDLE_DOCUMENT: DocumentKind = {
  file: 'bundle.json',
  formatKey: 'bundle_format',
  format: 1,
  what: 'a bundle',
  remedy: 'train again',
};

export interface Bundle {
  readonly task: Task;
  /** What is answered about. */
  readonly horizonDays: number;
  /** What was learned and checked. */
  readonly checkedDays: number;
  readonly view: FeatureView;
  readonly calibrated: CalibratedModel;
  readonly background: BundleBackground;
  readonly protocol: Protocol;
  readonly scores: Scores;
  /** By estimator id. */
  readonly baselines: Readonly<Record<string, Scores>>;
  /** End, UTC ms, of the last outcome window used for learning, calibrating or choosing; the test begins there or later. */
  readonly seenUntilMs: number;
}

/** The bundle as files for `saveVersion`. */
export function bundleFiles(bundle: Bundle): Record<string, Json | Uint8Array> {
  const { calibrated, background, ...rest } = bundle;
  return answererFiles(BUNDLE_DOCUMENT, { ...calibrated, background }, rest);
}

export interface LoadedBundle extends Bundle {
  readonly version: LoadedVersion;
}

/**
 * The bundle of a saved version, every byte checked first.
 *
 * @param reference as for `showVersion`: an id, `latest`, `promoted`, or nothing
 * @throws AppError NOT_FOUND, TAMPERED, VERSION, BAD_FILE
 */
export function loadBundle(modelsDir: string, task: string, reference?: string): LoadedBundle {
  const version = loadVersion(modelsDir, task, reference);
  const { rest, model, corrections, background } = readAnswerer<
    Corrections,
    Omit<Bundle, 'calibrated' | 'background'>
  >(BUNDLE_DOCUMENT, version);
  return {
    ...rest,
    version,
    calibrated: {
      model,
      corrections,
      ...(rest.horizonDays > rest.checkedDays ? { extended: modelOverHorizon(model, rest.horizonDays) } : {}),
    },
    background,
  };
}
