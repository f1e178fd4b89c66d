// The WebAssembly kernels over a packed forest, and threads that run them on slots this one fills.
import { Worker } from 'node:worker_threads';
import { webAssembly } from '../../../tensor/web-assembly.ts';
import type { PackedForest } from '../packing/packed-forest.ts';
import { KERNEL_BASE64 } from './bytes.ts';

/** @param slot address of a slot whose columns and rows are filled in */
export interface ForestKernels {
  score(plan: number, slot: number): void;
  /** One row: columns [inputs], margins [outputs], without a stride. */
  scoreRow(plan: number, slot: number): void;
}

const kernelModule = (): object | undefined => {
  const bytes = Uint8Array.from(atob(KERNEL_BASE64), (character) => character.charCodeAt(0));
  return webAssembly.validate(bytes) ? new webAssembly.Module(bytes) : undefined;
};

/** `undefined` where this machine has no WebAssembly SIMD or shares no memory between threads. */
export function forestKernels({ memory }: PackedForest): ForestKernels | undefined {
  const module = kernelModule();
  if (!module) return undefined;
  return new webAssembly.Instance(module, { env: { memory } }).exports as ForestKernels;
}

/** What a slot is, in its first word. */
export const SLOT_STATE = { free: 0, filled: 1, done: 2 } as const;

/** A thread's whole program, so short that it needs none of our files, TypeScript or not. */
const SERVE = `
const { module, memory, plan, slot, slotBytes } = require('node:worker_threads').workerData;
const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports;
const heads = [0, 1].map((odd) => new Int32Array(memory.buffer, slot + odd * slotBytes, 1));
for (let odd = 0; ; odd = 1 - odd) {
  for (let state; (state = Atomics.load(heads[odd], 0)) !== ${SLOT_STATE.filled};) Atomics.wait(heads[odd], 0, state);
  kernels.score(plan, slot + odd * slotBytes);
  Atomics.store(heads[odd], 0, ${SLOT_STATE.done});
}
`;

/** Starts a thread that scores two slots in turn, whenever they are filled; `terminate` ends it. */
export function startHelper({ memory, plan, slotBytes }: PackedForest, slot: number): Worker {
  return new Worker(SERVE, {
    eval: true,
    execArgv: [],
    workerData: { module: kernelModule(), memory, plan, slot, slotBytes },
  });
}
