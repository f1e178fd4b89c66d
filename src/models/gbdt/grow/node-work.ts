// Counting a node's rows into its histogram and looking for the best cut, a share of it for each thread.
import { createGrowKernels } from '../kernels/create.ts';
import {
  BLOCK_WIDTH,
  COLUMN_CELLS,
  FOUND,
  FOUND_LENGTH,
  type GrowKernels,
  TERMS_LENGTH,
  TILE_PITCH,
  TILE_ROWS,
  UNPACKED,
} from '../kernels/kernels.ts';
import { readTerms } from '../kernels/score.ts';
import type { SharedMemory } from '../kernels/simd.ts';
import { scoreCategory } from './category-split.ts';
import { blockCount, type Layout } from './layout.ts';

/** What never changes while trees grow; the same for every thread. */
export interface GrowContext {
  readonly kernels: GrowKernels;
  readonly layout: Layout;
  readonly f64: Float64Array;
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
  /** 1 = category, [columns]. */
  readonly isCategory: Uint8Array;
  /** +1, −1 or 0, [columns]. */
  readonly direction: Int8Array;
  readonly categoryRidge: number;
}

/** The same context for every thread, from what can be sent to it. */
export function growContext({
  memory,
  layout,
  simd,
  ...columns
}: {
  readonly memory: SharedMemory;
  readonly layout: Layout;
  readonly simd: boolean;
} & Pick<GrowContext, 'isCategory' | 'direction' | 'categoryRidge'>): GrowContext {
  const { buffer } = memory;
  return {
    kernels: createGrowKernels(memory, simd),
    layout,
    f64: new Float64Array(buffer),
    i32: new Int32Array(buffer),
    u8: new Uint8Array(buffer),
    ...columns,
  };
}

/** Rows of a node: `count` from `start` on in `order`, or in the table itself while a tree has only its root. */
export interface Stretch {
  readonly isWhole: boolean;
  readonly start: number;
  readonly count: number;
}

/** Which histograms to make, and which of the two nodes to scan: the one counted, and its sibling. */
export interface NodeJob {
  /** Histogram to fill. */
  readonly slot: number;
  /** The parent's histogram, which becomes the sibling's; −1 without one. */
  readonly parentSlot: number;
  readonly scansOwn: boolean;
  readonly scansSibling: boolean;
}

export const slotAddress = ({ histograms, histogramBytes }: Layout, slot: number): number =>
  histograms + slot * histogramBytes;

/** Bytes from one column of a histogram to the next. */
export const columnBytes = ({ cellBytes }: Layout): number => COLUMN_CELLS * cellBytes;

export const privateAddress = (layout: Layout, thread: number): number =>
  layout.private + thread * layout.privateBytes;

/** Address of what was found for a column of the counted node (0) or its sibling (1). */
export const foundAddress = ({ found, bins }: Layout, side: number, column: number): number =>
  found + (side * bins.length + column) * FOUND_LENGTH * 8;

export const termsAddress = ({ terms }: Layout, side: number): number => terms + side * TERMS_LENGTH * 8;

/** Position of a column's bins in the memory: row r's at address + r · stride. */
export function binPosition({ columns, rows, table, stride }: Layout, column: number) {
  return columns > 0 ? { address: columns + column * rows, stride: 1 } : { address: table + column, stride };
}

/** Adds a stretch of rows to a histogram, a tile of them at a time: their bins stay near while blocks take turns. */
export function countRows(
  { kernels, layout }: GrowContext,
  { isWhole, start, count }: Stretch,
  { thread, cells }: { thread: number; cells: number },
): void {
  const { table, stride, pairs, order, countBits } = layout;
  const columns = layout.bins.length;
  const blocks = blockCount(columns);
  const own = privateAddress(layout, thread);
  const tile = own + layout.tile;
  const ordered = own + layout.ordered;
  const end = start + count;
  for (let from = start; from < end; from += TILE_ROWS) {
    const rows = Math.min(TILE_ROWS, end - from);
    if (!isWhole) kernels.gather(table, stride, blocks, order + from * 4, rows, tile, pairs, ordered);
    for (let block = 0; block < blocks; block++) {
      const left = columns - block * BLOCK_WIDTH;
      const width = left > 4 ? 8 : left > 2 ? 4 : left;
      const into = cells + block * BLOCK_WIDTH * columnBytes(layout);
      if (isWhole) {
        const bins = table + from * stride + block * BLOCK_WIDTH;
        kernels.accumulate(bins, stride, width, pairs + from * 8, rows, into, countBits);
      } else {
        kernels.accumulate(tile + block * TILE_PITCH, BLOCK_WIDTH, width, ordered, rows, into, countBits);
      }
    }
  }
}

/** Once all rows of a column are counted: the sibling's histogram, and the best cut for both. */
export function scanColumn(
  context: GrowContext,
  job: NodeJob,
  { column, thread }: { column: number; thread: number },
): void {
  const { kernels, layout } = context;
  const own = slotAddress(layout, job.slot) + column * columnBytes(layout);
  const sibling = slotAddress(layout, job.parentSlot) + column * columnBytes(layout);
  if (job.parentSlot >= 0) kernels.subtract(sibling, own, layout.bins[column]);
  if (job.scansOwn) scanSide(context, own, { column, side: 0, thread });
  if (job.scansSibling) scanSide(context, sibling, { column, side: 1, thread });
}

function scanSide(
  context: GrowContext,
  cells: number,
  { column, side, thread }: { column: number; side: number; thread: number },
): void {
  const { kernels, layout, f64, u8, isCategory, direction, categoryRidge } = context;
  const found = foundAddress(layout, side, column);
  const terms = termsAddress(layout, side);
  const bins = layout.bins[column];
  if (u8[layout.open + side * layout.bins.length + column] === 0) f64[found / 8 + FOUND.score] = 0;
  else if (isCategory[column] === 0)
    kernels.scan(cells, bins, layout.countBits, terms, direction[column], found);
  else {
    const sums = unpackCells(context, cells, { count: bins, thread });
    f64[found / 8 + FOUND.score] = scoreCategory(sums, { node: readTerms(f64, terms, 0), categoryRidge });
  }
}

/** Cells of a column as doubles, three a bin; overwritten by the thread's next call. */
export function unpackCells(
  { kernels, layout, f64 }: GrowContext,
  cells: number,
  { count, thread }: { count: number; thread: number },
): Float64Array {
  const into = privateAddress(layout, thread) + layout.unpacked;
  kernels.unpack(cells, count, layout.countBits, into);
  return f64.subarray(into / 8, into / 8 + count * UNPACKED);
}
