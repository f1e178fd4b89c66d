// The WebAssembly walk over a packed forest, and threads that take stripes of its trees as this one does.
import { Worker } from 'node:worker_threads';
import { type LinearMemory, webAssembly } from '../../../../tensor/web-assembly.ts';
import { KERNEL_BASE64 } from './bytes.ts';

export interface ExplainKernel {
  /** Sums the contributions of a stripe of trees for the block of rows that lies ready. */
  explain(plan: number, desk: number, stripe: number): void;
}

/** What a helper shares with this thread, in words: it wakes when the wave changes, and takes stripes until all are taken. */
export const WORK = { wave: 0, next: 1, done: 2, stripes: 3, words: 4 } as const;

let compiled: object | undefined;

function kernelModule(): object | undefined {
  if (compiled) return compiled;
  const bytes = Uint8Array.from(atob(KERNEL_BASE64), (character) => character.charCodeAt(0));
  if (typeof SharedArrayBuffer === 'undefined' || !webAssembly.validate(bytes)) return undefined;
  compiled = new webAssembly.Module(bytes);
  return compiled;
}

/** Whether this machine has WebAssembly SIMD and shares memory between threads. */
export const hasKernel = (): boolean => kernelModule() !== undefined;

/** `undefined` where `hasKernel` is false. */
export function explainKernel(memory: LinearMemory): ExplainKernel | undefined {
  const module = kernelModule();
  return module && (new webAssembly.Instance(module, { env: { memory } }).exports as ExplainKernel);
}

/** A thread's whole program, so short that it needs none of our files, TypeScript or not. */
const HELP = `
const { module, memory, plan, desk, work } = require('node:worker_threads').workerData;
const kernel = new WebAssembly.Instance(module, { env: { memory } }).exports;
const words = new Int32Array(memory.buffer, work, ${WORK.words});
for (let seen = 0; ; ) {
  for (let wave; (wave = Atomics.load(words, ${WORK.wave})) === seen || (seen = wave, false);) Atomics.wait(words, ${WORK.wave}, seen);
  for (let stripe; (stripe = Atomics.add(words, ${WORK.next}, 1)) < Atomics.load(words, ${WORK.stripes});) {
    kernel.explain(plan, desk, stripe);
    Atomics.add(words, ${WORK.done}, 1);
  }
}
`;

export interface HelperPlace {
  readonly memory: LinearMemory;
  readonly plan: number;
  readonly desk: number;
  readonly work: number;
}

/** Starts a thread that helps in every wave; `terminate` ends it. */
export const startHelper = (place: HelperPlace): Worker =>
  new Worker(HELP, { eval: true, execArgv: [], workerData: { ...place, module: kernelModule() } });
