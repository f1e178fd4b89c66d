// Turning a model's probabilities into honest ones, by one of a few methods; state is plain JSON.
import { invariant } from '../../core/errors.ts';
import { checkProbabilities, type Predictions } from '../metrics/predictions.ts';
import { fitIsotonic, interpolate } from './isotonic.ts';
import { fitPenalisedLogistic } from './penalised-logistic.ts';
import { fitVennAbers, mergePairs, type VennAbers, vennAbersPair } from './venn-abers.ts';

export type CalibrationMethod = 'identity' | 'platt' | 'beta' | 'blend' | 'isotonic' | 'venn-abers';

/** logit q = intercept + a · ln p − b · ln(1 − p) (Kull, Silva Filho and Flach 2017, eq. 4). */
interface BetaCurve {
  readonly intercept: number;
  readonly a: number;
  readonly b: number;
}

/** A fitted calibration. Never reverses the order of two predictions. */
export type Calibrator =
  | { readonly method: 'identity' }
  /** logit q = intercept + slope · logit p (Platt 1999, on the logit). */
  | { readonly method: 'platt'; readonly intercept: number; readonly slope: number }
  | ({ readonly method: 'beta' } & BetaCurve)
  /** The middle, on the logit, of the beta curve and the Venn–Abers probability: free in shape, yet without ties. */
  | { readonly method: 'blend'; readonly curve: BetaCurve; readonly steps: VennAbers }
  /** Straight lines between (knots[i], values[i]), flat outside. */
  | { readonly method: 'isotonic'; readonly knots: readonly number[]; readonly values: readonly number[] }
  /** The one probability that stands for the pair. */
  | { readonly method: 'venn-abers'; readonly steps: VennAbers };

/** Simplest first. */
export const CALIBRATION_METHODS: readonly CalibrationMethod[] = [
  'identity',
  'platt',
  'beta',
  'blend',
  'isotonic',
  'venn-abers',
];

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
    case 'beta':
      return { method, ...fitBeta(inner, actual) };
    case 'blend':
      return { method, curve: fitBeta(inner, actual), steps: fitVennAbers(rows) };
    case 'isotonic':
      return { method, ...fitIsotonic(predicted, actual) };
    case 'venn-abers':
      return { method, steps: fitVennAbers(rows) };
  }
}

/** Every method fitted on the same rows; what two of them share is fitted once. @throws AppError as `fitCalibrator` */
export function fitCalibrators(
  methods: readonly CalibrationMethod[],
  rows: Predictions,
): readonly Calibrator[] {
  const fitted = new Map<CalibrationMethod, Calibrator>();
  const once = (method: CalibrationMethod): Calibrator => {
    const kept = fitted.get(method) ?? fitCalibrator(method, rows);
    fitted.set(method, kept);
    return kept;
  };
  return methods.map((method) => {
    if (method !== 'blend') return once(method);
    const [curve, free] = [once('beta'), once('venn-abers')];
    invariant(curve.method === 'beta' && free.method === 'venn-abers', 'a method fits itself');
    const { intercept, a, b } = curve;
    return { method, curve: { intercept, a, b }, steps: free.steps };
  });
}

function fitBeta(inner: Float64Array, actual: Float64Array): BetaCurve {
  const columns = [inner.map(Math.log), inner.map((p) => -Math.log1p(-p))];
  const [intercept, a, b] = fitPenalisedLogistic(columns, actual, SMALLEST_SLOPE);
  return { intercept, a, b };
}

/** Calibrated probabilities, [rows]; the input is left as it is. */
export function applyCalibrator(calibrator: Calibrator, predicted: Float64Array): Float64Array {
  switch (calibrator.method) {
    case 'identity':
      return predicted.slice();
    case 'platt':
      return predicted.map((p) => sigmoid(calibrator.intercept + calibrator.slope * logit(clipped(p))));
    case 'beta':
      return predicted.map((p) => sigmoid(betaMargin(calibrator, p)));
    case 'blend':
      return predicted.map((p) => {
        const free = mergePairs([vennAbersPair(calibrator.steps, p)]);
        return sigmoid((betaMargin(calibrator.curve, p) + logit(free)) / 2);
      });
    case 'isotonic':
      return predicted.map((p) => interpolate(calibrator.knots, calibrator.values, p));
    case 'venn-abers':
      return predicted.map((p) => mergePairs([vennAbersPair(calibrator.steps, p)]));
  }
}

function betaMargin({ intercept, a, b }: BetaCurve, p: number): number {
  const inner = clipped(p);
  return intercept + a * Math.log(inner) - b * Math.log1p(-inner);
}

const clipped = (p: number): number => Math.min(1 - EDGE, Math.max(EDGE, p));
const logit = (p: number): number => Math.log(p) - Math.log1p(-p);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
