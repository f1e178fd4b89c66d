// One trial a candidate: fit it on the training side, ask it about examples it has not seen.
import { AppError, throwIfAborted } from '../core/errors.ts';
import type { Name } from '../core/name.ts';
import type { Progress } from '../core/progress.ts';
import { foldOf, type SplitPlan } from '../data/splits.ts';
import type { QuantileBand } from '../eval/conformal-quantile.ts';
import { fitModel } from '../models/catalogue.ts';
import { type CrossFit, crossFit, type Folds } from '../models/cross-fit.ts';
import { isBagged } from '../models/ensemble/bag.ts';
import type { Estimator, FitRun, Model, Sample, Settings } from '../models/estimator.ts';
import { expectMs } from './expected-time.ts';
import type { Samples } from './samples.ts';

/** A fitted candidate with what it said, unseen, about the calibration examples. */
export interface Trial {
  readonly estimator: Estimator;
  readonly model: Model;
  /** Uncalibrated, [rows of the calibration sample]. */
  readonly onCalibration: Float64Array;
  /** The quantiles that go with it, for models that have them, [rows of the calibration sample]. */
  readonly bandOnCalibration?: QuantileBand;
  readonly fitSeconds: number;
  /** Of everything: the fit, and those on other customers that predict unseen. */
  readonly totalSeconds: number;
  /** Per 1,000 examples. */
  readonly predictMs: number;
  /** Found by a search; absent where the defaults stand. */
  readonly settings?: Settings;
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
  /** UTC ms: no model is begun that is not expected to end by then; baselines and the first model always are. */
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
    try {
      const anyModel = trials.some((trial) => trial.estimator.role === 'model');
      const late = estimator.role === 'model' && anyModel && (await tooLate(samples, estimator, run));
      if (late) refuse(late);
      else trials.push(await runTrial(samples, estimator, run));
    } catch (error) {
      if (!(error instanceof AppError) || error.code === 'INTERRUPTED') throw error;
      refuse(error.message);
    }
  }
  run.progress.step({ task: 'fit', done: candidates.length, total: candidates.length, unit: 'models' });
  return { trials, refused };
}

/** Why there is no time for a model, or `undefined` when there is. */
async function tooLate(samples: Samples, estimator: Estimator, run: TrialRun): Promise<string | undefined> {
  if (run.deadlineMs === undefined) return undefined;
  if (run.now() >= run.deadlineMs) return 'the time limit was reached before its turn';
  const fits = samples.calibrate ? 1 : 1 + run.plan.folds;
  const expectedMs = fits * (await expectMs(estimator, samples.train, { run: fitRunOf(run), now: run.now }));
  return tooLong(expectedMs, run);
}

/** Says so when work of this length would end after the deadline. */
export function tooLong(expectedMs: number, { now, deadlineMs }: TrialRun): string | undefined {
  if (deadlineMs === undefined) return undefined;
  const leftMs = Math.max(0, deadlineMs - now());
  if (expectedMs <= leftMs) return undefined;
  const seconds = (ms: number) => Math.ceil(ms / 1000);
  return `it would take about ${seconds(expectedMs)} s, the time limit leaves ${seconds(leftMs)} s`;
}

/** Estimators tell their own steps; their notes about a single fit would drown the run's. */
const fitRunOf = ({ seed, threads, progress, signal }: TrialRun): FitRun => {
  const quiet: Progress = { step: (step) => progress.step(step), note() {} };
  return { seed, threads, progress: quiet, signal };
};

/** Fits one candidate and asks it about the calibration examples; nobody's answer comes from a fit that saw them. */
export async function runTrial(samples: Samples, estimator: Estimator, run: TrialRun): Promise<Trial> {
  const fitRun = fitRunOf(run);
  const sample = calibrationSample(samples);
  const startedMs = run.now();
  const bag =
    isBagged(estimator) && !samples.calibrate
      ? await estimator.fitOverFolds(sample, foldsOf(sample, run), fitRun)
      : undefined;
  const model = bag?.model ?? (await fitModel(estimator, samples.train, undefined, fitRun));
  const fittedMs = run.now();
  const said = await model.predict(sample.frame);
  const predictedMs = run.now();
  const crossed = bag ?? (samples.calibrate ? undefined : await fitHeldOut(estimator, sample, run));
  const band = model.band && (crossed ? crossed.unseenBand : await model.band(sample.frame));
  return {
    estimator,
    model,
    onCalibration: crossed?.unseen ?? said,
    ...(band && { bandOnCalibration: { low: band.low, high: band.high } }),
    fitSeconds: (fittedMs - startedMs) / 1000,
    totalSeconds: (run.now() - startedMs) / 1000,
    predictMs: ((predictedMs - fittedMs) * 1000) / Math.max(1, sample.frame.rows),
  };
}

const foldsOf = ({ entities }: Sample, { plan, seed }: TrialRun): Folds => ({
  of: entities.map((entity) => foldOf(entity, plan.folds, seed)),
  count: plan.folds,
});

/** Each customer predicted by a fit that never saw them. */
function fitHeldOut(estimator: Estimator, sample: Sample, run: TrialRun): Promise<CrossFit> {
  const folds = foldsOf(sample, run);
  let done = 0;
  const onFit = () =>
    run.progress.step({
      task: `hold out for ${estimator.id}`,
      done: ++done,
      total: folds.count,
      unit: 'folds',
    });
  return crossFit(estimator, sample, { folds, run: fitRunOf(run), onFit });
}
