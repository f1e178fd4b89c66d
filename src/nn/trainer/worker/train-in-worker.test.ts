// Training in a worker: the same bytes, a main thread that stays awake, orderly ends.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { AppError } from '../../../core/errors.ts';
import { nodeBackend } from '../../../tensor/session/session-node.ts';
import { checkpointSteps } from '../../checkpoint/checkpoint-folder.ts';
import type { TrainingEvent } from '../events.ts';
import { madeUpBatch, madeUpRun, madeUpSettings, madeUpSource, madeUpValidation } from '../made-up-run.ts';
import { train } from '../train.ts';
import { trainInWorker } from './train-in-worker.ts';

const root = mkdtempSync(join(tmpdir(), 'foresell-worker-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function gathered(events: AsyncIterable<TrainingEvent>): Promise<TrainingEvent[]> {
  const list: TrainingEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

/** Without what depends on the machine's pace. */
const untimed = (events: readonly TrainingEvent[]) =>
  events.map((event) => (event.kind === 'step' ? { ...event, examplesPerSecond: 0 } : event));

/** Rows of a batch whose step takes some 50 ms. */
const BIG = 60_000;

const dataModule = { url: new URL('../made-up-run.ts', import.meta.url).href, settings: { batch: 8 } };

describe('a training worker', () => {
  it('gives the events of the loop in process, weights bit for bit', async () => {
    const options = { ...madeUpRun(12), batches: madeUpSource(), validation: madeUpValidation };
    const here = untimed(await gathered(train({ ...options, backend: nodeBackend })));
    expect(untimed(await gathered(trainInWorker(options)))).toEqual(here);
    expect(untimed(await gathered(trainInWorker({ ...madeUpRun(12), batches: dataModule })))).toEqual(here);
    expect(here.at(-1)?.kind).toBe('stopped');
  });

  it('leaves the main thread free to do something else', async () => {
    let ticks = 0;
    const { limits: _, ...settings } = { ...madeUpRun(), ...madeUpSettings({ batch: BIG }) };
    const batches = { ...dataModule, settings: { batch: BIG } };
    let timer: NodeJS.Timeout | undefined;
    let steps = 0;
    for await (const { kind } of trainInWorker({
      ...settings,
      evaluateEvery: 1000,
      accumulate: 1,
      batches,
    })) {
      if (kind === 'step') steps++;
      timer ??= setInterval(() => ticks++, 2);
      if (steps === 6) break;
    }
    clearInterval(timer);
    // In process a step lets the timer fire once or twice, however long it takes.
    expect(ticks).toBeGreaterThan(5 * 5);
  });

  it('saves itself and stops when the signal fires', async () => {
    const folder = join(root, 'aborted');
    const aborting = new AbortController();
    const events: TrainingEvent[] = [];
    const { limits: _, ...endless } = madeUpRun();
    const options = { ...endless, batches: madeUpSource(), validation: madeUpValidation, folder };
    for await (const event of trainInWorker({ ...options, signal: aborting.signal })) {
      events.push(event);
      if (event.kind === 'step' && event.step === 3) aborting.abort();
    }
    const last = events.at(-1);
    expect(last).toMatchObject({ kind: 'stopped', reason: 'aborted' });
    expect(checkpointSteps(folder).at(-1)).toBe(last?.step);
  });

  it('takes no step when the signal has fired before', async () => {
    const options = { ...madeUpRun(), batches: madeUpSource(), validation: madeUpValidation };
    const events = await gathered(trainInWorker({ ...options, signal: AbortSignal.abort() }));
    expect(events).toMatchObject([{ kind: 'stopped', reason: 'aborted', step: 0 }]);
  });

  it('stops when the signal fires while the source is stuck', async () => {
    const aborting = new AbortController();
    const stuck = {
      async *batches() {
        yield madeUpBatch(0);
        yield madeUpBatch(1);
        await new Promise(() => undefined);
      },
    };
    const settings = { ...madeUpSettings(), schedule: { kind: 'constant', rate: 0.01 } } as const;
    const events: TrainingEvent[] = [];
    for await (const event of trainInWorker({ ...settings, batches: stuck, signal: aborting.signal })) {
      events.push(event);
      if (event.kind === 'step') aborting.abort();
    }
    expect(events.map(({ kind }) => kind)).toEqual(['step', 'stopped']);
  });

  it('hands on what is wrong with its code, message and details', async () => {
    const bad = madeUpBatch(0);
    bad.arrays.target[3] = Number.NaN;
    const failed = await gathered(
      trainInWorker({
        ...madeUpRun(),
        validation: madeUpValidation,
        batches: { batches: () => [madeUpBatch(1), bad] },
      }),
    ).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(AppError);
    expect(failed).toMatchObject({ code: 'BAD_DATA', details: { step: 1, tensor: 'target' } });
    expect((failed as AppError).message).toMatch(/batch input "target" holds a NaN at 3/);
  });

  it('throws the very error that a batch source throws', async () => {
    const fault = new Error('the data are gone');
    const batches = {
      *batches() {
        yield madeUpBatch(0);
        throw fault;
      },
    };
    const options = { ...madeUpRun(), validation: madeUpValidation, batches };
    await expect(gathered(trainInWorker(options))).rejects.toBe(fault);
  });

  it('lets no error of a source that is being closed go unheard', async () => {
    const unheard: unknown[] = [];
    const listen = (error: unknown): void => void unheard.push(error);
    process.on('unhandledRejection', listen);
    const batches = {
      async *batches() {
        try {
          for (let i = 0; ; i++) yield madeUpBatch(i);
        } finally {
          // biome-ignore lint/correctness/noUnsafeFinally: a source that fails at its end is what this is about
          throw new Error('the data cannot be closed');
        }
      },
    };
    for await (const { kind } of trainInWorker({
      ...madeUpSettings(),
      schedule: { kind: 'constant', rate: 0.01 },
      batches,
    }))
      if (kind === 'step') break;
    process.off('unhandledRejection', listen);
    expect(unheard).toEqual([]);
  });

  it('runs ahead of a slow caller by a few dozen steps at most, and ends when the caller leaves the loop', async () => {
    let made = 0;
    let taken = 0;
    const endless = {
      *batches() {
        for (; ; made++) yield madeUpBatch(made);
      },
    };
    const { limits: _, ...endlessRun } = madeUpRun();
    const settings = { ...endlessRun, validation: madeUpValidation, accumulate: 1 };
    for await (const { kind } of trainInWorker({ ...settings, batches: endless })) {
      if (kind === 'step') taken++;
      if (taken < 50) continue;
      // Dawdles until nothing moves any more.
      for (let before = -1; before !== made; ) {
        before = made;
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
      break;
    }
    // 32 events of lead, the batches under way, and those the loop holds
    expect(made - taken).toBeLessThanOrEqual(40);
  });
});
