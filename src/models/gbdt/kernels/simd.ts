// The kernels as WebAssembly over the memory all threads share.
import { webAssembly } from '../../../tensor/web-assembly.ts';
import { KERNEL_BASE64 } from './bytes.ts';
import type { GrowKernels } from './kernels.ts';

/** A block of memory that threads share; never grown. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}

/** Kernels over this memory; `undefined` where WebAssembly SIMD is missing. */
export function simdKernels(memory: SharedMemory): GrowKernels | undefined {
  const bytes = Uint8Array.from(atob(KERNEL_BASE64), (character) => character.charCodeAt(0));
  if (!webAssembly.validate(bytes)) return undefined;
  const instance = new webAssembly.Instance(new webAssembly.Module(bytes), { env: { memory } });
  return { ...(instance.exports as GrowKernels), kind: 'simd' };
}
