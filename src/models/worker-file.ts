// Starting a worker of one's own, for rooms that know models and not how they are trained.
import { Worker } from 'node:worker_threads';
import { workerFile } from '../nn/trainer/worker/worker-file.ts';

/**
 * @param name of the worker's file, without its ending, as seen from `neighbour`
 * @param neighbour `import.meta.url` of the module that starts it
 */
export const startWorker = (name: string, neighbour: string, workerData: unknown): Worker =>
  new Worker(...workerFile(name, neighbour, workerData));
