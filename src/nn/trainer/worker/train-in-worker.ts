// Training in a worker thread: the same events, while the caller's own event loop goes on.

import { Worker } from 'node:worker_threads';
import { type Progress, silent } from '../../../core/progress.ts';
import type { BatchSource } from '../batches/batch-source.ts';
import type { TrainingEvent } from '../events.ts';
import type { TrainingSettings } from '../train-options.ts';
import { serveBatches } from './batch-channel.ts';
import { createInbox } from './inbox.ts';
import type { TrainingDataModule } from './training-data.ts';
import { workerFile } from './worker-file.ts';
import { type FromWorker, receiveError, type ToWorker, type WorkerStart } from './worker-messages.ts';

export interface TrainInWorkerOptions extends TrainingSettings {
  /** A source read here, its batches sent over; or a module the worker imports, which costs this thread nothing. */
  readonly batches: BatchSource | TrainingDataModule;
  /** With a source; a module brings its own. */
  readonly validation?: BatchSource;
  /** Where checkpoints, metrics.ndjson and TensorBoard events go; without it nothing is kept and nothing resumed. */
  readonly folder?: string;
  /** How many of the newest checkpoints stay, 2 by default. */
  readonly keep?: number;
  readonly progress?: Progress;
  /** Once it fires the run saves itself and stops. */
  readonly signal?: AbortSignal;
}

/**
 * As `train`, in a worker. It may be a few dozen steps ahead of the events taken; leaving the loop stops it after the
 * step it is in.
 *
 * @throws AppError as `train`, with the code, message and details it had there; whatever a batch source throws
 */
export async function* trainInWorker(options: TrainInWorkerOptions): AsyncGenerator<TrainingEvent, void> {
  const { batches, validation, folder, keep, progress = silent, signal, ...settings } = options;
  const start: WorkerStart = {
    settings,
    folder,
    keep,
    hasValidation: validation !== undefined,
    isAborted: signal?.aborted ?? false,
    ...('url' in batches ? { module: { url: batches.url, settings: batches.settings } } : {}),
  };
  const worker = new Worker(...workerFile('./worker', import.meta.url, start));
  const post = (message: ToWorker, transfer: readonly ArrayBuffer[] = []): void =>
    worker.postMessage(message, transfer);
  const inbox = createInbox<TrainingEvent>();
  const server = serveBatches(
    { ...('url' in batches ? {} : { batches }), ...(validation === undefined ? {} : { validation }) },
    post,
    // The source's own error is worth more than what the worker makes of it.
    (error) => inbox.fail(error),
  );
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      inbox.fail(new Error(`the training worker ended with code ${code} before the run did`));
      resolve();
    });
  });
  worker.once('error', (error) => inbox.fail(error));
  worker.on('message', (message: FromWorker) => {
    if (server.receive(message)) return;
    if (message.kind === 'event') inbox.put(message.event);
    if (message.kind === 'note') progress.note(message.message);
    if (message.kind === 'failed') inbox.fail(receiveError(message.error));
    if (message.kind === 'done') inbox.end();
  });
  const abort = (): void => post({ kind: 'abort' });
  signal?.addEventListener('abort', abort, { once: true });
  try {
    for (let event = await inbox.take(); event !== undefined; event = await inbox.take()) {
      if (event.kind === 'step')
        progress.step({ task: 'training', done: event.step, total: settings.limits?.steps, unit: 'steps' });
      yield event;
      post({ kind: 'taken' });
    }
  } finally {
    signal?.removeEventListener('abort', abort);
    post({ kind: 'leave' });
    server.close();
    // Not `terminate`: that would tear the runtime down in the middle of a step.
    await exited;
  }
}
