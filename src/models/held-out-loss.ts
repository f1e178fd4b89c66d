// What a prediction costs on rows it has not seen: the one yardstick of searches, early choices and ensembles.
import type { Question, Sample } from './estimator.ts';
import { unitWeights } from './sample.ts';

/**
 * `log_loss` for probabilities of every kind. For amounts: `tweedie`, the deviance of power 1.5, fair to small amounts and
 * large; `squared`; `absolute`, which means the median.
 */
export type HeldOutLoss = 'log_loss' | 'tweedie' | 'squared' | 'absolute';

/** Losses below zero in total by more than this share of those above are no spend: the logarithm of a mean says little. */
const NEGATIVE_SHARE = 0.02;

/** The loss a question is judged by when nobody names one. */
export function lossFor({ question, target }: Pick<Sample, 'question' | 'target'>): HeldOutLoss {
  if (question.kind !== 'amount') return 'log_loss';
  let [above, below] = [0, 0];
  for (const y of target) {
    if (y > 0) above += y;
    else below -= y;
  }
  return above > 0 && below <= NEGATIVE_SHARE * above ? 'tweedie' : 'squared';
}

/** Nothing is believed more surely than this. */
const LEAST = 1e-7;

export interface Judged {
  readonly question: Question;
  /** [rows] */
  readonly target: Float64Array;
  /** As a model predicts: [rows], or [rows, classes]. */
  readonly predicted: Float64Array;
}

/** The loss of every row, [rows]. */
export function rowLosses(loss: HeldOutLoss, { question, target, predicted }: Judged): Float64Array {
  if (question.kind === 'classes') {
    const classes = predicted.length / Math.max(1, target.length);
    return target.map((y, i) => -Math.log(Math.max(LEAST, predicted[i * classes + y])));
  }
  switch (loss) {
    case 'log_loss':
      return target.map((y, i) => -Math.log(Math.max(LEAST, y === 1 ? predicted[i] : 1 - predicted[i])));
    case 'squared':
      return target.map((y, i) => (y - predicted[i]) ** 2);
    case 'absolute':
      return target.map((y, i) => Math.abs(y - predicted[i]));
    case 'tweedie': {
      const floor = Math.max(1e-9, 1e-3 * Math.abs(target.reduce((sum, y) => sum + y, 0) / target.length));
      return target.map((y, i) => {
        const root = Math.sqrt(Math.max(floor, predicted[i]));
        return 2 * (Math.max(0, y) / root + root);
      });
    }
  }
}

/** Mean loss of a sample's predictions, its weights counted. */
export function meanLoss(loss: HeldOutLoss, sample: Sample, predicted: Float64Array): number {
  const weight = unitWeights(sample);
  const losses = rowLosses(loss, { ...sample, predicted });
  return losses.reduce((sum, own, i) => sum + weight[i] * own, 0) / losses.length;
}

/** A mean over rows with its standard error, customers taken as they come: all rows of one stand or fall together. */
export interface MeanDifference {
  readonly mean: number;
  readonly standardError: number;
}

/** @param values [rows], such as the loss of one model less another's on the same row */
export function meanByCustomer(
  values: Float64Array,
  { entities, weight }: { entities: readonly string[]; weight: Float64Array },
): MeanDifference {
  let [sum, total] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    sum += weight[i] * values[i];
    total += weight[i];
  }
  const mean = total > 0 ? sum / total : 0;
  const strays = new Map<string, number>();
  for (let i = 0; i < values.length; i++)
    strays.set(entities[i], (strays.get(entities[i]) ?? 0) + weight[i] * (values[i] - mean));
  let square = 0;
  for (const stray of strays.values()) square += stray ** 2;
  const few = strays.size > 1 ? strays.size / (strays.size - 1) : 1;
  return { mean, standardError: total > 0 ? Math.sqrt(few * square) / total : 0 };
}
