// Fits that do not wait for one another, side by side on threads: the same models, sooner.
import { Worker } from 'node:worker_threads';
import { throwIfAborted } from '../../core/errors.ts';
import { estimatorById, fitModel, loadModel } from '../../models/catalogue.ts';
import type { Estimator, FitRun, Model, Sample } from '../../models/estimator.ts';
import { workerFile } from '../../nn/trainer/worker/worker-file.ts';
import { receiveError } from '../../nn/trainer/worker/worker-messages.ts';
import type { FromFitWorker, ToFitWorker } from './fit-worker.ts';

export interface FitJob {
  readonly estimator: Estimator;
  readonly sample: Sample;
  /** What it is expected to take on one thread; the longest begin first. */
  readonly seconds: number;
}

export interface FitCrew {
  /**
   * Fits every job as `fitModel` does.
   *
   * @returns models in the order of the jobs, the same whatever the threads
   * @throws AppError as `fitModel`: the first failure, once nothing runs any more; INTERRUPTED
   */
  fitAll(jobs: readonly FitJob[], run: FitRun, onFit?: () => void): Promise<readonly Model[]>;
  /** Lets the threads end. */
  close(): void;
}

/** Starting threads takes about a second; less work than this is done sooner without them. */
const LEAST_SECONDS = 3;
/** A sample is copied to its thread: larger ones stay, and use the threads inside a fit. */
const MOST_CELLS = 10_000_000;
/** A fit is bound by memory soon; each thread holds a copy of its sample. */
const MOST_THREADS = 8;

/** Starts its threads when the first work comes that is worth them. */
export function fitCrew(threads: number): FitCrew {
  const members: Member[] = [];
  return {
    async fitAll(jobs, run, onFit) {
      const away = jobs.filter(travels);
      const seconds = away.reduce((sum, job) => sum + job.seconds, 0);
      const wanted = Math.min(threads, MOST_THREADS, away.length);
      if (wanted < 2 || seconds < LEAST_SECONDS) return fitHere(jobs, run, onFit);
      while (members.length < wanted) members.push(startMember());
      const models = new Map<FitJob, Model>();
      const queue = away.slice().sort((a, b) => b.seconds - a.seconds);
      const failures: unknown[] = [];
      const serve = async (member: Member): Promise<void> => {
        for (let job = queue.shift(); job && failures.length === 0; job = queue.shift()) {
          try {
            models.set(job, await member.fit(job, run));
            onFit?.();
          } catch (error) {
            failures.push(error);
          }
        }
      };
      await Promise.all(members.slice(0, wanted).map(serve));
      throwIfAborted(run.signal);
      if (failures.length > 0) throw failures[0];
      const left = jobs.filter((job) => !models.has(job));
      const own = await fitHere(left, run, onFit);
      left.forEach((job, i) => {
        models.set(job, own[i]);
      });
      return jobs.map((job) => models.get(job) as Model);
    },
    close() {
      for (const member of members.splice(0)) member.close();
    },
  };
}

async function fitHere(jobs: readonly FitJob[], run: FitRun, onFit?: () => void): Promise<Model[]> {
  const models: Model[] = [];
  for (const { estimator, sample } of jobs) {
    models.push(await fitModel(estimator, sample, undefined, run));
    onFit?.();
  }
  return models;
}

/** Only what its id alone brings back on the other side: estimators that were told something, or made up, stay. */
function travels({ estimator, sample }: FitJob): boolean {
  if (sample.frame.rows * sample.frame.columns.length > MOST_CELLS) return false;
  try {
    return estimatorById(estimator.id) === estimator;
  } catch {
    return false;
  }
}

interface Member {
  fit(job: FitJob, run: FitRun): Promise<Model>;
  close(): void;
}

function startMember(): Member {
  const worker = new Worker(...workerFile('./fit-worker', import.meta.url, undefined));
  worker.unref();
  const post = (message: ToFitWorker): void => worker.postMessage(message);
  const answer = () =>
    new Promise<FromFitWorker>((resolve, reject) => {
      const settled = (): void => {
        worker.off('message', take).off('error', fail).off('exit', gone);
      };
      const take = (message: FromFitWorker): void => {
        settled();
        resolve(message);
      };
      const fail = (error: Error): void => {
        settled();
        reject(error);
      };
      const gone = (code: number): void =>
        fail(new Error(`a thread that fits models ended with code ${code}`));
      worker.on('message', take).on('error', fail).on('exit', gone);
    });
  return {
    async fit({ estimator, sample }, { seed, signal }) {
      throwIfAborted(signal);
      worker.ref();
      const abort = (): void => post({ kind: 'abort' });
      signal?.addEventListener('abort', abort, { once: true });
      try {
        const answered = answer();
        post({ kind: 'fit', estimator: estimator.id, sample, seed });
        const message = await answered;
        if (message.kind === 'failed') throw receiveError(message.error);
        return loadModel(message.model);
      } finally {
        signal?.removeEventListener('abort', abort);
        worker.unref();
      }
    },
    // Not `terminate`: that would tear a runtime down in the middle of a step.
    close: () => post({ kind: 'close' }),
  };
}
