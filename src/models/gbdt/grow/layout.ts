// Where everything stands in the memory that all threads share.
import { AppError } from '../../../core/errors.ts';
import { webAssembly } from '../../../tensor/web-assembly.ts';
import { BLOCK_WIDTH, CELL_BYTES, FOUND_LENGTH, SCRATCH_BYTES, TERMS_LENGTH } from '../kernels/kernels.ts';
import type { SharedMemory } from '../kernels/simd.ts';

/** A cache line: no two arrays share one. */
const ALIGNMENT = 64;
const PAGE_BYTES = 65_536;
const PAGES_AT_MOST = 65_535;
/** Histograms beyond this are counted anew when they are needed. */
const POOL_BYTES = 384 * 2 ** 20;

/** Neighbouring columns whose bins stand side by side, row after row. */
export interface Block {
  /** Address of row 0. */
  readonly bins: number;
  /** 1, 2, 4 or 8; columns beyond the last one are not looked at. */
  readonly width: number;
  readonly firstColumn: number;
  readonly columns: number;
}

/** Plain numbers, so that a thread gets it as it is. All positions are byte addresses. */
export interface Layout {
  readonly rows: number;
  readonly threads: number;
  /** Bins of each column, the one for missing included. */
  readonly bins: readonly number[];
  /** First cell of each column in a histogram, and their number at the end: [columns + 1]. */
  readonly firstCell: readonly number[];
  readonly blocks: readonly Block[];
  /** f32 [rows] each. */
  readonly gradient: number;
  readonly curvature: number;
  /** i32 pairs [rows, 2] in whole steps; by row, and in the order of the node at work. */
  readonly pairs: number;
  readonly ordered: number;
  /** i32 [rows]: rows by node; where a node's two sides are parted. */
  readonly order: number;
  readonly lefts: number;
  readonly rights: number;
  /** i32 [rows] */
  readonly leafOfRow: number;
  /** u8 [256] */
  readonly flags: number;
  readonly histograms: number;
  readonly histogramBytes: number;
  readonly slots: number;
  /** One a thread, `scratchBytes` apart. */
  readonly scratch: number;
  readonly scratchBytes: number;
  /** `TERMS` of two nodes: those a cut has made. */
  readonly terms: number;
  /** u8 [2, columns]: which columns either may cut. */
  readonly open: number;
  /** `FOUND` by node and column. */
  readonly found: number;
  /** i32 words and f64 words that threads tell each other things with. */
  readonly words: number;
  readonly bytes: number;
}

export const WORDS_BYTES = 4096;
/** What one thread keeps to itself: cells of a block. */
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

export function planLayout(options: {
  readonly rows: number;
  readonly threads: number;
  readonly bins: readonly number[];
  readonly leaves: number;
}): Layout {
  const { rows, threads, bins, leaves } = options;
  // The first page is left to the kernels' compiler; address 0 means "none".
  let next = PAGE_BYTES;
  const take = (bytes: number): number => {
    const at = next;
    next += aligned(bytes);
    return at;
  };
  const firstCell = [0];
  for (const count of bins) firstCell.push(firstCell[firstCell.length - 1] + count);
  const blocks: Block[] = [];
  for (let firstColumn = 0; firstColumn < bins.length; firstColumn += BLOCK_WIDTH) {
    const columns = Math.min(BLOCK_WIDTH, bins.length - firstColumn);
    const width = columns > 4 ? 8 : columns > 2 ? 4 : columns;
    blocks.push({ bins: take(rows * width), width, firstColumn, columns });
  }
  const histogramBytes = aligned(firstCell[firstCell.length - 1] * CELL_BYTES);
  const slots = Math.max(2, Math.min(leaves + 1, Math.floor(POOL_BYTES / Math.max(1, histogramBytes))));
  const layout = {
    rows,
    threads,
    bins,
    firstCell,
    blocks,
    gradient: take(rows * 4),
    curvature: take(rows * 4),
    pairs: take(rows * 8),
    ordered: take(rows * 8),
    order: take(rows * 4),
    lefts: take(rows * 4 + 4),
    rights: take(rows * 4 + 4),
    leafOfRow: take(rows * 4),
    flags: take(256),
    histograms: take(slots * histogramBytes),
    histogramBytes,
    slots,
    scratchBytes: aligned(SCRATCH_BYTES),
    scratch: take(threads * aligned(SCRATCH_BYTES)),
    terms: take(2 * TERMS_LENGTH * 8),
    open: take(2 * bins.length),
    found: take(2 * bins.length * FOUND_LENGTH * 8),
    words: take(WORDS_BYTES),
  };
  return { ...layout, bytes: next };
}

type Reserve = new (pages: { initial: number; maximum: number; shared: true }) => SharedMemory;

/** @throws AppError BAD_DATA over 4 GB, or when the machine refuses the memory */
export function reserveMemory({ bytes, rows, bins }: Layout): SharedMemory {
  const pages = Math.ceil(bytes / PAGE_BYTES) + 1;
  const size = `${rows} rows × ${bins.length} columns need ${Math.ceil(bytes / 2 ** 20)} MB`;
  if (pages > PAGES_AT_MOST)
    throw new AppError(
      'BAD_DATA',
      `expected a table that fits 4 GB of bins, ${size}; use fewer rows or columns`,
    );
  try {
    return new (webAssembly.Memory as unknown as Reserve)({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    throw new AppError(
      'BAD_DATA',
      `expected room for the bins, ${size} which this machine refused; close other programs or use fewer rows`,
      {},
      cause,
    );
  }
}
