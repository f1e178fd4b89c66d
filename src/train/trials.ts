// One trial a candidate: fit it on the training side, ask it about examples it has not seen.
import { AppError, throwIfAborted } from '../core/errors.ts';
import type { Name } from '../core/name.ts';
import { type Progress, silent } from '../core/progress.ts';
import { foldOf, type SplitPlan } from '../data/splits.ts';
import { fitModel } from '../models/catalogue.ts';
import type { Estimator, FitRun, Model, Sample } from '../models/estimator.ts';
import { takeSample } from '../models/sample.ts';
import type { Samples } from './samples.ts';

/** A fitted candidate with what it said, unseen, about the calibration examples. */
export interface Trial {
  readonly estimator: Estimator;
  readonly model: Model;
  /** Uncalibrated, [rows of the calibration sample]. */
  readonly onCalibration: Float64Array;
  readonly fitSeconds: number;
  /** Per 1,000 examples. */
  readonly predictMs: number;
}

/** A candidate that was not tried, and why. */
export interface Refusal {
  readonly id: string;
  readonly label: Name;
  readonly reason: string;
}

export interface TrialRun {
  readonly plan: SplitPlan;
  readonly seed: number;
  readonly threads: number;
  /** UTC ms after which no further candidate is begun; baselines and the first model always are. */
  readonly deadlineMs?: number;
  readonly now: () => number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** The sample whose unseen predictions calibrate and choose: a later period, or the training customers held out in turn. */
export const calibrationSample = (samples: Samples): Sample => samples.calibrate ?? samples.train;

/** Runs the candidates in order; what one cannot answer, or has no time for, is returned as a refusal. */
export async function runTrials(
  samples: Samples,
  candidates: readonly Estimator[],
  run: TrialRun,
): Promise<{ trials: readonly Trial[]; refused: readonly Refusal[] }> {
  const trials: Trial[] = [];
  const refused: Refusal[] = [];
  for (const [at, estimator] of candidates.entries()) {
    throwIfAborted(run.signal);
    run.progress.step({ task: `fit ${estimator.id}`, done: at, total: candidates.length, unit: 'models' });
    const refuse = (reason: string) => refused.push({ id: estimator.id, label: estimator.label, reason });
    const refusal = estimator.refuses(samples.train.question, samples.train.frame);
    if (refusal) {
      refuse(refusal);
      continue;
    }
    const anyModel = trials.some((trial) => trial.estimator.role === 'model');
    if (
      estimator.role === 'model' &&
      anyModel &&
      run.deadlineMs !== undefined &&
      run.now() >= run.deadlineMs
    ) {
      refuse('the time limit was reached before its turn');
      continue;
    }
    try {
      trials.push(await runTrial(samples, estimator, run));
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'INTERRUPTED') throw error;
      refuse(error.message);
    }
  }
  run.progress.step({ task: 'fit', done: candidates.length, total: candidates.length, unit: 'models' });
  return { trials, refused };
}

async function runTrial(samples: Samples, estimator: Estimator, run: TrialRun): Promise<Trial> {
  // Estimators tell their own steps; their notes about a single fit would drown the run's.
  const progress: Progress = { step: (step) => run.progress.step(step), note() {} };
  const fitRun: FitRun = { seed: run.seed, threads: run.threads, progress, signal: run.signal };
  const startedMs = run.now();
  const model = await fitModel(estimator, samples.train, undefined, fitRun);
  const fittedMs = run.now();
  const sample = calibrationSample(samples);
  let onCalibration: Float64Array;
  let predictedMs: number;
  if (samples.calibrate) {
    onCalibration = await model.predict(sample.frame);
    predictedMs = run.now() - fittedMs;
  } else {
    await model.predict(sample.frame);
    predictedMs = run.now() - fittedMs;
    onCalibration = await predictHeldOut(estimator, sample, {
      folds: run.plan.folds,
      fitRun,
    });
  }
  return {
    estimator,
    model,
    onCalibration,
    fitSeconds: (fittedMs - startedMs) / 1000,
    predictMs: (predictedMs * 1000) / Math.max(1, sample.frame.rows),
  };
}

/** Each customer predicted by a fit that never saw them, [rows]. */
async function predictHeldOut(
  estimator: Estimator,
  sample: Sample,
  { folds, fitRun }: { folds: number; fitRun: FitRun },
): Promise<Float64Array> {
  const predicted = new Float64Array(sample.frame.rows);
  const foldOfRow = sample.entities.map((entity) => foldOf(entity, folds, fitRun.seed));
  for (let fold = 0; fold < folds; fold++) {
    const inside: number[] = [];
    const outside: number[] = [];
    foldOfRow.forEach((own, row) => {
      (own === fold ? inside : outside).push(row);
    });
    if (inside.length === 0 || outside.length === 0) continue;
    fitRun.progress.step({ task: `hold out for ${estimator.id}`, done: fold, total: folds, unit: 'folds' });
    const quietRun = { ...fitRun, progress: silent };
    const model = await fitModel(estimator, takeSample(sample, outside), undefined, quietRun);
    const held = takeSample(sample, inside);
    (await model.predict(held.frame)).forEach((value, i) => {
      predicted[inside[i]] = value;
    });
  }
  return predicted;
}
