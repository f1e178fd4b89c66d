// The kernels of an arena: SIMD WebAssembly where the machine has it, else plain TypeScript.
import type { Arena } from '../arena.ts';
import type { Kernels } from './kernels.ts';
import { plainKernels } from './plain.ts';
import { simdKernels } from './simd.ts';

/**
 * Kernels over an arena.
 *
 * @param simd false for plain TypeScript; otherwise WebAssembly, unless this machine has no WebAssembly SIMD
 */
export function createKernels(arena: Arena, { simd = true }: { simd?: boolean } = {}): Kernels {
  return (simd ? simdKernels(arena.memory) : undefined) ?? plainKernels();
}
