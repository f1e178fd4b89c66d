// What an estimator says of rows it has not seen, fold by fold.
import { throwIfAborted } from '../../core/errors.ts';
import { type Progress, silent } from '../../core/progress.ts';
import type { QuantileBand } from '../../eval/conformal-quantile.ts';
import { fitModel } from '../../models/catalogue.ts';
import { inFold } from '../../models/cross-fit.ts';
import type { Estimator, FitRun, Question, Sample } from '../../models/estimator.ts';
import { takeSample } from '../../models/sample.ts';
import type { Fold } from './folds.ts';

export interface HeldOut {
  /** [rows], or [rows, classes]; NaN for rows no fold asked about. */
  readonly predicted: Float64Array;
  /** The quantiles that go with it, [rows]; absent unless every fold's model has them. */
  readonly band?: QuantileBand;
  /** Mean of the fits. */
  readonly fitSeconds: number;
  /** Per 1,000 rows. */
  readonly predictMs: number;
}

export interface HeldOutRun extends FitRun {
  readonly now: () => number;
}

/** Numbers a prediction has: one, or one a class. */
export const widthOf = ({ kind, classes = 2 }: Question): number => (kind === 'classes' ? classes : 1);

/** @param folds one repeat */
export async function predictHeldOut(
  estimator: Estimator,
  sample: Sample,
  folds: readonly Fold[],
  run: HeldOutRun,
): Promise<HeldOut> {
  const width = widthOf(sample.question);
  const predicted = new Float64Array(sample.target.length * width).fill(Number.NaN);
  const band = { low: predicted.slice(), high: predicted.slice() };
  let banded = true;
  let fitMs = 0;
  let predictMs = 0;
  let asked = 0;
  for (const [at, { train, test }] of folds.entries()) {
    throwIfAborted(run.signal);
    run.progress.step({ task: `hold out for ${estimator.id}`, done: at, total: folds.length, unit: 'folds' });
    const startedMs = run.now();
    const model = await fitModel(inFold(estimator, at), takeSample(sample, train), undefined, {
      ...run,
      progress: silent,
    });
    const fittedMs = run.now();
    const { frame } = takeSample(sample, test);
    const values = await model.predict(frame);
    const ends = await model.band?.(frame);
    banded &&= ends !== undefined;
    predictMs += run.now() - fittedMs;
    fitMs += fittedMs - startedMs;
    asked += test.length;
    test.forEach((row, i) => {
      for (let k = 0; k < width; k++) predicted[row * width + k] = values[i * width + k];
      if (!ends) return;
      band.low[row] = ends.low[i];
      band.high[row] = ends.high[i];
    });
  }
  run.progress.step({
    task: `hold out for ${estimator.id}`,
    done: folds.length,
    total: folds.length,
    unit: 'folds',
  });
  return {
    predicted,
    ...(banded ? { band } : {}),
    fitSeconds: fitMs / 1000 / folds.length,
    predictMs: (predictMs * 1000) / Math.max(1, asked),
  };
}

/** Steps pass through, notes of single fits are kept quiet. */
export const stepsOnly = (progress: Progress): Progress => ({
  step: (step) => progress.step(step),
  note() {},
});

/** Rows some fold asked about. */
export function rowsAsked(predicted: Float64Array, width: number): Uint32Array {
  const rows: number[] = [];
  for (let row = 0; row * width < predicted.length; row++)
    if (!Number.isNaN(predicted[row * width])) rows.push(row);
  return Uint32Array.from(rows);
}

/** The predictions of some rows, [rows, width]. */
export function takePredictions(
  predicted: Float64Array,
  rows: ArrayLike<number>,
  width: number,
): Float64Array {
  const taken = new Float64Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    for (let k = 0; k < width; k++) taken[i * width + k] = predicted[rows[i] * width + k];
  }
  return taken;
}
