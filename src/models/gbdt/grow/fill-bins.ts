// The table as bins: one byte a row and column, blocks of columns row after row.
import { invariant } from '../../../core/errors.ts';
import type { Frame } from '../../../core/frame.ts';
import { pause } from '../../../core/pause.ts';
import { binsOfCodes, columnOf } from './binned-inputs.ts';
import type { BinnedInput } from './grower.ts';
import type { GrowContext } from './node-work.ts';

export interface BinSource {
  readonly frame: Frame;
  readonly inputs: readonly BinnedInput[];
  readonly signal?: AbortSignal;
}

/** Rows written at a time: their lines of the table stay near until the last column has been written. */
const ROWS_AT_ONCE = 4096;
/** Rows between two turns of the event loop. */
const ROWS_A_TURN = 16 * ROWS_AT_ONCE;
/** Edges of a column, filled up with infinities. */
const EDGES = 255;

/** @throws AppError SHAPE when an input has no column of its kind, INTERRUPTED */
export async function fillBins(context: GrowContext, { frame, inputs, signal }: BinSource): Promise<void> {
  const { layout, kernels, f64, u8 } = context;
  // Histograms are not in use yet: values and edges pass through their memory.
  const staging = layout.histograms / 8;
  const edges = staging + ROWS_AT_ONCE;
  const columns = inputs.map((input, i) => {
    if (input.kind === 'number') {
      f64.fill(Number.POSITIVE_INFINITY, edges + i * EDGES, edges + (i + 1) * EDGES);
      f64.set(input.edges, edges + i * EDGES);
    }
    return source(columnOf(frame, input), input);
  });
  for (let from = 0; from < frame.rows; from += ROWS_AT_ONCE) {
    const to = Math.min(frame.rows, from + ROWS_AT_ONCE);
    for (const [i, { values, codes, bins }] of columns.entries()) {
      // Without a table by columns the first copy goes where it harms nobody.
      const into = layout.columns > 0 ? layout.columns + i * layout.rows + from : layout.lefts;
      const spread = layout.table + from * layout.stride + i;
      if (values !== undefined) {
        f64.set(values.subarray(from, to), staging);
        const at = (edges + i * EDGES) * 8;
        kernels.bin(staging * 8, to - from, at, bins.length, into, spread, layout.stride);
        continue;
      }
      for (let row = from; row < to; row++) {
        const bin = bins[codes[row] + 1];
        u8[into + row - from] = bin;
        u8[spread + (row - from) * layout.stride] = bin;
      }
    }
    if (from % ROWS_A_TURN === 0) await pause(signal);
  }
}

type Source =
  | { readonly values: Float64Array; readonly codes?: undefined; readonly bins: { readonly length: number } }
  /** Bin of each code, missing (−1) first. */
  | { readonly values?: undefined; readonly codes: Int32Array; readonly bins: Uint8Array };

function source(column: ReturnType<typeof columnOf>, input: BinnedInput): Source {
  if (column.kind === 'number' && input.kind === 'number')
    return { values: column.values, bins: input.edges };
  invariant(column.kind === 'category' && input.kind === 'category', "a column is of its input's kind");
  const known = binsOfCodes(input, column.levels);
  return { codes: column.codes, bins: Uint8Array.of(input.levels.length + 1, ...known) };
}
