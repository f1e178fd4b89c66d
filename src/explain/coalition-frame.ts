// Frames in which some columns come from one row and the rest from the background.
import { AppError } from '../core/errors.ts';
import { type Column, type Frame, findColumn, makeFrame, selectColumns, takeRows } from '../core/frame.ts';

/**
 * The rows of `below` under those of `above`, in the columns of `names`. Levels of both are kept.
 *
 * @throws AppError SHAPE when a column is missing in one of them or of two kinds
 */
export function stackRows(above: Frame, below: Frame, names: readonly string[]): Frame {
  const columns = selectColumns(above, names).columns.map((column) => {
    const other = findColumn(selectColumns(below, names), column.name) as Column;
    return stackColumn(column, other);
  });
  return makeFrame(columns, { rows: above.rows + below.rows, currency: above.currency });
}

function stackColumn(above: Column, below: Column): Column {
  if (above.kind === 'number' && below.kind === 'number') {
    const values = new Float64Array(above.values.length + below.values.length);
    values.set(above.values);
    values.set(below.values, above.values.length);
    return { ...above, values };
  }
  if (above.kind === 'text' && below.kind === 'text') {
    return { ...above, values: above.values.concat(below.values) };
  }
  if (above.kind === 'vector' && below.kind === 'vector' && above.width === below.width) {
    const values = new Float32Array(above.values.length + below.values.length);
    values.set(above.values);
    values.set(below.values, above.values.length);
    return { ...above, values };
  }
  if (above.kind === 'category' && below.kind === 'category') {
    const { levels, recode } = joinLevels(above.levels, below.levels);
    return { ...above, levels, codes: stackCodes(above.codes, below.codes, recode) };
  }
  if (above.kind === 'sequence' && below.kind === 'sequence') {
    const { levels, recode } = joinLevels(above.levels, below.levels);
    const rows = above.offsets.length - 1;
    const offsets = new Uint32Array(rows + below.offsets.length);
    offsets.set(above.offsets);
    for (let row = 1; row < below.offsets.length; row++) {
      offsets[rows + row] = above.offsets[rows] + below.offsets[row];
    }
    return { ...above, levels, codes: stackCodes(above.codes, below.codes, recode), offsets };
  }
  throw new AppError(
    'SHAPE',
    `column "${above.name}" is a ${above.kind} in the background and a ${below.kind} in the rows to explain`,
  );
}

function stackCodes(above: Int32Array, below: Int32Array, recode: (code: number) => number): Int32Array {
  const codes = new Int32Array(above.length + below.length);
  codes.set(above);
  for (let i = 0; i < below.length; i++) codes[above.length + i] = recode(below[i]);
  return codes;
}

/** All levels of `first`, then those only `second` has; `recode` turns a code of `second` into one of the union. */
function joinLevels(first: readonly string[], second: readonly string[]) {
  const levels = [...first];
  const codes = new Map(levels.map((level, code) => [level, code]));
  const joined = second.map((level) => {
    const known = codes.get(level);
    if (known !== undefined) return known;
    codes.set(level, levels.length);
    return levels.push(level) - 1;
  });
  return { levels, recode: (code: number): number => (code < 0 ? -1 : joined[code]) };
}

/** A block of background rows in which some parts come from one row to explain. */
export interface Block {
  /** Counted from the first row below the background. */
  readonly row: number;
  /** Whether a part is the row's own; otherwise it is the background's. */
  owns(part: number): boolean;
}

/**
 * The blocks under each other, each of `background` rows.
 *
 * @param stacked    background on top, the rows to explain below
 * @param background how many rows of `stacked` are background
 * @param parts      column names of each part
 */
export function coalitionFrame(
  stacked: Frame,
  background: number,
  parts: readonly (readonly string[])[],
  blocks: readonly Block[],
): Frame {
  const rows = blocks.length * background;
  const columns = parts.flatMap((names, part) => {
    const from = new Uint32Array(rows);
    blocks.forEach((block, at) => {
      const own = block.owns(part);
      for (let b = 0; b < background; b++) from[at * background + b] = own ? background + block.row : b;
    });
    return takeRows(selectColumns(stacked, names), from).columns;
  });
  return makeFrame(columns, { rows, currency: stacked.currency });
}
