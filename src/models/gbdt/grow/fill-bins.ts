// The table as bins: one byte a row and column, blocks of columns row after row.
import { invariant } from '../../../core/errors.ts';
import type { Frame } from '../../../core/frame.ts';
import { pause } from '../../../core/pause.ts';
import { binsOfCodes, columnOf } from './binned-inputs.ts';
import type { BinnedInput } from './grower.ts';
import type { Layout } from './layout.ts';
import type { GrowContext } from './node-work.ts';

export interface BinSource {
  readonly frame: Frame;
  readonly inputs: readonly BinnedInput[];
  readonly signal?: AbortSignal;
}

/** Rows at a time, at most: their values wait in memory, and their lines of the table stay near until the last column. */
const ROWS_AT_ONCE = 8192;
/** Rows between two turns of the event loop. */
const ROWS_A_TURN = 8 * ROWS_AT_ONCE;
/** Edges of a column, filled up with infinities. */
const EDGES = 255;

/**
 * Values are copied into memory all threads see, some rows at a time, and binned there by all of them.
 *
 * @param binTogether has every thread call `binRows` for its share of those rows
 * @throws AppError SHAPE when an input has no column of its kind, INTERRUPTED
 */
export async function fillBins(
  context: GrowContext,
  binTogether: (waiting: { readonly start: number; readonly count: number }) => void,
  { frame, inputs, signal }: BinSource,
): Promise<void> {
  if (inputs.length === 0) return;
  const { layout, f64 } = context;
  const sources = inputs.map((input) => source(columnOf(frame, input), input));
  const { edges, staging, rowsAtOnce } = stagingOf(layout);
  for (const [i, { edges: own }] of sources.entries()) {
    if (own === undefined) continue;
    f64.fill(Number.POSITIVE_INFINITY, edges / 8 + i * EDGES, edges / 8 + (i + 1) * EDGES);
    f64.set(own, edges / 8 + i * EDGES);
  }
  for (let from = 0; from < frame.rows; from += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, frame.rows - from);
    for (const [i, { values, codes, bins }] of sources.entries()) {
      const at = staging / 8 + i * rowsAtOnce;
      if (values !== undefined) f64.set(values.subarray(from, from + count), at);
      else for (let row = 0; row < count; row++) f64[at + row] = bins[codes[from + row] + 1];
    }
    binTogether({ start: from, count });
    if (Math.floor(from / ROWS_A_TURN) !== Math.floor((from + count) / ROWS_A_TURN)) await pause(signal);
  }
}

/** A thread's rows [from, from + count) of those that wait, which are the table's `start`, start + 1, … */
export function binRows(
  { kernels, layout, f64, u8, isCategory }: GrowContext,
  { start, from, count }: { start: number; from: number; count: number },
): void {
  const { edges, staging, rowsAtOnce } = stagingOf(layout);
  const first = start + from;
  for (let column = 0; column < layout.bins.length; column++) {
    const values = staging + (column * rowsAtOnce + from) * 8;
    // Without a table by columns the first copy goes where it harms nobody.
    const into = layout.columns > 0 ? layout.columns + column * layout.rows + first : layout.lefts + first;
    const spread = layout.table + first * layout.stride + column;
    if (isCategory[column] === 0) {
      const edgeCount = layout.bins[column] - 2;
      kernels.bin(values, count, edges + column * EDGES * 8, edgeCount, into, spread, layout.stride);
      continue;
    }
    for (let row = 0; row < count; row++) {
      const bin = f64[values / 8 + row];
      u8[into + row] = bin;
      u8[spread + row * layout.stride] = bin;
    }
  }
}

/** Histograms are not in use yet: edges and values pass through their memory. */
function stagingOf({ histograms, histogramBytes, slots, bins }: Layout) {
  const edges = histograms;
  const staging = edges + bins.length * EDGES * 8;
  const room = slots * histogramBytes - bins.length * EDGES * 8;
  const rowsAtOnce = Math.min(ROWS_AT_ONCE, Math.floor(room / (8 * Math.max(1, bins.length))));
  return { edges, staging, rowsAtOnce };
}

type Source =
  | {
      readonly values: Float64Array;
      readonly edges: Float64Array;
      readonly codes?: undefined;
      readonly bins?: undefined;
    }
  /** Bin of each code, missing (−1) first. */
  | {
      readonly values?: undefined;
      readonly edges?: undefined;
      readonly codes: Int32Array;
      readonly bins: Uint8Array;
    };

function source(column: ReturnType<typeof columnOf>, input: BinnedInput): Source {
  if (column.kind === 'number' && input.kind === 'number')
    return { values: column.values, edges: input.edges };
  invariant(column.kind === 'category' && input.kind === 'category', "a column is of its input's kind");
  const known = binsOfCodes(input, column.levels);
  return { codes: column.codes, bins: Uint8Array.of(input.levels.length + 1, ...known) };
}
