// Measuring in a thread of its own, so that no request waits for it.
import { AppError, type ErrorCode } from '../../core/errors.ts';
import { startWorker } from '../../models/worker-file.ts';
import type { MeasuredAnswers } from './measure-answers.ts';
import type { MeasureReply, MeasureStart } from './measure-worker.ts';

/** @throws AppError as `measureAnswers`; INTERRUPTED once the signal has fired */
export function measureBeside(start: MeasureStart, signal?: AbortSignal): Promise<MeasuredAnswers> {
  return new Promise((resolve, reject) => {
    const worker = startWorker('./measure-worker', import.meta.url, start);
    const stop = (): void => void worker.terminate();
    signal?.addEventListener('abort', stop, { once: true });
    worker.once('message', (reply: MeasureReply) => {
      if ('measured' in reply) resolve(reply.measured);
      else reject(new AppError(reply.fault.code as ErrorCode, reply.fault.message));
    });
    worker.once('error', reject);
    worker.once('exit', () => {
      signal?.removeEventListener('abort', stop);
      // After an answer this changes nothing.
      reject(new AppError('INTERRUPTED', 'the measuring of answers was ended before it was done'));
    });
  });
}
