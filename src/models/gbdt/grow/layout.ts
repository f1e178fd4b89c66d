// Where everything stands in the memory that all threads share.
import { AppError } from '../../../core/errors.ts';
import { webAssembly } from '../../../tensor/web-assembly.ts';
import {
  BLOCK_WIDTH,
  COLUMN_CELLS,
  FOUND_LENGTH,
  TERMS_LENGTH,
  TILE_PITCH,
  TILE_ROWS,
  UNPACKED,
} from '../kernels/kernels.ts';
import type { SharedMemory } from '../kernels/simd.ts';

/** A cache line: no two arrays share one. */
const ALIGNMENT = 64;
const PAGE_BYTES = 65_536;
const PAGES_AT_MOST = 65_535;
/** Histograms beyond this are counted anew when they are needed. */
const POOL_BYTES = 256 * 2 ** 20;

/** Plain data, so that a thread gets it as it is. All positions are byte addresses. */
export interface Layout {
  readonly rows: number;
  readonly threads: number;
  /** A number of bits that `rows` fits in. */
  readonly countBits: number;
  /** Bins of each column, the one for missing included. */
  readonly bins: readonly number[];
  /** u8 [rows, stride]: all bins of a row together, for counting. */
  readonly table: number;
  readonly stride: number;
  /** u8 [columns, rows]: all bins of a column together, for parting; 0 where the memory has no room for it. */
  readonly columns: number;
  /** f32 [rows] each. */
  readonly gradient: number;
  readonly curvature: number;
  /** i32 pairs [rows, 2] in whole steps. */
  readonly pairs: number;
  /** i32 [rows]: rows by node; where a node's two sides are parted. */
  readonly order: number;
  readonly lefts: number;
  readonly rights: number;
  /** i32 [rows] */
  readonly leafOfRow: number;
  /** u8 [256] */
  readonly flags: number;
  readonly histograms: number;
  readonly cellBytes: number;
  readonly histogramBytes: number;
  readonly slots: number;
  /** What each thread keeps to itself, `privateBytes` apart: a histogram, a tile, its pairs, an unpacked column. */
  readonly private: number;
  readonly privateBytes: number;
  readonly tile: number;
  readonly ordered: number;
  readonly unpacked: number;
  /** `TERMS` of two nodes: those a cut has made. */
  readonly terms: number;
  /** u8 [2, columns]: which columns either may cut. */
  readonly open: number;
  /** i32 [threads]: how many rows of its share each sent left. */
  readonly leftCounts: number;
  /** `FOUND` by node and column. */
  readonly found: number;
  /** What threads tell each other. */
  readonly words: number;
  readonly bytes: number;
}

export const WORDS_BYTES = 4096;

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Blocks of eight columns, the last one perhaps in part. */
export const blockCount = (columns: number): number => Math.ceil(columns / BLOCK_WIDTH);

export interface LayoutOptions {
  readonly rows: number;
  readonly threads: number;
  readonly bins: readonly number[];
  readonly leaves: number;
  readonly cellBytes: number;
}

/** The table by columns as well, unless memory would not hold it. */
export function planLayout(options: LayoutOptions): Layout {
  const twice = planned(options, true);
  return twice.bytes <= (PAGES_AT_MOST - 1) * PAGE_BYTES ? twice : planned(options, false);
}

function planned(options: LayoutOptions, byColumn: boolean): Layout {
  const { rows, threads, bins, leaves, cellBytes } = options;
  // The first page is left to the kernels' compiler; address 0 means "none".
  let next = PAGE_BYTES;
  const take = (bytes: number): number => {
    const at = next;
    next += aligned(bytes);
    return at;
  };
  const blocks = blockCount(bins.length);
  const histogramBytes = aligned(blocks * BLOCK_WIDTH * COLUMN_CELLS * cellBytes);
  const slots = Math.max(2, Math.min(leaves + 1, Math.floor(POOL_BYTES / Math.max(1, histogramBytes))));
  const stride = strideOf(bins.length);
  const tile = histogramBytes;
  const ordered = tile + aligned(blocks * TILE_PITCH);
  const unpacked = ordered + aligned(TILE_ROWS * 8);
  const privateBytes = unpacked + aligned(256 * UNPACKED * 8);
  const layout = {
    ...{
      rows,
      threads,
      bins,
      stride,
      cellBytes,
      histogramBytes,
      slots,
      tile,
      ordered,
      unpacked,
      privateBytes,
    },
    countBits: Math.floor(Math.log2(Math.max(1, rows))) + 1,
    // A tile reads whole blocks, beyond the last row's end too.
    table: take(rows * stride + BLOCK_WIDTH),
    columns: byColumn ? take(rows * bins.length) : 0,
    gradient: take(rows * 4),
    curvature: take(rows * 4),
    pairs: take(rows * 8),
    order: take(rows * 4),
    lefts: take((rows + threads) * 4),
    rights: take((rows + threads) * 4),
    leafOfRow: take(rows * 4),
    flags: take(256),
    histograms: take(slots * histogramBytes),
    private: take(threads * privateBytes),
    terms: take(2 * TERMS_LENGTH * 8),
    open: take(2 * bins.length),
    leftCounts: take(threads * 4),
    found: take(2 * bins.length * FOUND_LENGTH * 8 + 16),
    words: take(WORDS_BYTES),
  };
  return { ...layout, bytes: next };
}

/** Whole cache lines a row where that costs little, else whole blocks. */
function strideOf(columns: number): number {
  const lines = aligned(columns);
  return lines <= 1.3 * columns ? lines : blockCount(columns) * BLOCK_WIDTH;
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
