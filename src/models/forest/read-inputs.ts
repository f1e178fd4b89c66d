// Columns of a frame as trees read them: numbers as they are, NaN where missing; categories as bins.
import { AppError } from '../../core/errors.ts';
import { type Frame, findColumn } from '../../core/frame.ts';
import type { ForestInput } from './forest.ts';

/** A category value trees know no bin for. */
export const UNKNOWN = -1;

/** Bins of a category: its levels, then one for rarer levels, then one for missing. */
export const categoryBins = (input: Extract<ForestInput, { kind: 'category' }>): number =>
  input.levels.length + 2;

/** A column as a forest reads it: numbers, or codes and the bin of each, the bin of a missing one (code −1) last. */
export type InputColumn =
  | { readonly kind: 'number'; readonly values: Float64Array }
  | { readonly kind: 'category'; readonly codes: Int32Array; readonly bins: Int32Array };

/** @throws AppError SHAPE when the frame lacks a column, or has it as another kind */
export function inputColumns(inputs: readonly ForestInput[], frame: Frame): InputColumn[] {
  return inputs.map((input) => {
    const column = findColumn(frame, input.name);
    if (column?.kind === 'number' && input.kind === 'number')
      return { kind: 'number', values: column.values };
    if (column?.kind === 'category' && input.kind === 'category')
      return { kind: 'category', codes: column.codes, bins: levelBins(input, column.levels) };
    throw new AppError(
      'SHAPE',
      `expected a ${input.kind} column "${input.name}", got ${column ? `a ${column.kind} column` : 'none'}; ` +
        'use the features the model was trained on',
    );
  });
}

function levelBins(input: Extract<ForestInput, { kind: 'category' }>, levels: readonly string[]): Int32Array {
  const known = new Map(input.levels.map((level, bin) => [level, bin]));
  const unseen = input.other ? input.levels.length : UNKNOWN;
  const bins = new Int32Array(levels.length + 1);
  levels.forEach((level, code) => {
    bins[code] = known.get(level) ?? unseen;
  });
  bins[levels.length] = input.levels.length + 1;
  return bins;
}

/** The value of one row, as `copyValues` writes it. */
export function valueAt(column: InputColumn, row: number): number {
  if (column.kind === 'number') return column.values[row];
  const code = column.codes[row];
  return column.bins[code < 0 ? column.bins.length - 1 : code];
}

/** Values of rows [from, until) into an array, from its start: numbers with NaN where missing, bins or UNKNOWN. */
export function copyValues(column: InputColumn, from: number, until: number, into: Float64Array): void {
  if (column.kind === 'number') {
    into.set(column.values.subarray(from, until));
    return;
  }
  for (let row = from; row < until; row++) into[row - from] = valueAt(column, row);
}

/**
 * The values each input takes, one array [rows] an input: numbers with NaN where missing, categories as bins or UNKNOWN.
 *
 * @throws AppError SHAPE when the frame lacks a column, or has it as another kind
 */
export function readInputs(inputs: readonly ForestInput[], frame: Frame): Float64Array[] {
  return inputColumns(inputs, frame).map((column) => {
    if (column.kind === 'number') return column.values;
    const bins = new Float64Array(frame.rows);
    copyValues(column, 0, frame.rows, bins);
    return bins;
  });
}
