// onnxruntime on Node.

import * as runtime from 'onnxruntime-node';
import { readModel } from '../onnx/read.ts';
import { type Backend, backendOver, type Runtime } from './session.ts';

/** The native backend: several threads, inputs read where they lie. A run blocks the thread it is called on. */
export const nodeBackend: Backend = backendOver(
  runtime as unknown as Runtime,
  {
    name: 'onnxruntime-node',
    writesInto: true,
    options: ({ threads = 1, optimisation = 'all', spinMicroseconds = 200 }) => ({
      executionProviders: ['cpu'],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: optimisation,
      // With its memory pattern onnxruntime allocates all of a run once more from the second run on, and is no faster.
      enableMemPattern: false,
      logSeverityLevel: 3,
      extra: {
        session: {
          intra_op: {
            allow_spinning: spinMicroseconds > 0 ? '1' : '0',
            spin_duration_us: String(spinMicroseconds),
          },
          force_spinning_stop: '1',
        },
      },
    }),
  },
  readModel,
);
