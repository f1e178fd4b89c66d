// One block of memory for everything training keeps: parameters, gradients, optimiser state.
import { AppError } from '../core/errors.ts';
import { type LinearMemory, webAssembly } from './web-assembly.ts';

/** A cache line: no two arrays share one, and vector loads never straddle. */
const ALIGNMENT = 64;
const PAGE_BYTES = 65_536;
/** Addresses are 32 bits; the last page stays out so that the end of an array is an address too. */
const PAGES_AT_MOST = 65_535;

/**
 * Typed arrays side by side in one `WebAssembly.Memory`, for kernels to work on in place and for onnxruntime to read
 * without a copy. Nothing is freed: it lives and goes as a whole. The memory is never grown (that would detach every
 * array) and not shared (onnxruntime refuses shared memory). It starts as zeros, and pages that are never touched
 * take no physical memory.
 */
export interface Arena {
  readonly memory: LinearMemory;
  /** Zeros. @throws AppError USAGE when the arena is full */
  floats(count: number): Float32Array<ArrayBuffer>;
  /** Zeros. @throws AppError USAGE when the arena is full */
  ints(count: number): Int32Array<ArrayBuffer>;
  /** Taken so far, alignment included. */
  readonly bytesUsed: number;
  readonly bytesTotal: number;
}

/** Bytes an arena needs for arrays of these lengths (4 bytes an element), alignment included. */
export const arenaBytes = (counts: readonly number[]): number =>
  counts.reduce((sum, count) => sum + aligned(count * 4), 0);

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/**
 * An arena of at least `bytes`; `arenaBytes` says how many are needed.
 *
 * @throws AppError USAGE over 4 GB less two pages, or when the machine refuses the memory
 */
export function createArena(bytes: number): Arena {
  const pages = Math.max(1, Math.ceil(bytes / PAGE_BYTES));
  const most = PAGES_AT_MOST - 1;
  if (!(bytes >= 0) || pages > most) {
    throw new AppError(
      'USAGE',
      `arena: expected between 0 and ${most * PAGE_BYTES} bytes, got ${bytes}; train a smaller model, or keep fewer moments (sgd instead of adamw)`,
    );
  }
  const memory = reserve(pages + 1);
  const { buffer } = memory;
  const bytesTotal = pages * PAGE_BYTES;
  // The first page is left to the kernels' compiler, so that address 0 means "none" and its data never meet ours.
  let next = PAGE_BYTES;
  const take = (count: number): number => {
    const needed = aligned(count * 4);
    const available = PAGE_BYTES + bytesTotal - next;
    if (needed > available) {
      throw new AppError(
        'USAGE',
        `arena: needed ${needed} bytes, ${available} of ${bytesTotal} are free; create it with arenaBytes of all arrays`,
        { needed, available },
      );
    }
    const offset = next;
    next += needed;
    return offset;
  };
  return {
    memory,
    floats: (count) => new Float32Array(buffer, take(count), count),
    ints: (count) => new Int32Array(buffer, take(count), count),
    get bytesUsed() {
      return next - PAGE_BYTES;
    },
    bytesTotal,
  };
}

function reserve(pages: number): LinearMemory {
  try {
    return new webAssembly.Memory({ initial: pages, maximum: pages });
  } catch (cause) {
    throw new AppError(
      'USAGE',
      `arena: this machine refused ${pages * PAGE_BYTES} bytes; close other programs or train a smaller model`,
      {},
      cause,
    );
  }
}
