// How a table is parted into rows to learn from and rows to be asked about.
import { AppError } from '../../core/errors.ts';
import { hash32 } from '../../core/random.ts';
import type { Sample } from '../../models/estimator.ts';

/** One turn: learn from `train`, ask about `test`; row numbers, rising. */
export interface Fold {
  readonly train: Uint32Array;
  readonly test: Uint32Array;
}

/** Every repeat asks about each row at most once. */
export interface Folds {
  readonly repeats: readonly (readonly Fold[])[];
  readonly method: 'stratified' | 'time' | 'given';
}

export interface FoldOptions {
  /** At least 2. */
  readonly folds: number;
  readonly seed: number;
  /** Partitions drawn one after another, 1 when absent; time has one. */
  readonly repeats?: number;
  /** Forward in time: only rows before the tested ones are learned from. */
  readonly byTime?: boolean;
  /** Rows this close before the tested ones are left out, ms; with `byTime`. */
  readonly gapMs?: number;
}

/** Bands of an amount's rank that each fold gets its share of. */
const AMOUNT_BANDS = 10;

/**
 * Folds in which all rows of an entity fall together and each has its share of every outcome.
 *
 * Entities are dealt one outcome at a time, the largest first, each to the fold that lacks that outcome most; their order
 * is a hash of the entity, so that the file's order does not matter.
 *
 * @throws AppError USAGE for fewer than 2 folds, NOT_ENOUGH_DATA for fewer entities or moments than folds
 */
export function cutFolds(sample: Sample, options: FoldOptions): Folds {
  const { folds, repeats = 1, byTime = false } = options;
  if (!Number.isInteger(folds) || folds < 2)
    throw new AppError('USAGE', `expected at least 2 folds, got ${folds}`);
  if (byTime) return { repeats: [forwardFolds(sample.asOf, options)], method: 'time' };
  return {
    repeats: Array.from({ length: repeats }, (_, repeat) =>
      foldsOf(dealFolds(sample, { folds, salt: hash32(`folds ${options.seed} ${repeat}`) })),
    ),
    method: 'stratified',
  };
}

/** Folds somebody else has drawn: a fold's number a row, one array a repeat. A negative number is never asked about. */
export function givenFolds(assignments: readonly ArrayLike<number>[]): Folds {
  return { repeats: assignments.map((assignment) => foldsOf(Int32Array.from(assignment))), method: 'given' };
}

function foldsOf(own: Int32Array): Fold[] {
  const numbers = [...new Set(own)].filter((fold) => fold >= 0).sort((a, b) => a - b);
  return numbers.map((fold) => {
    const train: number[] = [];
    const test: number[] = [];
    own.forEach((value, row) => {
      (value === fold ? test : train).push(row);
    });
    return { train: Uint32Array.from(train), test: Uint32Array.from(test) };
  });
}

/** A fold's number a row, [rows]. */
function dealFolds(sample: Sample, { folds, salt }: { folds: number; salt: number }): Int32Array {
  const strata = strataOf(sample);
  const count = strata.reduce((most, stratum) => Math.max(most, stratum), 0) + 1;
  const rowsOf = new Map<string, number[]>();
  sample.entities.forEach((entity, row) => {
    const rows = rowsOf.get(entity);
    if (rows) rows.push(row);
    else rowsOf.set(entity, [row]);
  });
  if (rowsOf.size < folds) {
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `expected at least ${folds} different groups for ${folds} folds, got ${rowsOf.size}; ask for fewer folds`,
    );
  }
  const entities = [...rowsOf].map(([entity, rows]) => ({
    rows,
    order: hash32(entity, salt),
    stratum: rarest(rows, strata),
  }));
  entities.sort(
    (a, b) =>
      a.stratum - b.stratum || b.rows.length - a.rows.length || a.order - b.order || a.rows[0] - b.rows[0],
  );
  const filled = Array.from({ length: folds }, () => new Float64Array(count));
  const total = new Float64Array(folds);
  const own = new Int32Array(sample.target.length);
  for (const { rows, stratum } of entities) {
    let best = 0;
    for (let fold = 1; fold < folds; fold++) {
      const lack = filled[fold][stratum] - filled[best][stratum] || total[fold] - total[best];
      if (lack < 0) best = fold;
    }
    for (const row of rows) {
      own[row] = best;
      filled[best][strata[row]]++;
      total[best]++;
    }
  }
  return own;
}

/** Which outcome each row counts under, the rarest having the smallest number, [rows]. */
function strataOf({ question, target }: Sample): Int32Array {
  const raw = question.kind === 'amount' ? bandsOf(target) : Int32Array.from(target);
  const counts = new Map<number, number>();
  for (const value of raw) counts.set(value, (counts.get(value) ?? 0) + 1);
  const rank = new Map(
    [...counts].sort((a, b) => a[1] - b[1] || a[0] - b[0]).map(([value], at) => [value, at]),
  );
  return raw.map((value) => rank.get(value) as number);
}

function bandsOf(target: Float64Array): Int32Array {
  const order = Array.from(target.keys()).sort((a, b) => target[a] - target[b]);
  const bands = new Int32Array(target.length);
  order.forEach((row, at) => {
    const before = at > 0 && target[order[at - 1]] === target[row];
    bands[row] = before ? bands[order[at - 1]] : Math.floor((at * AMOUNT_BANDS) / order.length);
  });
  return bands;
}

const rarest = (rows: readonly number[], strata: Int32Array): number =>
  rows.reduce((least, row) => Math.min(least, strata[row]), strata[rows[0]]);

/** The most folds in time, up to so many, that rows of few moments allow for; 0 for one moment. */
export const foldsInTime = (asOf: Float64Array, most: number): number =>
  Math.min(most, new Set(asOf).size - 1);

/**
 * Where each stretch but the first begins: at the moment of the row that ends its share of the rows, moved where moments
 * are so few that two would begin at once.
 */
function startsOf(asOf: Float64Array, folds: number): number[] {
  const rising = asOf.slice().sort();
  const firsts = Array.from(rising.keys()).filter((row) => row === 0 || rising[row] !== rising[row - 1]);
  const moments = firsts.length;
  if (moments <= folds) {
    throw new AppError(
      'NOT_ENOUGH_DATA',
      `expected at least ${folds + 1} different moments for ${folds} folds in time, the rows have ${moments}; ask for fewer folds`,
    );
  }
  const starts: number[] = [];
  let moment = 0;
  for (let part = 1; part <= folds; part++) {
    const row = Math.floor((part * rising.length) / (folds + 1));
    // One moment at least for this stretch, and one for each of those after it.
    const last = moments - 1 - (folds - part);
    moment++;
    while (moment < last && firsts[moment + 1] <= row) moment++;
    starts.push(rising[firsts[moment]]);
  }
  return starts;
}

/** Time in folds + 1 stretches of about equally many rows; each but the first is asked about, from all that lies before it. */
function forwardFolds(asOf: Float64Array, { folds, gapMs = 0 }: FoldOptions): Fold[] {
  const starts = startsOf(asOf, folds);
  return starts.map((start, at) => {
    const end = starts[at + 1] ?? Number.POSITIVE_INFINITY;
    const train: number[] = [];
    const test: number[] = [];
    asOf.forEach((ms, row) => {
      if (ms < start - gapMs) train.push(row);
      else if (ms >= start && ms < end) test.push(row);
    });
    if (train.length === 0) {
      throw new AppError(
        'NOT_ENOUGH_DATA',
        'the gap leaves no rows to learn from before the first test; make it shorter',
      );
    }
    return { train: Uint32Array.from(train), test: Uint32Array.from(test) };
  });
}
