// A large table of which a batch touches few rows: only those have a gradient, and only those move.
import { AppError } from '../../core/errors.ts';
import type { RowRule } from './rule.ts';
import {
  checkRows,
  type ParameterEntry,
  type StoredParameter,
  scatterRows,
  volumeOf,
  type Workshop,
} from './stored-parameter.ts';

const TOUCHED_ROWS = 65_536;

const touchedRowsOf = ({ shape, touchedRows = TOUCHED_ROWS }: ParameterEntry): number =>
  Math.min(shape[0], touchedRows);

/** Array lengths it takes from the arena. */
export function rowLengths(entry: ParameterEntry): readonly number[] {
  const [rows] = entry.shape;
  const touched = touchedRowsOf(entry);
  const tables = Array.from({ length: 1 + entry.rule.state.length }, () => volumeOf(entry.shape));
  return [...tables, (touched * volumeOf(entry.shape)) / rows, touched, touched, touched];
}

/**
 * Rows of equal index are added up as they arrive, in order, into a compact list that holds each touched row once, in
 * order of first touch. Nothing here costs more than the rows that came. There is no average of the weights: it would
 * have to follow the whole table at every step.
 */
export function rowParameter(entry: ParameterEntry, rule: RowRule, workshop: Workshop): StoredParameter {
  const { arena, kernels } = workshop;
  const [rows] = entry.shape;
  const count = volumeOf(entry.shape);
  const width = count / rows;
  const capacity = touchedRowsOf(entry);
  const value = arena.floats(count);
  const moments = Object.fromEntries(rule.state.map((name) => [name, arena.floats(count)]));
  const sums = arena.floats(capacity * width);
  const touched = arena.ints(capacity);
  const stepSizes = arena.floats(capacity);
  const corrections = arena.floats(capacity);
  value.set(entry.initial);
  const steps = new Int32Array(rows);
  /** Row → its place in the compact list, −1 where it has none. */
  const places = new Int32Array(rows).fill(-1);
  let filled = 0;

  const forget = (from: number): void => {
    for (const row of touched.subarray(from, filled)) places[row] = -1;
    filled = from;
  };
  /** Places of these rows; rows not seen before get one, with a sum of 0. */
  const place = (indices: Int32Array): Int32Array => {
    const before = filled;
    const chosen = new Int32Array(indices.length);
    for (let i = 0; i < indices.length; i++) {
      const row = indices[i];
      if (places[row] < 0) {
        if (filled === capacity) {
          forget(before);
          throw tooManyRows(entry, capacity);
        }
        places[row] = filled;
        touched[filled++] = row;
      }
      chosen[i] = places[row];
    }
    kernels.fill(sums.subarray(before * width, filled * width), 0);
    return chosen;
  };
  const gradient = () => sums.subarray(0, filled * width);
  return {
    entry,
    value,
    average: undefined,
    isPending: () => filled > 0,
    gradient,
    addDense() {
      throw new AppError(
        'USAGE',
        `gradient of "${entry.name}": expected rows, got a dense gradient; train it by a dense rule (adamw) instead of ${rule.kind}`,
      );
    },
    addRows(indices, values) {
      checkRows(entry, indices, values);
      scatterRows(workshop, sums, { indices: place(indices), values, width });
    },
    move(pass) {
      const chosen = touched.subarray(0, filled);
      for (const row of chosen) steps[row]++;
      const own = {
        ...{ rows: chosen, gradient: gradient(), steps },
        ...{ stepSizes: stepSizes.subarray(0, filled), corrections: corrections.subarray(0, filled) },
      };
      rule.move(kernels, { value, state: moments, width, ...own }, pass);
    },
    clear: () => forget(0),
    state: { value, ...moments, steps },
  };
}

const tooManyRows = ({ name }: ParameterEntry, capacity: number): AppError =>
  new AppError(
    'USAGE',
    `parameter "${name}": a step touched more than ${capacity} rows; raise touchedRows, or step more often`,
  );
