// One trial a candidate: fit it on the training side, ask it about examples it has not seen.
import type { Progress } from '../core/progress.ts';
import { foldOf, type SplitPlan } from '../data/splits.ts';
import type { QuantileBand } from '../eval/conformal-quantile.ts';
import { fitModel } from '../models/catalogue.ts';
import { type CrossFit, crossFit, type Folds } from '../models/cross-fit.ts';
import { isBagged } from '../models/ensemble/bag.ts';
import type { Mixture } from '../models/ensemble/weights.ts';
import type { Estimator, FitRun, Model, Sample, Settings } from '../models/estimator.ts';
import { attemptEach, type Refusal } from './attempts.ts';
import type { FitCrew, Fitted } from './crew/fit-crew.ts';
import { tooLong, tooManyFits } from './expected-time.ts';
import type { Samples } from './samples.ts';
import { type Costs, stateCosts } from './stated-costs.ts';

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
  /** What a blend is made of. */
  readonly blend?: { readonly members: readonly Trial[]; readonly mixture: Mixture };
}

export interface TrialRun {
  readonly plan: SplitPlan;
  readonly seed: number;
  readonly threads: number;
  /** UTC ms: no model is begun that is not expected to end by then; baselines and the first model always are. */
  readonly deadlineMs?: number;
  /** Of one thread, all fits of one model together: one that says beforehand that it takes longer is left out. */
  readonly mostSeconds?: number;
  readonly now: () => number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
  /** Who fits what can be fitted side by side; without one, one after the other. */
  readonly crew?: FitCrew;
}

/** The sample whose unseen predictions calibrate and choose: a later period, or the training customers held out in turn. */
export const calibrationSample = (samples: Samples): Sample => samples.calibrate ?? samples.train;

/** Runs the candidates in order; what one cannot answer, or has no time for, is returned as a refusal. */
export async function runTrials(
  samples: Samples,
  candidates: readonly Estimator[],
  run: TrialRun,
): Promise<{ trials: readonly Trial[]; refused: readonly Refusal[] }> {
  const total = candidates.length;
  const fits = samples.calibrate ? 1 : 1 + run.plan.folds;
  const costs = stateCosts(candidates, samples.train, { ...run, fits });
  const ahead = fitAhead(samples, candidates, { run, costs });
  const tried = await attemptEach(candidates, samples.train, {
    attempt: async (estimator) => runTrial(samples, estimator, run, await ahead.get(estimator)),
    late: async (estimator) => {
      const cost = costs.get(estimator);
      if (cost) return cost.tooMuch ?? tooLong(1000 * cost.seconds * fits, run);
      return tooManyFits(estimator, samples.train, {
        ...{ fits, run: fitRunOf(run), now: run.now },
        ...(run.deadlineMs !== undefined && { deadlineMs: run.deadlineMs }),
      });
    },
    onTurn: ({ id }, done) => run.progress.step({ task: `fit ${id}`, done, total, unit: 'models' }),
    ...(run.signal && { signal: run.signal }),
  });
  run.progress.step({ task: 'fit', done: total, total, unit: 'models' });
  return tried;
}

/** Seconds a fit may take for every number it reads: enough to tell work that is worth threads from work that is not. */
const SECONDS_PER_CELL = 3e-7;

/** Fits under way before their turn comes; none under a time limit, which judges each by how long the others took. */
function fitAhead(
  samples: Samples,
  candidates: readonly Estimator[],
  { run, costs }: { readonly run: TrialRun; readonly costs: Costs },
): ReadonlyMap<Estimator, Promise<Fitted>> {
  const { question, frame } = samples.train;
  if (!run.crew || run.deadlineMs !== undefined) return new Map();
  const able = candidates.filter(
    (estimator) =>
      estimator.role === 'model' &&
      !isBagged(estimator) &&
      estimator.refuses(question, frame) === undefined &&
      costs.get(estimator)?.tooMuch === undefined,
  );
  const usual = SECONDS_PER_CELL * frame.rows * frame.columns.length;
  const begun = run.crew.begin(
    able.map((estimator) => ({
      ...{ estimator, sample: samples.train },
      seconds: costs.get(estimator)?.seconds ?? usual,
    })),
    fitRunOf(run),
  );
  return new Map(able.flatMap((estimator, i) => (begun[i] ? [[estimator, begun[i]] as const] : [])));
}

/** Estimators tell their own steps; their notes about a single fit would drown the run's. */
export const fitRunOf = ({ seed, threads, progress, signal }: TrialRun): FitRun => {
  const quiet: Progress = { step: (step) => progress.step(step), note() {} };
  return { seed, threads, progress: quiet, signal };
};

/**
 * Fits one candidate and asks it about the calibration examples; nobody's answer comes from a fit that saw them.
 *
 * @param ahead its fit, where that is done
 */
export async function runTrial(
  samples: Samples,
  estimator: Estimator,
  run: TrialRun,
  ahead?: Fitted,
): Promise<Trial> {
  const fitRun = fitRunOf(run);
  const sample = calibrationSample(samples);
  const startedMs = run.now();
  const bag =
    isBagged(estimator) && !samples.calibrate
      ? await estimator.fitOverFolds(sample, foldsOf(sample, run), fitRun)
      : undefined;
  const model = ahead?.model ?? bag?.model ?? (await fitModel(estimator, samples.train, undefined, fitRun));
  const fittedMs = run.now();
  const fitSeconds = ahead?.seconds ?? (fittedMs - startedMs) / 1000;
  const said = await model.predict(sample.frame);
  const predictedMs = run.now();
  const crossed =
    bag ??
    (samples.calibrate ? undefined : await fitHeldOut(estimator, sample, { run, seconds: fitSeconds }));
  const band = model.band && (crossed ? crossed.unseenBand : await model.band(sample.frame));
  return {
    estimator,
    model,
    onCalibration: crossed?.unseen ?? said,
    ...(band && { bandOnCalibration: { low: band.low, high: band.high } }),
    fitSeconds,
    totalSeconds: fitSeconds + (run.now() - fittedMs) / 1000,
    predictMs: ((predictedMs - fittedMs) * 1000) / Math.max(1, sample.frame.rows),
  };
}

/** The folds customers are held out in. */
export const foldsOf = ({ entities }: Sample, { plan, seed }: TrialRun): Folds => ({
  of: entities.map((entity) => foldOf(entity, plan.folds, seed)),
  count: plan.folds,
});

/**
 * Each customer predicted by a fit that never saw them.
 *
 * @param seconds one fit is expected to take
 */
function fitHeldOut(
  estimator: Estimator,
  sample: Sample,
  { run, seconds }: { readonly run: TrialRun; readonly seconds: number },
): Promise<CrossFit> {
  const folds = foldsOf(sample, run);
  const { crew } = run;
  let done = 0;
  const onFit = () =>
    run.progress.step({
      task: `hold out for ${estimator.id}`,
      done: ++done,
      total: folds.count,
      unit: 'folds',
    });
  return crossFit(estimator, sample, {
    ...{ folds, run: fitRunOf(run), onFit },
    ...(crew && {
      fitAll: (fits) =>
        crew.fitAll(
          fits.map((fit) => ({ ...fit, seconds })),
          fitRunOf(run),
          onFit,
        ),
    }),
  });
}
