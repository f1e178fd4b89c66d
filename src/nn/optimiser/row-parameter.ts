// A large table of which a batch touches few rows: only those have a gradient, and only those move.
import { AppError } from '../../core/errors.ts';
import type { RowRule } from './rule.ts';
import {
  checkRows,
  type ParameterSettings,
  type StoredParameter,
  scatterRows,
  volumeOf,
  type Workshop,
} from './stored-parameter.ts';

const TOUCHED_ROWS = 65_536;

const touchedRowsOf = ({ shape, touchedRows = TOUCHED_ROWS }: ParameterSettings): number =>
  Math.min(shape[0], touchedRows);

/** Array lengths it takes from the arena. */
export function rowLengths(settings: ParameterSettings): readonly number[] {
  const [rows] = settings.shape;
  const touched = touchedRowsOf(settings);
  const tables = Array.from({ length: 1 + settings.rule.state.length }, () => volumeOf(settings.shape));
  return [...tables, (touched * volumeOf(settings.shape)) / rows, touched, touched, touched];
}

/**
 * Rows of equal index are added up as they arrive, in order, into a compact list that holds each touched row once, in
 * order of first touch. Nothing here costs more than the rows that came. There is no average of the weights: it would
 * have to follow the whole table at every step.
 */
export function rowParameter(
  settings: ParameterSettings,
  rule: RowRule,
  workshop: Workshop,
): StoredParameter {
  const { arena, kernels } = workshop;
  const [rows] = settings.shape;
  const count = volumeOf(settings.shape);
  const width = count / rows;
  const capacity = touchedRowsOf(settings);
  const value = arena.floats(count);
  const moments = Object.fromEntries(rule.state.map((name) => [name, arena.floats(count)]));
  const sums = arena.floats(capacity * width);
  const touched = arena.ints(capacity);
  const stepSizes = arena.floats(capacity);
  const corrections = arena.floats(capacity);
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
          throw tooManyRows(settings, capacity);
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
    settings,
    value,
    average: undefined,
    isPending: () => filled > 0,
    gradient,
    addDense() {
      throw new AppError(
        'USAGE',
        `gradient of "${settings.name}": expected rows, got a dense gradient; train it by a dense rule (adamw) instead of ${rule.kind}`,
      );
    },
    addRows(indices, values) {
      checkRows(settings, indices, values);
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

const tooManyRows = ({ name }: ParameterSettings, capacity: number): AppError =>
  new AppError(
    'USAGE',
    `parameter "${name}": a step touched more than ${capacity} rows; raise touchedRows, or step more often`,
  );
