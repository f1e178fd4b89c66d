// The training worker: the loop of `train`, its events sent to the main thread as they come.

import { parentPort, workerData } from 'node:worker_threads';
import { invariant } from '../../../core/errors.ts';
import { nodeBackend } from '../../../tensor/session/session-node.ts';
import { runFolder } from '../run-folder.ts';
import { train } from '../train.ts';
import { receiveBatches } from './batch-channel.ts';
import { importTrainingData, type TrainingData } from './training-data.ts';
import { type FromWorker, sendError, type ToWorker, type WorkerStart } from './worker-messages.ts';

/** Events the worker may be ahead of its caller: enough never to wait for one who only reads them. */
const LEAD = 32;

invariant(parentPort !== null, 'the training worker is not started as a script');
const port = parentPort;
const post = (message: FromWorker): void => port.postMessage(message);
const { settings, folder, keep, module, hasValidation, isAborted } = workerData as WorkerStart;

const aborting = new AbortController();
if (isAborted) aborting.abort();
const receiver = receiveBatches(post);
let left = false;
let ahead = 0;
let caughtUp: (() => void) | undefined;

port.on('message', (message: ToWorker) => {
  if (message.kind === 'taken') ahead--;
  else if (message.kind === 'abort') aborting.abort();
  else if (message.kind === 'leave') {
    left = true;
    receiver.fail(new Error('the caller has left the loop'));
  } else receiver.receive(message);
  caughtUp?.();
});

/** Waits while the caller is too far behind. */
async function keepPace(): Promise<void> {
  while (ahead >= LEAD && !left)
    await new Promise<void>((resolve) => {
      caughtUp = resolve;
    });
}

const remote: TrainingData = {
  batches: receiver.source('batches'),
  ...(hasValidation ? { validation: receiver.source('validation') } : {}),
};

try {
  const data = module === undefined ? remote : await importTrainingData(module);
  const events = train({
    ...settings,
    ...data,
    backend: nodeBackend,
    signal: aborting.signal,
    progress: { step() {}, note: (message) => post({ kind: 'note', message }) },
    ...(folder === undefined ? {} : { files: runFolder(folder, keep === undefined ? {} : { keep }) }),
  });
  for await (const event of events) {
    if (left) break;
    post({ kind: 'event', event });
    ahead++;
    await keepPace();
  }
  post({ kind: 'done' });
} catch (error) {
  post(left ? { kind: 'done' } : { kind: 'failed', error: sendError(error) });
} finally {
  port.close();
}
