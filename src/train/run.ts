// One training run, start to end: read, check, fit, choose, test, explain, save, report.
import { join } from 'node:path';
import type { Language } from '../core/name.ts';
import { measureCohorts } from '../data/cohorts.ts';
import type { Engine } from '../data/engine.ts';
import { withLake } from '../data/lake/open.ts';
import { erasedSince } from '../data/lake/read.ts';
import { withLock } from '../data/lock.ts';
import { measureQuality } from '../data/quality.ts';
import type { EventSource } from '../data/source.ts';
import { type Workspace, workspacePaths } from '../data/workspace.ts';
import { refuseLeaks } from '../eval/leakage/check-leakage.ts';
import type { Finding } from '../eval/leakage/finding.ts';
import { type Bundle, bundleFiles } from '../registry/bundle.ts';
import { promote } from '../registry/promotion.ts';
import { saveVersion } from '../registry/save.ts';
import { markErasures, type VersionInfo } from '../registry/versions.ts';
import type { TaskReport } from '../report/task-document.ts';
import { type Assessment, assess, scoresById } from './assess.ts';
import { checkEligibility, refuseUnready } from './eligibility.ts';
import { backgroundOf } from './explaining.ts';
import { checkModels, type FitOptions, type FittedTask, fitTask } from './fit.ts';
import { findLeaks } from './leaks.ts';
import { writeReport } from './report-file.ts';
import { runRecord } from './run-record.ts';
import { shopReport } from './shop-report.ts';
import { taskReport } from './task-report.ts';

export interface TrainOptions extends FitOptions {
  /** Puts the new version into service; the one before stays a `rollback` away. */
  readonly promote: boolean;
  /** The command as typed, for the report. */
  readonly command: string;
  readonly language: Language;
}

export interface TrainingResult {
  readonly version: VersionInfo;
  readonly report: TaskReport;
  readonly reportPath: string;
  readonly assessment: Assessment;
  readonly leaks: readonly Finding[];
  /** Features these data cannot feed, with the reason. */
  readonly leftOut: FittedTask['leftOut'];
  /** ISO 4217; empty when the log has no prices. */
  readonly currency: string;
  readonly seconds: number;
}

/**
 * Trains one task of a workspace and saves the model that was tested.
 *
 * Holds the task's lock; imports and predictions run beside it.
 *
 * @throws AppError NOT_ENOUGH_DATA, LEAKAGE, BUSY, INTERRUPTED, DISK
 */
export async function trainTask(workspace: Workspace, options: TrainOptions): Promise<TrainingResult> {
  const { task, signal, progress } = options;
  const lock = { signal, onWait: (holder: string) => progress.note(`waiting for ${holder}`) };
  return withLock(workspacePaths.taskLock(workspace, task.name), `training of ${task.name}`, lock, () =>
    withLake(workspace, options, (engine, source) => run(workspace, { engine, source }, options)),
  );
}

async function run(
  workspace: Workspace,
  { engine, source }: { engine: Engine; source: EventSource },
  options: TrainOptions,
): Promise<TrainingResult> {
  const { task, seed, signal, progress, now } = options;
  const startedMs = now();
  checkModels(options);
  const eligibility = await checkEligibility(engine, source, task, options);
  refuseUnready(task, eligibility);
  const fitted = await fitTask(engine, source, options);
  progress.step({ task: 'test', done: 0, total: 3, unit: 'steps' });
  const assessment = await assess(fitted, source, seed);
  progress.step({ task: 'test', done: 1, total: 3, unit: 'steps' });
  const leaks = await findLeaks(engine, source, { fitted, assessment, seed, signal });
  refuseLeaks(leaks);
  const background = backgroundOf(fitted, seed);
  progress.step({ task: 'test', done: 2, total: 3, unit: 'steps' });
  const report = await taskReport({ fitted, assessment, eligibility, leaks, background, seed, signal });
  const quality = await measureQuality(engine, source, signal);
  const cohorts = await measureCohorts(engine, source, source.lastMs, signal);
  const seconds = (now() - startedMs) / 1000;
  // From here on nothing reads the lake: work that fails because files vanished is begun anew, and must not save twice.
  const version = save(workspace, { fitted, assessment, background, source, seconds }, options);
  progress.step({ task: 'test', done: 3, total: 3, unit: 'steps' });
  const tasks = [{ ...report, modelVersion: version.version }];
  const reportPath = writeReport(
    join(workspace.dir, 'reports', task.name, version.version),
    shopReport({
      workspace,
      tasks,
      quality,
      cohorts,
      source,
      options: { ...options, seconds },
    }),
  );
  return {
    version,
    report: tasks[0],
    reportPath,
    assessment,
    leaks,
    leftOut: fitted.leftOut,
    currency: source.currency,
    seconds,
  };
}

interface Trained {
  readonly fitted: FittedTask;
  readonly assessment: Assessment;
  readonly background: Bundle['background'];
  readonly source: EventSource;
  readonly seconds: number;
}

function save(workspace: Workspace, trained: Trained, options: TrainOptions): VersionInfo {
  const { fitted, assessment, background, source } = trained;
  const { task, horizon, view, calibrated } = fitted;
  const { plan } = horizon;
  const bundle: Bundle = {
    task,
    horizonDays: horizon.horizonDays,
    checkedDays: horizon.checkedDays,
    view,
    calibrated,
    background,
    protocol: assessment.protocol,
    scores: assessment.chosen.evaluation.scores,
    baselines: scoresById(assessment.baselines),
    // A full horizon apart: the last outcome window used ends at the test's moment or before.
    seenUntilMs:
      Math.max(...plan.train, ...(plan.calibrate === 'cross-fit' ? [] : plan.calibrate)) + plan.horizonMs,
  };
  const modelsDir = join(workspace.dir, 'models');
  const createdMs = options.now();
  const version = saveVersion(modelsDir, {
    task: task.name,
    files: bundleFiles(bundle),
    dataFingerprint: source.fingerprint,
    settings: {
      chosen: fitted.chosen.estimator.id,
      preset: options.repeat?.preset ?? options.preset ?? 'good',
      trials: [...fitted.tried.trials],
      searches: JSON.parse(JSON.stringify(fitted.tried.searches)),
      again: fitted.again,
      horizonDays: horizon.horizonDays,
      checkedDays: horizon.checkedDays,
      trainAsOf: [...plan.train],
      calibrateAsOf: plan.calibrate === 'cross-fit' ? 'cross-fit' : [...plan.calibrate],
      testAsOf: [...plan.test],
      threads: options.threads,
      ...(options.pretrained ? { trunk: options.pretrained.version } : {}),
    },
    seed: options.seed,
    metrics: JSON.parse(JSON.stringify(assessment.chosen.evaluation.scores)),
    run: runRecord({ createdMs, seconds: trained.seconds, command: options.command }, fitted.trials),
  });
  if (erasedSince(workspace, source) && !version.erasures) {
    // The erasure looked for versions before this one was there.
    markErasures(modelsDir, { task: task.name, version: version.version }, { users: 1, atMs: createdMs });
  }
  return options.promote
    ? promote(modelsDir, { task: task.name, reference: version.version }, { atMs: createdMs })
    : version;
}
