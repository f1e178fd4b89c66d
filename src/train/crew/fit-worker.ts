// A thread of a crew: fits what it is sent, one at a time, until it is told to end.
import { parentPort } from 'node:worker_threads';
import { invariant } from '../../core/errors.ts';
import { silent } from '../../core/progress.ts';
import { estimatorById, fitModel } from '../../models/catalogue.ts';
import type { Sample, SavedModel } from '../../models/estimator.ts';
import { type SentError, sendError } from '../../nn/trainer/worker/worker-messages.ts';

export type ToFitWorker =
  | { readonly kind: 'fit'; readonly estimator: string; readonly sample: Sample; readonly seed: number }
  /** Stops the fit it is in. */
  | { readonly kind: 'abort' }
  | { readonly kind: 'close' };

export type FromFitWorker =
  | { readonly kind: 'fitted'; readonly model: SavedModel; readonly seconds: number }
  | { readonly kind: 'failed'; readonly error: SentError };

invariant(parentPort !== null, 'a thread of a crew is not started as a script');
const port = parentPort;
let stop = new AbortController();

port.on('message', async (message: ToFitWorker) => {
  if (message.kind === 'abort') stop.abort();
  if (message.kind === 'close') port.close();
  if (message.kind !== 'fit') return;
  stop = new AbortController();
  const { estimator, sample, seed } = message;
  const run = { seed, threads: 1, progress: silent, signal: stop.signal };
  let answer: FromFitWorker;
  try {
    const startedMs = performance.now();
    const model = await fitModel(estimatorById(estimator), sample, undefined, run);
    answer = { kind: 'fitted', model: model.save(), seconds: (performance.now() - startedMs) / 1000 };
  } catch (error) {
    answer = { kind: 'failed', error: sendError(error) };
  }
  port.postMessage(answer);
});
