// What a customer's columns could be changed to: values others really have, how far each is, and what may not change.
import { AppError } from '../core/errors.ts';
import { type CategoryColumn, type Frame, findColumn, type NumberColumn } from '../core/frame.ts';
import { binOf } from '../models/tree/inputs.ts';
import { stackRows } from './coalition-frame.ts';

/** What a change must respect, by column name. */
export interface ChangeLimits {
  readonly immutable?: readonly string[];
  /** Columns that can only grow, such as an age. */
  readonly onlyRise?: readonly string[];
  readonly onlyFall?: readonly string[];
}

/** A value a column could take: a number, or the code of a level. */
export interface Candidate {
  readonly value: number;
  /** In typical deviations of the column; 1 for another level, and for a number where there was none. */
  readonly distance: number;
}

/** A column that may change, in a frame of the one row. */
export interface Changeable {
  readonly column: NumberColumn | CategoryColumn;
  /** The present value: NaN or −1 where missing. */
  readonly own: number;
  /** Nearest first; none equals the present value. */
  readonly candidates: readonly Candidate[];
  /** All that are allowed, nearest first, where `candidates` is a choice of them. */
  readonly all: readonly Candidate[];
}

export interface CandidateOptions {
  readonly background: Frame;
  readonly limits?: ChangeLimits;
  /** Where the predictor cuts columns, as `Predictor.cuts`; a number column it does not name is never cut. */
  readonly cuts?: ReadonlyMap<string, Float64Array>;
}

/** Candidates tried of one column; what lies between them is looked at once a change is found. */
const MOST_CANDIDATES = 48;

/** Turns a median absolute deviation into the standard deviation of a normal distribution. */
const NORMAL_SCALE = 1.4826;

/**
 * Columns of one row with other values seen in the background: numbers only as they were seen, so that a count stays a
 * whole number, never a value nobody has.
 *
 * @param row one row
 * @throws AppError SHAPE when the background lacks a column; USAGE when a limit names a column there is none of
 */
export function changeableColumns(
  row: Frame,
  inputs: readonly string[],
  { background, limits = {}, cuts }: CandidateOptions,
): readonly Changeable[] {
  const { immutable = [], onlyRise = [], onlyFall = [] } = limits;
  for (const named of [...immutable, ...onlyRise, ...onlyFall]) {
    if (!findColumn(row, named))
      throw new AppError('USAGE', `expected a column to limit, got "${named}", which the row does not have`);
  }
  const free = inputs.filter((input) => !immutable.includes(input));
  const both = stackRows(row, background, free);
  return both.columns.flatMap((column): Changeable[] => {
    if (column.kind === 'category') return [changeableLevel(column)];
    if (column.kind !== 'number') return [];
    const [own] = column.values;
    const allowed = seenNumbers(column.values.subarray(1)).filter(
      ({ value }) =>
        value !== own &&
        !(onlyRise.includes(column.name) && !(value > own)) &&
        !(onlyFall.includes(column.name) && !(value < own)),
    );
    const all = nearestFirst(allowed, own, spreadOf(column.values.subarray(1), own));
    const distinct = cuts ? onePerBin(all, own, cuts.get(column.name) ?? new Float64Array()) : all;
    return [
      {
        column: { ...column, values: Float64Array.of(own) },
        own,
        all,
        candidates: thinned(distinct),
      },
    ];
  });
}

function changeableLevel(column: CategoryColumn): Changeable {
  const [own] = column.codes;
  const seen = [...new Set(column.codes.subarray(1))].filter((code) => code >= 0 && code !== own);
  const all = seen.sort((a, b) => a - b).map((value) => ({ value, distance: 1 }));
  return { column: { ...column, codes: Int32Array.of(own) }, own, all, candidates: all };
}

function seenNumbers(values: Float64Array): { readonly value: number }[] {
  const known = values.filter((value) => Number.isFinite(value)).sort();
  return Array.from(known.filter((value, i) => i === 0 || value !== known[i - 1])).map((value) => ({
    value,
  }));
}

function nearestFirst(
  allowed: readonly { readonly value: number }[],
  own: number,
  spread: number,
): readonly Candidate[] {
  return allowed
    .map(({ value }) => ({ value, distance: Number.isNaN(own) ? 1 : Math.abs(value - own) / spread }))
    .sort((a, b) => a.distance - b.distance || a.value - b.value);
}

/** The median absolute deviation; the mean one where over half the values are the same; the change itself at last. */
function spreadOf(values: Float64Array, own: number): number {
  const known = values.filter((value) => Number.isFinite(value)).sort();
  if (known.length === 0) return 1;
  const middle = known[Math.floor((known.length - 1) / 2)];
  const away = known.map((value) => Math.abs(value - middle)).sort();
  const median = away[Math.floor((away.length - 1) / 2)];
  if (median > 0) return NORMAL_SCALE * median;
  const mean = away.reduce((sum, distance) => sum + distance, 0) / away.length;
  if (mean > 0) return mean;
  return Math.abs(own - middle) || 1;
}

/** The nearest value of each stretch between two cuts, none of the stretch the present value is in. */
function onePerBin(candidates: readonly Candidate[], own: number, cuts: Float64Array): readonly Candidate[] {
  const taken = new Set<number>(Number.isNaN(own) ? [] : [binOf(own, cuts)]);
  return candidates.filter(({ value }) => {
    const bin = binOf(value, cuts);
    if (taken.has(bin)) return false;
    taken.add(bin);
    return true;
  });
}

/** Evenly over the ranks, the nearest and the furthest kept. */
function thinned(candidates: readonly Candidate[]): readonly Candidate[] {
  if (candidates.length <= MOST_CANDIDATES) return candidates;
  const last = candidates.length - 1;
  const picks = Array.from({ length: MOST_CANDIDATES }, (_, k) =>
    Math.round((k * last) / (MOST_CANDIDATES - 1)),
  );
  return [...new Set(picks)].map((at) => candidates[at]);
}
