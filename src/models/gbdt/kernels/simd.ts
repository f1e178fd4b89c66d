// The kernels as WebAssembly over the memory all threads share.
import { webAssembly } from '../../../tensor/web-assembly.ts';
import { KERNEL_BASE64 } from './bytes.ts';
import type { GrowKernels } from './kernels.ts';

/** A block of memory that threads share; never grown. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}

/** Bytes of a cell. */
export const SIMD_CELL_BYTES = 16;

const binary = (): Uint8Array => Uint8Array.from(atob(KERNEL_BASE64), (letter) => letter.charCodeAt(0));

/** Whether this machine has WebAssembly SIMD. */
export const hasSimd = (): boolean => webAssembly.validate(binary());

/** Kernels over this memory, for a machine that has SIMD. */
export function simdKernels(memory: SharedMemory): GrowKernels {
  const instance = new webAssembly.Instance(new webAssembly.Module(binary()), { env: { memory } });
  return { ...(instance.exports as GrowKernels), kind: 'simd', cellBytes: SIMD_CELL_BYTES };
}
