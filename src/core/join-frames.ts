// Two frames of the same columns as one, the rows of the second after those of the first.
import { invariant } from './errors.ts';
import { type Column, type Frame, findColumn, makeFrame } from './frame.ts';

/** The same columns are expected in both; levels of a category need not be the same. */
export function joinFrames(first: Frame, second: Frame): Frame {
  const columns = first.columns.map((column) => {
    const other = findColumn(second, column.name);
    invariant(other, `both frames have a column "${column.name}"`);
    return joinColumns(column, other);
  });
  return makeFrame(columns, { rows: first.rows + second.rows, currency: first.currency });
}

function joinColumns(first: Column, second: Column): Column {
  if (first.kind === 'number' && second.kind === 'number')
    return { ...first, values: joinNumbers(Float64Array, first.values, second.values) };
  if (first.kind === 'text' && second.kind === 'text')
    return { ...first, values: [...first.values, ...second.values] };
  if (first.kind === 'vector' && second.kind === 'vector' && first.width === second.width)
    return { ...first, values: joinNumbers(Float32Array, first.values, second.values) };
  if (first.kind === 'category' && second.kind === 'category') {
    const { levels, codes } = joinLevels(first.levels, second);
    return { ...first, levels, codes: joinNumbers(Int32Array, first.codes, codes) };
  }
  if (first.kind === 'sequence' && second.kind === 'sequence') {
    const { levels, codes } = joinLevels(first.levels, second);
    const ends = second.offsets.subarray(1).map((end) => end + first.codes.length);
    return {
      ...first,
      levels,
      codes: joinNumbers(Int32Array, first.codes, codes),
      offsets: joinNumbers(Uint32Array, first.offsets, ends),
    };
  }
  throw new Error(`invariant broken: "${first.name}" is of one kind and width in both frames`);
}

/** Codes of the second among the levels of the first, new levels after them; negative codes stay as they are. */
function joinLevels(
  levels: readonly string[],
  second: { readonly levels: readonly string[]; readonly codes: Int32Array },
) {
  if (levels === second.levels) return { levels, codes: second.codes };
  const joined = [...levels];
  const position = new Map(levels.map((level, code) => [level, code]));
  const codeOf = second.levels.map((level) => {
    const known = position.get(level);
    return known ?? joined.push(level) - 1;
  });
  return { levels: joined, codes: second.codes.map((code) => (code < 0 ? code : codeOf[code])) };
}

/** A new array: those of the first, then those of the second. */
export function joinNumbers<T extends Float64Array | Float32Array | Int32Array | Uint32Array>(
  Kind: new (length: number) => T,
  first: T,
  second: T,
): T {
  const joined = new Kind(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
