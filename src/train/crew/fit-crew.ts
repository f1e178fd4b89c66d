// Fits that do not wait for one another, side by side on threads: the same models, sooner.
import { Worker } from 'node:worker_threads';
import { throwIfAborted } from '../../core/errors.ts';
import { EVENT_SEQUENCES } from '../../core/event-sequences.ts';
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

export interface Fitted {
  readonly model: Model;
  /** On its thread. */
  readonly seconds: number;
}

export interface FitCrew {
  /**
   * Begins fits as `fitModel` does them, for whoever awaits them.
   *
   * @returns one a job, in their order; `undefined` for those that are not worth a thread, or cannot travel to one. They
   *   reject as `fitModel` does.
   */
  begin(jobs: readonly FitJob[], run: FitRun): readonly (Promise<Fitted> | undefined)[];
  /**
   * Fits every job as `fitModel` does.
   *
   * @returns models in the order of the jobs, the same whatever the threads
   * @throws AppError as `fitModel`: the first failure, once nothing runs any more; INTERRUPTED
   */
  fitAll(jobs: readonly FitJob[], run: FitRun, onFit?: () => void): Promise<readonly Model[]>;
  /** Ends the threads; what still runs is not waited for. */
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
  const idle: Member[] = [];
  const queue: Waiting[] = [];
  const serve = async (member: Member): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) await next.take(member);
    idle.push(member);
  };
  const begin: FitCrew['begin'] = (jobs, run) => {
    const away = jobs.filter(travels);
    const seconds = away.reduce((sum, job) => sum + job.seconds, 0);
    const wanted = Math.min(threads, MOST_THREADS, away.length);
    if (wanted < 2 || seconds < LEAST_SECONDS) return jobs.map(() => undefined);
    const begun = new Map(away.map((job) => [job, waitingFor(job, run)]));
    queue.push(...[...begun.values()].sort((a, b) => b.seconds - a.seconds));
    for (; members.length < wanted; idle.push(members[members.length - 1])) members.push(startMember());
    for (const member of idle.splice(0)) void serve(member);
    return jobs.map((job) => begun.get(job)?.fitted);
  };
  return {
    begin,
    async fitAll(jobs, run, onFit) {
      const away = begin(jobs, run).map((fitted) =>
        fitted?.then(({ model }) => {
          onFit?.();
          return model;
        }),
      );
      const ends = await Promise.allSettled(away);
      const models: Model[] = [];
      for (const [i, end] of ends.entries()) {
        if (end.status === 'rejected') throw end.reason;
        models.push(end.value ?? (await fitModel(jobs[i].estimator, jobs[i].sample, undefined, run)));
        if (!away[i]) onFit?.();
      }
      return models;
    },
    close() {
      queue.splice(0);
      for (const member of members.splice(0)) member.close();
    },
  };
}

/** A fit that waits for a thread. */
interface Waiting {
  readonly seconds: number;
  readonly fitted: Promise<Fitted>;
  take(member: Member): Promise<void>;
}

function waitingFor(job: FitJob, run: FitRun): Waiting {
  let settle: { resolve(fitted: Fitted): void; reject(error: unknown): void } | undefined;
  const fitted = new Promise<Fitted>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Whoever asked may be busy with an earlier one when this fails: it hears of it when it comes.
  fitted.catch(() => undefined);
  return {
    seconds: job.seconds,
    fitted,
    take: (member) => member.fit(job, run).then(settle?.resolve, settle?.reject),
  };
}

const EVENTS: readonly string[] = Object.values(EVENT_SEQUENCES);

/** The sample without what its estimator never reads: events in order are more than all the rest. */
function handed({ estimator, sample }: FitJob): Sample {
  if (estimator.readsEvents) return sample;
  const columns = sample.frame.columns.filter(({ name }) => !EVENTS.includes(name));
  return columns.length === sample.frame.columns.length
    ? sample
    : { ...sample, frame: { ...sample.frame, columns } };
}

/** Numbers a thread is handed a copy of: events in order are many to a row. */
const cellsOf = ({ frame }: Sample): number =>
  frame.columns.reduce(
    (sum, column) => sum + (column.kind === 'sequence' ? column.codes.length : frame.rows),
    0,
  );

/** Only what its id alone brings back on the other side: estimators that were told something, or made up, stay. */
function travels(job: FitJob): boolean {
  const { estimator } = job;
  if (cellsOf(handed(job)) > MOST_CELLS) return false;
  try {
    return estimatorById(estimator.id) === estimator;
  } catch {
    return false;
  }
}

interface Member {
  fit(job: FitJob, run: FitRun): Promise<Fitted>;
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
    async fit(job, { seed, signal }) {
      throwIfAborted(signal);
      worker.ref();
      const abort = (): void => post({ kind: 'abort' });
      signal?.addEventListener('abort', abort, { once: true });
      try {
        const answered = answer();
        post({ kind: 'fit', estimator: job.estimator.id, sample: handed(job), seed });
        const message = await answered;
        if (message.kind === 'failed') throw receiveError(message.error);
        return { model: loadModel(message.model), seconds: message.seconds };
      } finally {
        signal?.removeEventListener('abort', abort);
        worker.unref();
      }
    },
    // Not `terminate`: that would tear a runtime down in the middle of a step.
    close() {
      post({ kind: 'abort' });
      post({ kind: 'close' });
    },
  };
}
