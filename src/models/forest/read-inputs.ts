// Columns of a frame as trees read them: numbers as they are, NaN where missing; categories as bins.
import { AppError } from '../../core/errors.ts';
import { type CategoryColumn, type Frame, findColumn, type NumberColumn } from '../../core/frame.ts';
import type { ForestInput } from './forest.ts';

/** A category value trees know no bin for. */
export const UNKNOWN = -1;

/** Bins of a category: its levels, then one for rarer levels, then one for missing. */
export const categoryBins = (input: Extract<ForestInput, { kind: 'category' }>): number =>
  input.levels.length + 2;

/**
 * The values each input takes, one array [rows] an input: numbers with NaN where missing, categories as bins or UNKNOWN.
 *
 * @throws AppError SHAPE when the frame lacks a column, or has it as another kind
 */
export function readInputs(inputs: readonly ForestInput[], frame: Frame): Float64Array[] {
  return inputs.map((input) => {
    const column = inputColumn(input, frame);
    if (column.kind === 'number') return column.values;
    const bins = levelBins(input, column.levels);
    const missing = bins.length - 1;
    return Float64Array.from(column.codes, (code) => bins[code < 0 ? missing : code]);
  });
}

function inputColumn(input: ForestInput, frame: Frame): NumberColumn | CategoryColumn {
  const column = findColumn(frame, input.name);
  if (column?.kind === input.kind) return column as NumberColumn | CategoryColumn;
  throw new AppError(
    'SHAPE',
    `expected a ${input.kind} column "${input.name}", got ${column ? `a ${column.kind} column` : 'none'}; ` +
      'use the features the model was trained on',
  );
}

/** The bin of each level of a column, and last the bin of a missing one. */
function levelBins(input: ForestInput, levels: readonly string[]): Int32Array {
  if (input.kind === 'number') return new Int32Array(1);
  const known = new Map(input.levels.map((level, bin) => [level, bin]));
  const unseen = input.other ? input.levels.length : UNKNOWN;
  const bins = Int32Array.from(levels, (level) => known.get(level) ?? unseen);
  return Int32Array.from([...bins, input.levels.length + 1]);
}
