// Threads that wait for jobs on shared memory: started once, told by a counter, never keeping the process alive.
import { Worker } from 'node:worker_threads';
import { invariant } from '../../../core/errors.ts';
import { workerFile } from '../../../nn/trainer/worker/worker-file.ts';
import type { SharedMemory } from '../kernels/simd.ts';
import { type Job, type Member, runJob } from './jobs.ts';
import type { Layout } from './layout.ts';
import type { GrowContext } from './node-work.ts';

/** i32 words that members tell each other things with, a cache line apart. */
const WORD = { job: 0, arrived: 16, round: 32, failed: 48, ready: 64 } as const;
/** Behind them the job, as doubles. */
const JOB_OFFSET_BYTES = 512;
const KINDS: readonly Job['kind'][] = ['count', 'part', 'bin'];
const STOP = -1;
const JOB_FIELDS = ['start', 'count', 'slot', 'parentSlot', 'address', 'stride'] as const;
const JOB_FLAGS = ['isWhole', 'scansOwn', 'scansSibling'] as const;
/** Looks at a word before falling asleep: some 20 µs, as long as waking up takes. */
const SPINS = 4000;

/** What a thread is started with. */
export interface TeamStart {
  readonly memory: SharedMemory;
  readonly layout: Layout;
  readonly thread: number;
  readonly simd: boolean;
  readonly isCategory: Uint8Array;
  readonly direction: Int8Array;
  readonly categoryRidge: number;
}

export interface Team {
  /** Runs a job on all threads, this one included; back when all are done. */
  together(job: Job): void;
  /** Ends the threads. */
  close(): Promise<void>;
}

/** The first member's side: starts the others and waits until they are ready. */
export async function startTeam(
  context: GrowContext,
  start: Omit<TeamStart, 'thread' | 'layout'>,
): Promise<Team> {
  const { layout, f64 } = context;
  const words = wordsOf(context);
  const others = layout.threads - 1;
  const workers = Array.from({ length: others }, (_, i) => {
    const own: TeamStart = { ...start, layout, thread: i + 1 };
    const worker = new Worker(...workerFile('./team-worker', import.meta.url, own));
    worker.unref();
    return worker;
  });
  await Promise.all(workers.map(readiness));
  const member = memberOf(words, { thread: 0, threads: layout.threads });
  const tell = (kind: number): void => {
    f64[(layout.words + JOB_OFFSET_BYTES) / 8] = kind;
    Atomics.add(words, WORD.job, 1);
    Atomics.notify(words, WORD.job);
  };
  return {
    together(job) {
      writeJob(context, job);
      tell(KINDS.indexOf(job.kind));
      runJob(context, job, member);
      member.barrier();
    },
    async close() {
      const ends = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
      for (const worker of workers) worker.ref();
      tell(STOP);
      await Promise.all(ends);
    },
  };
}

/** The life of every other member: waits for a job, does its share, until told to stop. */
export function serveTeam(context: GrowContext, thread: number, onReady: () => void): void {
  const words = wordsOf(context);
  const member = memberOf(words, { thread, threads: context.layout.threads });
  let seen = Atomics.load(words, WORD.job);
  onReady();
  for (;;) {
    waitWhile(words, WORD.job, seen);
    seen++;
    const job = readJob(context);
    if (job === undefined) return;
    try {
      runJob(context, job, member);
    } catch (error) {
      Atomics.store(words, WORD.failed, 1);
      Atomics.notify(words, WORD.round);
      throw error;
    }
    member.barrier();
  }
}

const wordsOf = ({ layout, i32 }: GrowContext): Int32Array =>
  i32.subarray(layout.words / 4, layout.words / 4 + 128);

function memberOf(words: Int32Array, { thread, threads }: { thread: number; threads: number }): Member {
  return {
    thread,
    threads,
    barrier() {
      const round = Atomics.load(words, WORD.round);
      if (Atomics.add(words, WORD.arrived, 1) === threads - 1) {
        Atomics.store(words, WORD.arrived, 0);
        Atomics.add(words, WORD.round, 1);
        Atomics.notify(words, WORD.round);
      } else waitWhile(words, WORD.round, round);
      invariant(Atomics.load(words, WORD.failed) === 0, 'every thread of a grower does its share');
    },
  };
}

/** Until the word is another, or a member has failed. */
function waitWhile(words: Int32Array, word: number, value: number): void {
  for (let i = 0; i < SPINS; i++) if (Atomics.load(words, word) !== value) return;
  while (Atomics.load(words, word) === value && Atomics.load(words, WORD.failed) === 0)
    Atomics.wait(words, word, value, 1000);
}

function writeJob({ layout, f64 }: GrowContext, job: Job): void {
  const at = (layout.words + JOB_OFFSET_BYTES) / 8 + 1;
  const fields: Partial<Record<string, number | boolean | string>> = { ...job };
  JOB_FIELDS.forEach((name, i) => {
    f64[at + i] = Number(fields[name] ?? 0);
  });
  JOB_FLAGS.forEach((name, i) => {
    f64[at + JOB_FIELDS.length + i] = Number(fields[name] ?? 0);
  });
}

/** `undefined` when told to stop. */
function readJob({ layout, f64 }: GrowContext): Job | undefined {
  const at = (layout.words + JOB_OFFSET_BYTES) / 8;
  const kind = f64[at];
  if (kind === STOP) return undefined;
  const fields = JOB_FIELDS.map((name, i) => [name, f64[at + 1 + i]]);
  const flags = JOB_FLAGS.map((name, i) => [name, f64[at + 1 + JOB_FIELDS.length + i] === 1]);
  return { kind: KINDS[kind], ...Object.fromEntries([...fields, ...flags]) } as Job;
}

const readiness = (worker: Worker): Promise<void> =>
  new Promise((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
