// Counting a node's rows into its histogram and looking for the best cut, one block of columns at a time.
import {
  BLOCK_WIDTH,
  CELL_BYTES,
  FOUND,
  FOUND_LENGTH,
  type GrowKernels,
  TERMS_LENGTH,
} from '../kernels/kernels.ts';
import { readTerms } from '../kernels/score.ts';
import { scanCategory } from './category-split.ts';
import type { Block, Layout } from './layout.ts';

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

/** One node to count, and which of two nodes to scan: the one counted, and its sibling made by subtraction. */
export interface NodeJob {
  /** Address of the node's rows; 0 for all rows in order. */
  readonly rows: number;
  /** Address of its pairs, in the order of its rows. */
  readonly pairs: number;
  readonly count: number;
  /** Histogram to fill. */
  readonly slot: number;
  /** The parent's histogram, which becomes the sibling's; −1 without one. */
  readonly parentSlot: number;
  readonly scansOwn: boolean;
  readonly scansSibling: boolean;
}

export const slotAddress = ({ histograms, histogramBytes }: Layout, slot: number): number =>
  histograms + slot * histogramBytes;

/** Address of what was found for a column of the counted node (0) or its sibling (1). */
export const foundAddress = ({ found, bins }: Layout, side: number, column: number): number =>
  found + (side * bins.length + column) * FOUND_LENGTH * 8;

export const termsAddress = ({ terms }: Layout, side: number): number => terms + side * TERMS_LENGTH * 8;

/** Counts rows [from, from + count) of the node for one block into a thread's private cells. */
export function countRows(
  { kernels }: GrowContext,
  { rows, pairs }: NodeJob,
  block: Block,
  { from, count, cells }: { from: number; count: number; cells: number },
): void {
  const bins = rows === 0 ? block.bins + from * block.width : block.bins;
  const index = rows === 0 ? 0 : rows + from * 4;
  kernels.accumulate(bins, block.width, index, pairs + from * 8, count, cells);
}

/** Moves what was counted into the node's histogram. @param adds false for the first to come */
export function flushBlock(
  { kernels, layout }: GrowContext,
  { slot }: NodeJob,
  block: Block,
  { cells, adds }: { cells: number; adds: boolean },
): void {
  const histogram = slotAddress(layout, slot);
  for (let lane = 0; lane < block.columns; lane++) {
    const column = block.firstColumn + lane;
    kernels.flush(cells, lane, layout.bins[column], histogram + layout.firstCell[column] * CELL_BYTES, adds);
  }
  // Lanes beyond the last column gathered everything in their bin 0, where another block has a column: emptied, into a
  // place that is written anew before it is read.
  for (let lane = block.columns; lane < block.width; lane++)
    kernels.flush(cells, lane, 1, layout.flags, false);
}

/** Once a block is counted: the sibling's histogram, and the best cut of each column for both. */
export function scanBlock(context: GrowContext, job: NodeJob, block: Block): void {
  const { kernels, layout } = context;
  const own = slotAddress(layout, job.slot);
  const sibling = slotAddress(layout, job.parentSlot);
  const first = layout.firstCell[block.firstColumn];
  const cells = layout.firstCell[block.firstColumn + block.columns] - first;
  if (job.parentSlot >= 0) kernels.subtract(sibling + first * CELL_BYTES, own + first * CELL_BYTES, cells);
  for (let column = block.firstColumn; column < block.firstColumn + block.columns; column++) {
    if (job.scansOwn) scanColumn(context, own, { column, side: 0 });
    if (job.scansSibling) scanColumn(context, sibling, { column, side: 1 });
  }
}

function scanColumn(
  { kernels, layout, f64, u8, isCategory, direction, categoryRidge }: GrowContext,
  histogram: number,
  { column, side }: { column: number; side: number },
): void {
  const found = foundAddress(layout, side, column);
  if (u8[layout.open + side * layout.bins.length + column] === 0) {
    f64[(found >> 3) + FOUND.score] = 0;
    return;
  }
  const cells = histogram + layout.firstCell[column] * CELL_BYTES;
  const terms = termsAddress(layout, side);
  if (isCategory[column] === 0) {
    kernels.scan(cells, layout.bins[column], terms, direction[column], found);
    return;
  }
  const node = readTerms(f64, terms, 0);
  const split = scanCategory(f64, cells >> 3, layout.bins[column], { node, extraRidge: categoryRidge });
  const answer = found >> 3;
  f64[answer + FOUND.score] = split?.score ?? 0;
  f64[answer + FOUND.gradient] = split?.gradient ?? 0;
  f64[answer + FOUND.curvature] = split?.curvature ?? 0;
  f64[answer + FOUND.rows] = split?.rows ?? 0;
}

/** Position of a column's bin in the memory: bin of row r at address + r · stride. */
export function binPosition({ blocks }: Layout, column: number): { address: number; stride: number } {
  const block = blocks[Math.floor(column / BLOCK_WIDTH)];
  return { address: block.bins + (column - block.firstColumn), stride: block.width };
}
