// onnxruntime on WebAssembly: the same graphs in a browser, and in Node where the native package is not wanted.

import { AppError } from '../../core/errors.ts';
import { readModel } from '../onnx/read.ts';
import { type Backend, backendOver, type Runtime, requireThreads } from './session.ts';

export interface WebBackendOptions {
  /**
   * Threads of all sessions together; 1 by default. More need a page that is cross-origin isolated (headers COOP
   * `same-origin` and COEP `require-corp`); elsewhere the answer is 1. The first backend of a process decides.
   */
  readonly threads?: number;
  /** URL of the folder that serves the package's `.wasm` and `.mjs` files; by default they lie beside its code. */
  readonly files?: string;
}

/**
 * The WebAssembly backend. Its package is an optional peer, so it is loaded only here. Inputs are copied in and outputs
 * out at each run, and the thread count of a session's own options is not used.
 *
 * @throws AppError NOT_FOUND when onnxruntime-web is not installed; USAGE for threads that are not a whole number from 1 on
 */
export async function openWebBackend({ threads = 1, files }: WebBackendOptions = {}): Promise<Backend> {
  requireThreads(threads);
  const runtime = await load();
  const { crossOriginIsolated } = globalThis as { readonly crossOriginIsolated?: boolean };
  runtime.env.wasm.numThreads = crossOriginIsolated === true ? threads : 1;
  if (files !== undefined) runtime.env.wasm.wasmPaths = files;
  return backendOver(
    runtime as unknown as Runtime,
    {
      name: 'onnxruntime-web',
      writesInto: false,
      options: ({ optimisation = 'all' }) => ({
        executionProviders: ['wasm'],
        graphOptimizationLevel: optimisation,
        logSeverityLevel: 3,
      }),
    },
    readModel,
  );
}

async function load() {
  try {
    // The build without WebGPU: half the size, and the same in Node and in a browser.
    return await import('onnxruntime-web/wasm');
  } catch (cause) {
    throw new AppError(
      'NOT_FOUND',
      'expected the package onnxruntime-web, found none; install it beside this one',
      {},
      cause,
    );
  }
}
