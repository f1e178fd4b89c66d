// A bundle is all that answering a task's question takes, as the files of one saved version.
import { isRecord, type Json } from '../core/canonical-json.ts';
import { AppError } from '../core/errors.ts';
import type { Frame } from '../core/frame.ts';
import type { FeatureView } from '../data/features/definition.ts';
import type { Protocol, Scores } from '../eval/score.ts';
import type { CalibratedModel, Corrections } from '../models/calibrated.ts';
import { loadModel, modelOverHorizon } from '../models/catalogue.ts';
import type { Task } from '../tasks/task.ts';
import { frameFiles, readFrame } from './frame-files.ts';
import { fileBytes, type LoadedVersion, loadVersion } from './load.ts';
import { parseJson } from './manifest.ts';
import { readSavedModel, savedModelFiles } from './saved-model-files.ts';

const BUNDLE_FORMAT = 1;

/** Rows that stand for everybody in explanations, and where they were drawn from. */
export interface BundleBackground {
  readonly frame: Frame;
  readonly seed: number;
  readonly drawnFrom: number;
}

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
  const document = {
    bundle_format: BUNDLE_FORMAT,
    ...rest,
    corrections: calibrated.corrections,
    background: { seed: background.seed, drawnFrom: background.drawnFrom },
  };
  return {
    'bundle.json': JSON.parse(JSON.stringify(document)) as Json,
    ...savedModelFiles('model', calibrated.model.save()),
    ...frameFiles('background', background.frame),
  };
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
  const document = parseJson(fileBytes(version.files, 'bundle.json'), 'bundle.json');
  if (!isRecord(document) || typeof document.bundle_format !== 'number') {
    throw new AppError(
      'BAD_FILE',
      'expected a bundle in bundle.json, got JSON of another shape: train again',
    );
  }
  if (document.bundle_format > BUNDLE_FORMAT) {
    throw new AppError(
      'VERSION',
      `expected a bundle of format ${BUNDLE_FORMAT} or older, got ${document.bundle_format}: update foresell`,
    );
  }
  // The bytes are the ones `bundleFiles` wrote: the manifest's digests have said so.
  const { corrections, background, ...rest } = document as unknown as Omit<
    Bundle,
    'calibrated' | 'background'
  > & {
    readonly corrections: Corrections;
    readonly background: { readonly seed: number; readonly drawnFrom: number };
  };
  const model = loadModel(readSavedModel(version.files, 'model'));
  return {
    ...rest,
    version,
    calibrated: {
      model,
      corrections,
      ...(rest.horizonDays > rest.checkedDays ? { extended: modelOverHorizon(model, rest.horizonDays) } : {}),
    },
    background: { ...background, frame: readFrame(version.files, 'background') },
  };
}
