// What changing models costs those who are answered: a canary on the way of each answer, and a training beside the server.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RolloutOrder } from '../src/registry/rollout.ts';
import { DEFAULT_ROLLOUT_LIMITS } from '../src/registry/rollout-limits.ts';
import type { Prediction } from '../src/serve/api.ts';
import { type Answerer, PREDICTIONS } from '../src/serve/lifecycle/answer-kind.ts';
import { createLiveRollout } from '../src/serve/lifecycle/live-rollout.ts';
import { createShadowQueue } from '../src/serve/lifecycle/shadow-queue.ts';
import type { PredictionQuestion } from '../src/serve/ports.ts';
import { atMost, type Bench, type BenchReport } from './bench.ts';
import { openLoop } from './serve/open-loop.ts';
import { httpRequest, numbered, PERSON } from './serve/requests.ts';
import { makeServedShop } from './serve/served-shop.ts';
import { startServer } from './serve/server-process.ts';

type Part = Pick<BenchReport, 'targets' | 'figures'>;

const QUESTIONS = 200_000;
const ROUNDS = 7;

/** Words: `routing`, `training` (both without a word), `rate=`, `seconds=`, `shop=FOLDER` (kept for the next run). */
export const bench: Bench = async (options) => {
  const words = new Map<string, string | undefined>(
    options.args.map((word) => [word.split('=')[0], word.split('=')[1]]),
  );
  const number = (word: string, absent: number): number => Number(words.get(word) ?? absent);
  const isAll = !words.has('routing') && !words.has('training');
  const parts: Part[] = [];
  if (isAll || words.has('routing')) parts.push(await routing());
  if (isAll || words.has('training')) {
    const folder = mkdtempSync(join(tmpdir(), 'foresell-bench-lifecycle-'));
    try {
      const { threads, seed, log } = options;
      const size = { users: 4000, items: 1000, threads, seed, log };
      const { dir, users } = await makeServedShop(words.get('shop') ?? folder, size);
      parts.push(
        await training({ dir, users, rate: number('rate', 100), seconds: number('seconds', 20), log }),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return {
    bench: 'lifecycle',
    protocol:
      'routing: answers that cost nothing, so that only what a trial adds is timed, median of rounds; training: open loop over HTTP on the same machine, the quiet time measured before and after',
    targets: parts.flatMap(({ targets }) => targets),
    figures: Object.assign({}, ...parts.map(({ figures }) => figures)),
  };
};

/** What a trial adds to an answer, µs. */
async function routing(): Promise<Part> {
  const answer: Answerer<PredictionQuestion, Prediction> = async ({ entities }) =>
    entities.map(({ user_id }) => ({
      ...{ user_id, prediction_id: 'p', task: 'purchase', value: Number(user_id) / QUESTIONS },
      ...{ unit: 'probability', horizon_days: 30, model_version: 'v', as_of: 1 },
    }));
  const limits = { ...DEFAULT_ROLLOUT_LIMITS, latencyRatio: 1e9 };
  const order: RolloutOrder = {
    ...{ mode: 'canary', version: 'v2-0000000', digest: '', share: 0.1, salt: 'salt', startedMs: 0, limits },
  };
  const questions = Array.from({ length: QUESTIONS }, (_, id) => ({
    task: 'purchase',
    entities: [{ user_id: String(id) }],
  }));
  const canary = () => {
    const rollout = createLiveRollout({
      ...{ order, incumbentVersion: 'v1', kind: PREDICTIONS, candidate: answer },
      ...{ shadows: createShadowQueue(), onVerdict: () => {} },
    });
    return (question: PredictionQuestion) => rollout.answer(question, answer);
  };
  const ask = async (answerer: Answerer<PredictionQuestion, Prediction>): Promise<number> => {
    const start = performance.now();
    for (const question of questions) await answerer(question);
    return ((performance.now() - start) * 1000) / QUESTIONS;
  };
  const none: number[] = [];
  const some: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    none.push(await ask(answer));
    some.push(await ask(canary()));
  }
  const added = median(some) - median(none);
  return {
    targets: [atMost('a canary adds to an answer, µs', rounded(added), 20, 'of a promise of 20 ms')],
    figures: { answer_us: rounded(median(none)), answer_in_canary_us: rounded(median(some)) },
  };
}

interface TrainingWork {
  readonly dir: string;
  readonly users: number;
  /** Questions a second. */
  readonly rate: number;
  readonly seconds: number;
  readonly log: (line: string) => void;
}

/** The 99th percentile of answers while a model is trained beside the server, at the lowest priority and at the usual one. */
async function training({ dir, users, rate, seconds, log }: TrainingWork): Promise<Part> {
  const server = await startServer({ workspace: dir, args: ['--threads', '1', '--settle', '1h'] });
  try {
    const request = numbered(
      httpRequest('/v1/predictions/purchase', JSON.stringify({ entities: [{ user_id: `user-${PERSON}` }] }), {
        authorization: `Bearer ${server.key}`,
        'content-type': 'application/json',
      }),
      { people: users },
    );
    const measure = async (name: string) => {
      const { good, statuses } = await openLoop({
        ...{
          host: server.host,
          port: server.port,
          rate,
          seconds,
          warmUpSeconds: 3,
          connections: 64,
          request,
        },
      });
      log(`${name}: p50 ${good.p50Ms} ms, p99 ${good.p99Ms} ms, ${JSON.stringify(statuses)}`);
      return { p50_ms: rounded(good.p50Ms), p99_ms: rounded(good.p99Ms), statuses };
    };
    const before = await measure('quiet');
    const low = await beside(dir, constants.priority.PRIORITY_LOW, () =>
      measure('training, lowest priority'),
    );
    const usual = await beside(dir, constants.priority.PRIORITY_NORMAL, () =>
      measure('training, usual priority'),
    );
    const after = await measure('quiet again');
    const quiet = Math.min(before.p99_ms, after.p99_ms);
    return {
      targets: [
        atMost('p99 of answers beside a training, ms', low.p99_ms, 20, `${quiet} without; ${rate} a second`),
        atMost('as a ratio', rounded(low.p99_ms / quiet), 3, 'one thread of training, two cores'),
      ],
      figures: { quiet: before, quiet_again: after, training: low, training_at_usual_priority: usual },
    };
  } finally {
    await server.stop();
  }
}

const BIN = fileURLToPath(new URL('../bin/foresell.js', import.meta.url));

/** Trains again and again, as a server does once, while `work` goes on. */
async function beside<T>(dir: string, priority: number, work: () => Promise<T>): Promise<T> {
  let isOver = false;
  let stop = (): void => {};
  const ended = (async () => {
    while (!isOver) {
      const args = ['train', 'purchase', '--no-promote', '--horizon', '30d', '--workspace', dir];
      const child = spawn(process.execPath, [BIN, ...args, '--threads', '1', '--json'], { stdio: 'ignore' });
      if (child.pid !== undefined) setPriority(child.pid, priority);
      stop = () => void child.kill('SIGKILL');
      await new Promise((resolve) => child.once('close', resolve));
    }
  })();
  try {
    return await work();
  } finally {
    isOver = true;
    stop();
    await ended;
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];
const rounded = (value: number): number => Math.round(value * 100) / 100;
