// The kernels of a shared memory: WebAssembly where the machine has SIMD, else plain TypeScript.
import type { GrowKernels } from './kernels.ts';
import { plainKernels } from './plain.ts';
import { type SharedMemory, simdKernels } from './simd.ts';

/** @param simd false for plain TypeScript */
export function createGrowKernels(memory: SharedMemory, simd: boolean): GrowKernels {
  return (simd ? simdKernels(memory) : undefined) ?? plainKernels(memory.buffer);
}
