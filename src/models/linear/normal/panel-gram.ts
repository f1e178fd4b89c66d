// The normal matrix by the WebAssembly kernels: numbers as panels to multiply, flags and categories as rows to add up.
import type { DesignMatrix } from '../design.ts';
import {
  openWorkbench,
  PANEL_BYTES,
  PANEL_COLUMNS,
  PANEL_ROWS,
  PANELS_AT_ONCE,
} from './kernels/workbench.ts';
import { categoriesOf, flagsOf } from './parts.ts';

interface PlacedCategory {
  readonly from: number;
  readonly width: number;
  readonly codes: Int32Array;
  /** The row of `sums` that belongs to its first level. */
  readonly sumsRow: number;
}

/** Where columns and their sums lie in the memory. A column's place: numbers, a gap to the next panel, flags, constant. */
interface Plan {
  /** Place of the first flag. */
  readonly first: number;
  /** Flags and the constant. */
  readonly lights: number;
  readonly numberPanels: number;
  readonly panels: number;
  readonly categories: readonly PlacedCategory[];
  /** Places in the order in which pairs are formed, each with its coefficient. */
  readonly columns: readonly { readonly at: number; readonly place: number }[];
  /** Addresses; `sums` is [places, then levels; places], `values` and `codes` are those of one column. */
  readonly at: Readonly<
    Record<'plain' | 'scaled' | 'sums' | 'values' | 'weights' | 'codes' | 'counts' | 'lit' | 'end', number>
  >;
}

/**
 * @param h [rows.length]
 * @returns [width + 1, width + 1]: each pair with a number or a flag in it, on one of its two sides; `undefined` where
 *          this machine cannot
 */
export function panelGram(matrix: DesignMatrix, rows: Int32Array, h: Float64Array): Float64Array | undefined {
  const plan = layOut(matrix);
  const { first, lights, numberPanels, panels, categories, at } = plan;
  const bench = openWorkbench(at.end);
  if (!bench) return undefined;
  const { kernels, memory } = bench;
  const { buffer } = memory;
  new Float64Array(buffer, 0, at.values / 8).fill(0);
  const values = new Float64Array(buffer, at.values, PANEL_ROWS);
  const weights = new Float64Array(buffer, at.weights, PANEL_ROWS);
  const codes = new Int32Array(buffer, at.codes, PANEL_ROWS);
  const counts = new Int32Array(buffer, at.counts, lights);
  const stride = panels * PANEL_COLUMNS * 8;
  const flags = flagsOf(matrix);

  for (let start = 0; start < rows.length; start += PANEL_ROWS) {
    const block = rows.subarray(start, start + PANEL_ROWS);
    const { length } = block;
    weights.set(h.subarray(start, start + length));
    for (let place = 0; place < matrix.dense.length; place++) {
      takeNumbers(values, matrix.dense[place].values, block);
      const column = columnOf(place);
      kernels.spread(at.values, at.weights, length, at.plain + column, at.scaled + column);
    }
    kernels.multiply(at.scaled, at.plain, numberPanels, length, at.sums, stride);

    let flag = 0;
    const light = (code: number) => {
      const list = at.lit + flag * PANEL_ROWS * 4;
      const column = at.scaled + columnOf(first + flag);
      counts[flag++] = kernels.light(at.codes, code, at.weights, length, column, list);
    };
    for (const { from, width, codes: own } of flags) {
      takeCodes(codes, own, { block, from: 0 });
      for (let k = 0; k < width; k++) light(from + k);
    }
    codes.fill(0);
    light(0);
    kernels.sumLit(
      ...[at.scaled, panels / PANELS_AT_ONCE, first, lights],
      ...[at.lit, at.counts, at.sums, stride],
    );
    for (const { from, codes: own, sumsRow } of categories) {
      takeCodes(codes, own, { block, from });
      kernels.scatter(at.scaled, panels, at.codes, length, at.sums + sumsRow * stride, stride);
    }
  }
  return gather(matrix.width + 1, plan, new Float64Array(buffer, at.sums, (at.values - at.sums) / 8));
}

function layOut(matrix: DesignMatrix): Plan {
  const flags = flagsOf(matrix).flatMap(({ from, width }) =>
    Array.from({ length: width }, (_, k) => from + k),
  );
  const lights = flags.length + 1;
  const numberPanels = Math.ceil(matrix.dense.length / PANEL_COLUMNS);
  const first = numberPanels * PANEL_COLUMNS;
  const panels = Math.ceil((first + lights) / PANEL_COLUMNS / PANELS_AT_ONCE) * PANELS_AT_ONCE;
  let sumsRow = panels * PANEL_COLUMNS;
  const categories = categoriesOf(matrix).map((each) => {
    const placed = { ...each, sumsRow };
    sumsRow += each.width;
    return placed;
  });
  let end = 0;
  const reserve = (bytes: number) => {
    const start = end;
    end += Math.ceil(bytes / 16) * 16;
    return start;
  };
  const at = {
    plain: reserve(numberPanels * PANEL_BYTES),
    scaled: reserve(panels * PANEL_BYTES),
    sums: reserve(sumsRow * panels * PANEL_COLUMNS * 8),
    values: reserve(PANEL_ROWS * 8),
    weights: reserve(PANEL_ROWS * 8),
    codes: reserve(PANEL_ROWS * 4),
    counts: reserve(lights * 4),
    lit: reserve(lights * PANEL_ROWS * 4),
  };
  const columns = [
    ...matrix.dense.map(({ at }, place) => ({ at, place })),
    ...[...flags, matrix.width].map((at, k) => ({ at, place: first + k })),
  ];
  return { first, lights, numberPanels, panels, categories, columns, at: { ...at, end } };
}

/** Bytes from the first panel to a place's first row. */
const columnOf = (place: number): number =>
  Math.floor(place / PANEL_COLUMNS) * PANEL_BYTES + (place % PANEL_COLUMNS) * 8;

function takeNumbers(into: Float64Array, values: Float64Array, rows: Int32Array): void {
  for (let i = 0; i < rows.length; i++) into[i] = values[rows[i]];
}

/** Codes counted from `from`, those of nothing below zero. */
function takeCodes(
  into: Int32Array,
  codes: Int32Array,
  { block, from }: { block: Int32Array; from: number },
): void {
  for (let i = 0; i < block.length; i++) into[i] = codes[block[i]] - from;
}

/** The sums where their coefficients stand. */
function gather(size: number, plan: Plan, sums: Float64Array): Float64Array {
  const { panels, categories, columns } = plan;
  const gram = new Float64Array(size * size);
  const width = panels * PANEL_COLUMNS;
  const copy = (into: number, sumsRow: number, count: number) => {
    for (let k = 0; k < count; k++) {
      const { at, place } = columns[k];
      gram[into * size + at] = sums[sumsRow * width + place];
    }
  };
  for (let j = 0; j < columns.length; j++) copy(columns[j].at, columns[j].place, j + 1);
  for (const { from, width: levels, sumsRow } of categories) {
    for (let level = 0; level < levels; level++) copy(from + level, sumsRow + level, columns.length);
  }
  return gram;
}
