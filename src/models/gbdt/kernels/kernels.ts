// The loops a tree is grown with, over addresses of one shared memory: what each computes.

/** Columns counted together: their cells stay in the nearest cache. */
export const BLOCK_WIDTH = 8;
/** Cells from one column of a histogram to the next: 256 and one more, so that equal bins do not share a cache set. */
export const COLUMN_CELLS = 257;
/** Rows whose bins are brought together before they are counted. */
export const TILE_ROWS = 512;
/** Bytes of one block of a tile: eight bins a row, and a cache line so that blocks do not share a set. */
export const TILE_PITCH = TILE_ROWS * BLOCK_WIDTH + 64;

/** Doubles that tell `scan` about a node, by position. */
export const TERMS = {
  /** Sums of the node, in whole steps. */
  gradient: 0,
  curvature: 1,
  rows: 2,
  /** What one step is worth. */
  gradientUnit: 3,
  curvatureUnit: 4,
  ridge: 5,
  lasso: 6,
  minRows: 7,
  minCurvature: 8,
  /** Leaf values stay between these. */
  lowest: 9,
  highest: 10,
  /** 1 where a direction or the two above bind: cuts are then judged by the values they may give. */
  bounded: 11,
  /** What a cut's two sides must reach together. */
  floor: 12,
} as const;
export const TERMS_LENGTH = 13;

/** Doubles that `scan` answers with, by position. */
export const FOUND = {
  /** Σ gradient² / (Σ curvature + ridge) of the two sides, or its like where values are bounded; 0: no cut. */
  score: 0,
  lastBin: 1,
  missingLeft: 2,
  /** Sums of the left side, in whole steps. */
  gradient: 3,
  curvature: 4,
  rows: 5,
} as const;
export const FOUND_LENGTH = 6;

/** Doubles of one unpacked cell: Σ gradient, Σ curvature, rows. */
export const UNPACKED = 3;

/**
 * Arguments are byte addresses (multiples of an element's size) and counts. Sums are of integers and therefore exact:
 * whoever adds them in whatever order gets the same bits. Both implementations give the same bits for the same input,
 * though what a cell looks like is their own affair. `countBits`: a number of bits that the number of rows fits in.
 */
export interface GrowKernels {
  readonly kind: 'simd' | 'plain';
  /** Bytes of a histogram's cell. All zero bytes is an empty one. */
  readonly cellBytes: number;
  /** Largest |x| of f32 [count]; NaN or infinity when one of them is. */
  largest(values: number, count: number): number;
  /** Σ of f32 [count] in double precision, element i in partial sum i mod 4. */
  total(values: number, count: number): number;
  /** i32 into[2i], into[2i + 1] = round(f32 gradient[i] · scale), round(f32 curvature[i] · scale), ties to even. */
  quantise(
    gradient: number,
    curvature: number,
    count: number,
    gradientScale: number,
    curvatureScale: number,
    into: number,
  ): void;
  /** Σ of i32 pairs over the rows, as two f64. Address 0 for `rows` stands for 0, 1, 2, … here and below. */
  sumPairs(pairs: number, rows: number, count: number, into: number): void;
  clear(address: number, bytes: number): void;
  /**
   * Brings the bins and pairs of at most `TILE_ROWS` rows together: `blocks` times eight bins a row, row r's at
   * bins + r · stride, block b's to tile + b · TILE_PITCH.
   */
  gather(
    bins: number,
    stride: number,
    blocks: number,
    rows: number,
    count: number,
    tile: number,
    pairs: number,
    ordered: number,
  ): void;
  /** Adds rows to the cells of `width` (1, 2, 4 or 8) columns; the i-th row's bins at bins + i · stride. */
  accumulate(
    bins: number,
    stride: number,
    width: number,
    pairs: number,
    count: number,
    cells: number,
    countBits: number,
  ): void;
  /** cells += other, [count] */
  add(cells: number, other: number, count: number): void;
  /** cells −= other, [count] */
  subtract(cells: number, other: number, count: number): void;
  /** Cells as `UNPACKED` doubles each. */
  unpack(cells: number, count: number, countBits: number, into: number): void;
  /**
   * The best cut of a number column of `bins` bins, the last for missing: every edge, missing on either side; cutting
   * after the last real bin parts known from missing.
   *
   * @param terms `TERMS` @param direction +1 values never fall to the right, −1 never rise, 0 free @param found `FOUND`
   */
  scan(cells: number, bins: number, countBits: number, terms: number, direction: number, found: number): void;
  /**
   * Parts rows by the flag of their bin (flags u8 [256], 1 = left), both sides in their old order: the left ones to
   * `left`, the others to `right`, each of which has room for all and one more. Row r's bin stands at bins + r · stride.
   * Without an address of rows they are first, first + 1, …
   *
   * @returns how many went left
   */
  part(
    bins: number,
    stride: number,
    flags: number,
    rows: number,
    first: number,
    count: number,
    left: number,
    right: number,
  ): number;
  /** f64 values[i] = 1 / (1 + exp(−values[i])), an even number of them. */
  sigmoid(values: number, count: number): void;
  /** i32 into[i] = from[i], [count] */
  copy(from: number, count: number, into: number): void;
  /** i32 into[rows[i]] = value */
  scatter(rows: number, count: number, into: number, value: number): void;
  /**
   * Bins of f64 [count]: the number of edges below the value, edges + 1 where it is NaN; to `into` and, every `stride`
   * bytes, to `spread`. The edges, 253 at most, are followed by infinities up to 255 doubles.
   */
  bin(
    values: number,
    count: number,
    edges: number,
    edgeCount: number,
    into: number,
    spread: number,
    stride: number,
  ): void;
}
