// What every metric reads: what was predicted beside what happened, checked once so that no NaN travels further.
import { AppError } from '../../core/errors.ts';

/** Row i of everything belongs to one example. */
export interface Predictions {
  /** 0 or 1 for a probability, else the amount, [rows]. */
  readonly actual: Float64Array;
  /** Probability in [0, 1] or amount, [rows]. */
  readonly predicted: Float64Array;
  /** Where a probability becomes a yes (`predicted ≥ threshold`); .5 when absent. */
  readonly threshold?: number;
  /** Interval of each amount, both ends included, [rows]. */
  readonly low?: Float64Array;
  readonly high?: Float64Array;
}

/**
 * A metric bound to its examples: sorted once, then cheap for any number of weightings.
 *
 * @param weight [rows], none negative
 * @returns      NaN where the metric has no value, such as AUC with one class
 */
export type Measure = (weight: Float64Array) => number;

/** @throws AppError SHAPE for unequal lengths, BAD_DATA for no rows or a value that is not finite */
export function checkAmounts(rows: Predictions): void {
  const { actual, predicted, low, high } = rows;
  checkLength('predictions', predicted, actual.length);
  if (low) checkLength('lower ends', low, actual.length);
  if (high) checkLength('upper ends', high, actual.length);
  if (actual.length === 0)
    throw new AppError('NOT_ENOUGH_DATA', 'expected at least one example to score, got none');
  checkFinite('targets', actual);
  checkFinite('predictions', predicted);
  if (low) checkNumbers('lower ends', low);
  if (high) checkNumbers('upper ends', high);
}

/** As `checkAmounts`; targets must also be 0 or 1 and predictions in [0, 1]. @throws AppError BAD_DATA */
export function checkProbabilities(rows: Predictions): void {
  checkAmounts(rows);
  const { actual, predicted } = rows;
  const strangers = count(actual, (value) => value !== 0 && value !== 1);
  if (strangers > 0)
    throw new AppError('BAD_DATA', `expected targets of 0 or 1, got ${strangers} of ${actual.length} others`);
  const outside = count(predicted, (value) => value < 0 || value > 1);
  if (outside > 0)
    throw new AppError(
      'BAD_DATA',
      `expected probabilities in [0, 1], got ${outside} of ${predicted.length} outside; calibrate or clip them`,
    );
}

export function checkLength(what: string, values: ArrayLike<unknown>, rows: number): void {
  if (values.length !== rows)
    throw new AppError('SHAPE', `${what} have ${values.length} rows, the targets have ${rows}`);
}

export function checkFinite(what: string, values: ArrayLike<number>): void {
  const broken = count(values, (value) => !Number.isFinite(value));
  if (broken > 0)
    throw new AppError('BAD_DATA', `expected finite ${what}, got ${broken} of ${values.length} that are not`);
}

function checkNumbers(what: string, values: ArrayLike<number>): void {
  const broken = count(values, Number.isNaN);
  if (broken > 0)
    throw new AppError('BAD_DATA', `expected numbers for ${what}, got ${broken} of ${values.length} missing`);
}

/** More negative amounts than this: amounts of both signs, not spending with refunds. */
const SIGNED_SHARE = 0.2;

/** Whether amounts below zero are ordinary, not a refund now and then. */
export const hasBothSigns = (amounts: Float64Array): boolean =>
  count(amounts, (value) => value < 0) > SIGNED_SHARE * amounts.length;

function count(values: ArrayLike<number>, test: (value: number) => boolean): number {
  let found = 0;
  for (let i = 0; i < values.length; i++) if (test(values[i])) found++;
  return found;
}

/** Weights of one each: the sample as it is. */
export const evenWeights = (rows: number): Float64Array => new Float64Array(rows).fill(1);
