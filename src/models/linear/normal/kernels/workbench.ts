// The WebAssembly kernels of the normal equations, over one memory that is kept from call to call.
import { type LinearMemory, webAssembly } from '../../../../tensor/web-assembly.ts';
import { KERNEL_BASE64 } from './bytes.ts';

/** Rows of a block: a panel of so many stays in the processor's nearest cache. */
export const PANEL_ROWS = 256;
/** Columns of a panel, side by side. */
export const PANEL_COLUMNS = 4;
/** Bytes from one panel to the next, as in assembly/lanes.ts: the last ones keep panels out of each other's cache set. */
export const PANEL_BYTES = PANEL_ROWS * PANEL_COLUMNS * 8 + 64;
/** Panels that `sumLit` takes at a time. */
export const PANELS_AT_ONCE = 3;

/**
 * Arguments are byte addresses and counts; values, weights h and sums are f64, codes and levels i32, a stride is in
 * bytes. Panels are f64 [`PANEL_ROWS`, `PANEL_COLUMNS`], `PANEL_BYTES` apart; a column of one starts at its first row.
 * A sum over the rows of a block is formed in their order from zero and then added: nothing else is rounded.
 */
export interface NormalKernels {
  /** plain[row] = values[row], scaled[row] = values[row] · weights[row] in columns of panels. */
  spread(values: number, weights: number, rows: number, plain: number, scaled: number): void;
  /**
   * scaled[row] = weights[row] in the rows of this code and 0 in the others, in a column of a panel; where those
   * rows stand in a panel, in bytes, goes to u32 lit, which has room for all rows.
   *
   * @returns how many they are
   */
  light(codes: number, code: number, weights: number, rows: number, scaled: number, lit: number): number;
  /** sums[j, k] += Σ scaled[row, j] · plain[row, k] for all columns of `panels` panels with k's panel up to j's. */
  multiply(scaled: number, plain: number, panels: number, rows: number, sums: number, stride: number): void;
  /**
   * sums[j, k] += Σ scaled[row, k] over the rows lit for j, for the `flags` columns j from `first` on and at least all
   * k up to j, in `threes` · `PANELS_AT_ONCE` panels. The j-th list stands at lit + 4 · `PANEL_ROWS` · j, u32 counts[j]
   * long.
   */
  sumLit(
    scaled: number,
    threes: number,
    first: number,
    flags: number,
    lit: number,
    counts: number,
    sums: number,
    stride: number,
  ): void;
  /** sums[levels[row], k] += scaled[row, k], row by row; rows whose level is below zero are passed over. */
  scatter(scaled: number, panels: number, levels: number, rows: number, sums: number, stride: number): void;
  /**
   * U with Uᵀ U = a, in the upper triangle of symmetric a [size, size]; the stride is a multiple of 16 bytes. What is
   * left for a diagonal is lifted to `floor` before its root is taken.
   */
  factorise(a: number, size: number, stride: number, floor: number): void;
  /**
   * Moves next [size] to where the quadratic of curvature a and slopes pull [size] plus both penalties is lowest, in at
   * most so many sweeps. Room for one more behind an odd number of slopes.
   */
  descend(
    a: number,
    size: number,
    stride: number,
    next: number,
    pull: number,
    ridge: number,
    lasso: number,
    sweeps: number,
    tolerance: number,
  ): void;
}

export interface Workbench {
  readonly memory: LinearMemory;
  readonly kernels: NormalKernels;
}

const PAGE_BYTES = 65_536;
/** More than this would be held for nothing between two fits. */
const MOST_BYTES = 2 ** 28;

let compiled: object | undefined;
let bench: Workbench | undefined;

/**
 * Kernels over a memory of at least so many bytes, in which an earlier caller's numbers still lie.
 *
 * @returns `undefined` where this machine has no WebAssembly SIMD, or when more memory is asked for than we hold on to
 */
export function openWorkbench(bytes: number): Workbench | undefined {
  if (bytes > MOST_BYTES) return undefined;
  if (bench && bench.memory.buffer.byteLength >= bytes) return bench;
  if (!compiled) {
    const binary = Uint8Array.from(atob(KERNEL_BASE64), (letter) => letter.charCodeAt(0));
    if (!webAssembly.validate(binary)) return undefined;
    compiled = new webAssembly.Module(binary);
  }
  const pages = Math.ceil(bytes / PAGE_BYTES);
  const memory = new webAssembly.Memory({ initial: pages, maximum: pages });
  const instance = new webAssembly.Instance(compiled, { env: { memory } });
  bench = { memory, kernels: instance.exports as NormalKernels };
  return bench;
}
