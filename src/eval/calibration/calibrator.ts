// Turning a model's probabilities into honest ones: identity, Platt, beta, isotonic; state is plain JSON.
import { checkProbabilities, type Predictions } from '../metrics/predictions.ts';
import { fitIsotonic, interpolate } from './isotonic.ts';
import { fitPenalisedLogistic } from './penalised-logistic.ts';

export type CalibrationMethod = 'identity' | 'platt' | 'beta' | 'isotonic';

/** A fitted calibration. Never reverses the order of two predictions. */
export type Calibrator =
  | { readonly method: 'identity' }
  /** logit q = intercept + slope · logit p (Platt 1999, on the logit). */
  | { readonly method: 'platt'; readonly intercept: number; readonly slope: number }
  /** logit q = intercept + a · ln p − b · ln(1 − p) (Kull, Silva Filho and Flach 2017, eq. 4). */
  | { readonly method: 'beta'; readonly intercept: number; readonly a: number; readonly b: number }
  /** Straight lines between (knots[i], values[i]), flat outside. */
  | { readonly method: 'isotonic'; readonly knots: readonly number[]; readonly values: readonly number[] };

/** Simplest first. */
export const CALIBRATION_METHODS: readonly CalibrationMethod[] = ['identity', 'platt', 'beta', 'isotonic'];

/** Probabilities are kept this far from 0 and 1 before a logarithm. */
const EDGE = 1e-6;

/** Slopes at least this, so that order is kept. */
const SMALLEST_SLOPE = 0.01;

/**
 * Fits one method. Platt and beta are drawn weakly towards leaving the probabilities as they are.
 *
 * @param rows calibration data, never test data
 * @throws AppError BAD_DATA as `checkProbabilities`
 */
export function fitCalibrator(method: CalibrationMethod, rows: Predictions): Calibrator {
  checkProbabilities(rows);
  const { actual, predicted } = rows;
  const inner = predicted.map(clipped);
  switch (method) {
    case 'identity':
      return { method };
    case 'platt': {
      const [intercept, slope] = fitPenalisedLogistic([inner.map(logit)], actual, SMALLEST_SLOPE);
      return { method, intercept, slope };
    }
    case 'beta': {
      const columns = [inner.map(Math.log), inner.map((p) => -Math.log1p(-p))];
      const [intercept, a, b] = fitPenalisedLogistic(columns, actual, SMALLEST_SLOPE);
      return { method, intercept, a, b };
    }
    case 'isotonic':
      return { method, ...fitIsotonic(predicted, actual) };
  }
}

/** Calibrated probabilities, [rows]; the input is left as it is. */
export function applyCalibrator(calibrator: Calibrator, predicted: Float64Array): Float64Array {
  switch (calibrator.method) {
    case 'identity':
      return predicted.slice();
    case 'platt':
      return predicted.map((p) => sigmoid(calibrator.intercept + calibrator.slope * logit(clipped(p))));
    case 'beta':
      return predicted.map((p) => {
        const inner = clipped(p);
        return sigmoid(
          calibrator.intercept + calibrator.a * Math.log(inner) - calibrator.b * Math.log1p(-inner),
        );
      });
    case 'isotonic':
      return predicted.map((p) => interpolate(calibrator.knots, calibrator.values, p));
  }
}

const clipped = (p: number): number => Math.min(1 - EDGE, Math.max(EDGE, p));
const logit = (p: number): number => Math.log(p) - Math.log1p(-p);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
