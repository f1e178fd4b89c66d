// The kernels of a shared memory: WebAssembly where the machine has SIMD, else plain TypeScript.
import type { GrowKernels } from './kernels.ts';
import { PLAIN_CELL_BYTES, plainKernels } from './plain.ts';
import { hasSimd, type SharedMemory, SIMD_CELL_BYTES, simdKernels } from './simd.ts';

/** @param simd false for plain TypeScript */
export const createGrowKernels = (memory: SharedMemory, simd: boolean): GrowKernels =>
  simd && hasSimd() ? simdKernels(memory) : plainKernels(memory.buffer);

/** Bytes of a histogram's cell under the kernels `createGrowKernels` would choose. */
export const cellBytes = (simd: boolean): number => (simd && hasSimd() ? SIMD_CELL_BYTES : PLAIN_CELL_BYTES);
