// What every fit does to a Sample before and while learning: check, sort, take rows, cut folds by customer.
import { AppError } from '../core/errors.ts';
import { takeNumbers, takeRows } from '../core/frame.ts';
import { hash32 } from '../core/random.ts';
import type { Sample } from './estimator.ts';

/**
 * Stops on samples no estimator can learn from.
 *
 * @throws AppError SHAPE when lengths differ, NOT_ENOUGH_DATA without rows, BAD_DATA for targets or weights out of range
 */
export function checkSample(sample: Sample): void {
  const { rows } = sample.frame;
  const lengths = {
    entities: sample.entities.length,
    asOf: sample.asOf.length,
    target: sample.target.length,
    weight: sample.weight?.length ?? rows,
  };
  for (const [part, length] of Object.entries(lengths)) {
    if (length !== rows) throw new AppError('SHAPE', `expected ${rows} rows of ${part}, got ${length}`);
  }
  if (rows === 0)
    throw new AppError('NOT_ENOUGH_DATA', 'expected at least one example to learn from, got none');
  const { kind, classes = 2 } = sample.question;
  const outcomes = kind === 'binary' ? 2 : classes;
  const possible = (y: number) =>
    kind === 'amount' ? Number.isFinite(y) : Number.isInteger(y) && y >= 0 && y < outcomes;
  const wrong = sample.target.findIndex((y) => !possible(y));
  if (wrong >= 0) {
    const expected = {
      binary: 'targets of 0 or 1',
      amount: 'finite targets',
      classes: `classes from 0 to ${outcomes - 1}`,
    }[kind];
    throw new AppError('BAD_DATA', `expected ${expected}, got ${sample.target[wrong]} at example ${wrong}`);
  }
  if (!sample.weight) return;
  if (!sample.weight.every((weight) => Number.isFinite(weight) && weight >= 0))
    throw new AppError('BAD_DATA', 'expected weights of 0 or more, got a negative or missing one');
  if (!sample.weight.some((weight) => weight > 0))
    throw new AppError('NOT_ENOUGH_DATA', 'expected a weight above 0, every example weighs nothing');
}

/** The examples at `rows`, in that order. */
export function takeSample(sample: Sample, rows: ArrayLike<number>): Sample {
  return {
    question: sample.question,
    frame: takeRows(sample.frame, rows),
    entities: Array.from(rows, (row) => sample.entities[row]),
    asOf: takeNumbers(sample.asOf, rows),
    target: takeNumbers(sample.target, rows),
    ...(sample.weight && { weight: takeNumbers(sample.weight, rows) }),
  };
}

/**
 * The examples that weigh anything, by entity, then asOf, then target: whatever order they came in, a fit sees this one.
 */
export function sortSample(sample: Sample): Sample {
  const { entities, asOf, target, weight } = sample;
  const all = Array.from(entities, (_, row) => row);
  const order = weight ? all.filter((row) => weight[row] > 0) : all;
  order.sort((a, b) => {
    if (entities[a] !== entities[b]) return entities[a] < entities[b] ? -1 : 1;
    return asOf[a] - asOf[b] || target[a] - target[b] || a - b;
  });
  return order.length === all.length && order.every((row, i) => row === i)
    ? sample
    : takeSample(sample, order);
}

/** @throws AppError NOT_ENOUGH_DATA when there is no positive amount to take a logarithm of */
export function needPositiveTotal(train: Sample): void {
  let total = 0;
  for (const value of train.target) total += value;
  if (total > 0) return;
  throw new AppError(
    'NOT_ENOUGH_DATA',
    'expected a positive total amount to learn from, got none; use a longer horizon or an earlier moment',
  );
}

/** Weights scaled to a mean of one; all ones when the sample has none. */
export function unitWeights(sample: Sample): Float64Array {
  const weight = new Float64Array(sample.frame.rows).fill(1);
  if (!sample.weight) return weight;
  let sum = 0;
  for (const value of sample.weight) sum += value;
  for (let i = 0; i < weight.length; i++) weight[i] = (sample.weight[i] * weight.length) / sum;
  return weight;
}

/** Σ weight·value / Σ weight. */
export function weightedMean(values: Float64Array, weight: Float64Array): number {
  let sum = 0;
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    sum += weight[i] * values[i];
    total += weight[i];
  }
  return total > 0 ? sum / total : 0;
}

/**
 * A fold number per row, by a hash of the entity: all rows of a customer fall together, and adding customers moves none.
 *
 * @returns [rows], each in 0 … folds − 1
 */
export function customerFolds(entities: readonly string[], folds: number, seed: number): Uint8Array {
  const salt = hash32(`folds ${seed}`);
  const own = new Uint8Array(entities.length);
  for (let row = 0; row < own.length; row++) own[row] = hash32(entities[row], salt) % folds;
  return own;
}

/** The rows whose fold is, or is not, `fold`. */
export function foldRows(folds: ArrayLike<number>, fold: number): { inside: number[]; outside: number[] } {
  const inside: number[] = [];
  const outside: number[] = [];
  for (let row = 0; row < folds.length; row++) (folds[row] === fold ? inside : outside).push(row);
  return { inside, outside };
}

/**
 * Evenly spread rows where there are more than a choice needs; of sorted samples customers stay whole.
 *
 * @returns rising; undefined where all `rows` are few enough
 */
export function spreadRows(rows: number, most: number): Int32Array | undefined {
  if (rows <= most) return undefined;
  return Int32Array.from({ length: most }, (_, i) => Math.floor((i * rows) / most));
}
