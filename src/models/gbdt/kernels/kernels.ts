// The loops a tree is grown with, over addresses of one shared memory: what each computes.

/** Bytes of one histogram cell: Σ gradient, Σ curvature and the number of rows, each a double that holds an integer. */
export const CELL_BYTES = 24;
/** Bytes of the private cells `accumulate` fills for one block of columns, in whatever form it likes. */
export const SCRATCH_BYTES = 8 * 257 * CELL_BYTES;
/** Columns of one block at most; their bins stand side by side, row after row. */
export const BLOCK_WIDTH = 8;
/** Rows `accumulate` may see between two `flush`es. */
export const CHUNK_ROWS = 65_536;

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

/**
 * Arguments are byte addresses (multiples of an element's size) and counts. Sums are of integers and therefore exact:
 * whoever adds them in whatever order gets the same bits. Both implementations give the same bits for the same input.
 */
export interface GrowKernels {
  readonly kind: 'simd' | 'plain';
  /** Largest |x| of f32 [count]; NaN or infinity when one of them is. */
  largest(values: number, count: number): number;
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
  /** into[i] = pairs[rows[i]] */
  gatherPairs(pairs: number, rows: number, count: number, into: number): void;
  /**
   * Adds rows to the private cells of one block: row r's bins stand at bins + r · width, width one of 1, 2, 4, 8.
   * pairs[i] belongs to rows[i].
   */
  accumulate(bins: number, width: number, rows: number, pairs: number, count: number, cells: number): void;
  /** Adds the private cells of column `lane` of a block to a histogram, or writes them over it, and zeroes them. */
  flush(cells: number, lane: number, bins: number, histogram: number, adds: boolean): void;
  /** histogram −= other, [cells] */
  subtract(histogram: number, other: number, cells: number): void;
  /**
   * The best cut of a number column of `bins` bins, the last for missing: every edge, missing on either side; cutting
   * after the last real bin parts known from missing.
   *
   * @param terms `TERMS` @param direction +1 values never fall to the right, −1 never rise, 0 free @param found `FOUND`
   */
  scan(histogram: number, bins: number, terms: number, direction: number, found: number): void;
  /**
   * Parts rows by the flag of their bin (flags u8 [256], 1 = left), both sides in their old order: the left ones to
   * `left`, the others to `right`, each of which has room for all and one more. Row r's bin stands at bins + r · stride.
   *
   * @returns how many went left
   */
  part(
    bins: number,
    stride: number,
    flags: number,
    rows: number,
    count: number,
    left: number,
    right: number,
  ): number;
  /** i32 into[rows[i]] = value */
  scatter(rows: number, count: number, into: number, value: number): void;
  /**
   * Bins of f64 [count]: the number of edges below the value, edges + 1 where it is NaN; written every `stride` bytes.
   * The edges, 253 at most, are followed by infinities up to 255 doubles.
   */
  bin(values: number, count: number, edges: number, edgeCount: number, into: number, stride: number): void;
}
