// The loop: when it stops, what it hands back, how early stopping and plateaus see the scores.

import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { checkpointSteps, readCheckpoint } from '../checkpoint/checkpoint-folder.ts';
import type { Batch } from '../step/training-step.ts';
import { fixedBatches } from './batches/batch-source.ts';
import type { StoppedEvent, TrainingEvent } from './events.ts';
import {
  LENGTHS,
  madeUpBatch,
  madeUpProgram,
  madeUpRun,
  madeUpSettings,
  madeUpSource,
  madeUpValidation,
} from './made-up-run.ts';
import { runFolder } from './run-folder.ts';
import { train } from './train.ts';
import type { TrainOptions } from './train-options.ts';

const root = mkdtempSync(join(tmpdir(), 'foresell-train-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const plain: TrainOptions = {
  ...madeUpSettings(),
  backend: nodeBackend,
  batches: madeUpSource(),
  schedule: { kind: 'constant', rate: 0.01 },
};

async function gathered(options: TrainOptions): Promise<readonly TrainingEvent[]> {
  const events: TrainingEvent[] = [];
  for await (const event of train(options)) events.push(event);
  return events;
}

const stopOf = (events: readonly TrainingEvent[]): StoppedEvent => events.at(-1) as StoppedEvent;

/** Scores handed out one after the other, whatever the model. */
const scripted = (scores: readonly number[]) => {
  let asked = 0;
  return async () => ({ loss: scores[asked++] as number });
};

describe('the training loop', () => {
  it('tells steps, evaluations and epochs in the order they happen', async () => {
    const events = await gathered({ ...plain, validation: madeUpValidation, limits: { epochs: 2 } });
    const epoch = [...Array<string>(7).fill('step'), 'evaluation', 'epoch'];
    expect(events.map(({ kind }) => kind)).toEqual([...epoch, ...epoch, 'stopped']);
    expect(stopOf(events)).toMatchObject({ reason: 'epochs', step: 14 });
  });

  it('gives the mean of the validation batches as weighted by their examples', async () => {
    const half: Batch = { ...madeUpBatch(1), examples: 2 };
    const batches = [madeUpBatch(0), half];
    const validation = { batches: () => batches };
    const events = await gathered({ ...plain, validation, evaluateEvery: 3, limits: { steps: 3 } });
    const alone = async (batch: Batch) => {
      const single = await gathered({
        ...plain,
        validation: { batches: () => [{ ...batch, examples: 1 }] },
        evaluateEvery: 3,
        limits: { steps: 3 },
      });
      return single.find((event) => event.kind === 'evaluation')?.scores.loss as number;
    };
    const expected = (8 * (await alone(batches[0] as Batch)) + 2 * (await alone(half))) / 10;
    expect(events.find((event) => event.kind === 'evaluation')?.scores).toEqual({
      loss: expected,
      squared_error: expected,
    });
  });

  it('stops once patience is over, and hands back the best weights', async () => {
    const evaluate = () => scripted([5, 3, 4, 3.5, 2.95, 9, 9, 9]);
    const options: TrainOptions = {
      ...plain,
      evaluateEvery: 2,
      earlyStopping: { patience: 2, minimumImprovement: 0.1 },
    };
    const short = await gathered({ ...plain, limits: { steps: 4 } });
    for (const files of [undefined, runFolder(join(root, 'stopped'))]) {
      const events = await gathered({ ...options, evaluate: evaluate(), files });
      // 5 and 3 are better; 4, 3.5 and 2.95 (not by .1) are not
      expect(events.filter(({ kind }) => kind === 'evaluation')).toHaveLength(5);
      expect(stopOf(events)).toMatchObject({ reason: 'early-stopping', step: 10, bestStep: 4 });
      expect(stopOf(events).values).toEqual(stopOf(short).values);
    }
    // A run that was over stays so.
    const again = await gathered({
      ...options,
      evaluate: evaluate(),
      files: runFolder(join(root, 'stopped')),
    });
    expect(again.map(({ kind }) => kind)).toEqual(['stopped']);
    expect(stopOf(again)).toMatchObject({ reason: 'early-stopping', step: 10 });
    expect(stopOf(again).values).toEqual(stopOf(short).values);
  });

  it('lets more of a score be better where told so', async () => {
    const events = await gathered({
      ...plain,
      evaluate: scripted([0.1, 0.3, 0.2, 0.1]),
      evaluateEvery: 1,
      earlyStopping: { patience: 1, better: 'higher' },
    });
    expect(stopOf(events)).toMatchObject({ reason: 'early-stopping', step: 4, bestStep: 2 });
  });

  it('lowers the rate on a plateau', async () => {
    const events = await gathered({
      ...plain,
      schedule: { kind: 'plateau', rate: 0.08, patience: 0, factor: 0.5 },
      evaluate: scripted([3, 3, 2, 2, 2, 2]),
      evaluateEvery: 1,
      limits: { steps: 6 },
    });
    const rates = events.flatMap((event) => (event.kind === 'step' ? [event.learningRate] : []));
    expect(rates).toEqual([0.08, 0.08, 0.04, 0.04, 0.02, 0.01]);
  });

  it('hands back averaged weights where they are kept, and evaluates those', async () => {
    const options = { ...plain, averageDecay: 0.9, limits: { steps: 20 }, evaluateEvery: 20 };
    const events = await gathered({
      ...options,
      validation: madeUpValidation,
      files: runFolder(join(root, 'averaged')),
    });
    const { arrays } = readCheckpoint(join(root, 'averaged', 'checkpoint-000000020.safetensors'));
    const { values } = stopOf(events);
    expect(values.hidden).toEqual(arrays['average.hidden']);
    expect(values.hidden).not.toEqual(arrays['value.hidden']);
    const plainScore = await gathered({
      ...plain,
      values,
      validation: madeUpValidation,
      evaluateEvery: 1,
      limits: { steps: 1 },
      schedule: { kind: 'constant', rate: 0 },
    });
    const scoreOf = (list: readonly TrainingEvent[]) =>
      list.find((event) => event.kind === 'evaluation')?.scores;
    expect(scoreOf(plainScore)).toEqual(scoreOf(events));
  });

  it('stops after the time it was given', async () => {
    let clock = 0;
    const events = await gathered({ ...plain, limits: { seconds: 1 }, now: () => (clock += 40) });
    expect(stopOf(events).reason).toBe('seconds');
    expect(stopOf(events).step).toBeLessThan(25);
  });

  it('saves itself and stops when the signal fires while a batch is waited for', async () => {
    const folder = join(root, 'stuck');
    const aborting = new AbortController();
    const stuck = {
      async *batches(epoch: number, from: number) {
        for (let i = from; i < 3; i++) yield madeUpBatch(epoch * 7 + i);
        setTimeout(() => aborting.abort(), 5);
        await new Promise(() => undefined);
      },
    };
    const files = () => runFolder(folder);
    const events = await gathered({ ...plain, batches: stuck, files: files(), signal: aborting.signal });
    // the third batch was waiting to learn whether it was the last
    expect(events.map(({ kind }) => kind)).toEqual(['step', 'step', 'checkpoint', 'stopped']);
    expect(stopOf(events)).toMatchObject({ reason: 'aborted', step: 2 });
    const resumed = await gathered({ ...plain, files: files(), limits: { steps: 5 } });
    const whole = await gathered({ ...plain, limits: { steps: 5 } });
    expect(stopOf(resumed).values).toEqual(stopOf(whole).values);
  });

  it('refuses a checkpoint of another seed, and leaves the records of its run alone', async () => {
    const files = () => runFolder(join(root, 'seeded'));
    const log = () => readFileSync(join(root, 'seeded', 'metrics.ndjson'), 'utf8');
    await gathered({ ...plain, files: files(), limits: { steps: 2 } });
    // as a run leaves it that is killed some steps after its last checkpoint
    appendFileSync(join(root, 'seeded', 'metrics.ndjson'), '{"step":3,"loss":1}\n');
    const before = log();
    await expect(gathered({ ...plain, files: files(), seed: 8, limits: { steps: 4 } })).rejects.toMatchObject(
      { code: 'USAGE', message: expect.stringContaining('expected seed 7') },
    );
    expect(log()).toBe(before);
  });

  it.each<readonly [string, Partial<TrainOptions>]>([
    ['setting "optimiser"', { optimiser: { kind: 'adamw', beta2: 0.99 } }],
    ['setting "schedule"', { schedule: { kind: 'constant', rate: 0.02 } }],
    ['setting "accumulate"', { accumulate: 2 }],
    ['setting "clipNorm"', { clipNorm: 1 }],
    ['setting "averageDecay"', { averageDecay: 0.9 }],
    ['setting "parameters"', { parameters: { table: { rateMultiplier: 0.5 } } }],
    ['model', { programs: LENGTHS.map((time) => madeUpProgram(8, time, 0.3)) }],
    ['model', { programs: LENGTHS.map((time) => madeUpProgram(4, time)) }],
  ])('refuses a checkpoint of a run that differs in the %s', async (what, changes) => {
    const folder = mkdtempSync(join(root, 'differing-'));
    const files = () => runFolder(folder);
    await gathered({ ...plain, files: files(), limits: { steps: 1 } });
    await expect(
      gathered({ ...plain, ...changes, files: files(), limits: { steps: 2 } }),
    ).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(`but the ${what}`) });
  });

  it('goes on from a checkpoint with other limits, threads and defaults written out', async () => {
    const files = () => runFolder(join(root, 'longer'));
    await gathered({ ...plain, files: files(), limits: { steps: 1 }, clipNorm: Number.POSITIVE_INFINITY });
    const events = await gathered({
      ...plain,
      files: files(),
      accumulate: 1,
      parameters: {},
      clipNorm: Number.POSITIVE_INFINITY,
      threads: 2,
      limits: { steps: 2 },
    });
    expect(stopOf(events).step).toBe(2);
    expect(events.filter(({ kind }) => kind === 'step')).toHaveLength(1);
  });

  it('refuses a checkpoint of a run with other values of what no step moves', async () => {
    const programs = [madeUpProgram(8, LENGTHS[0], 0.2, { trainable: (name) => name !== 'table' })];
    const run = { ...plain, programs, batches: fixedBatches([madeUpBatch(0)]), evaluations: [] };
    const files = () => runFolder(join(root, 'fixed'));
    await gathered({ ...run, files: files(), limits: { steps: 1 } });
    const values = { ...plain.values, table: plain.values.table.map((value) => value + 1) };
    await expect(gathered({ ...run, values, files: files(), limits: { steps: 2 } })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('but the model'),
    });
  });

  it.each<readonly [string, Partial<TrainOptions>]>([
    ['early stopping', { earlyStopping: { patience: 1 } }],
    ['a plateau', { schedule: { kind: 'plateau', rate: 0.1 } }],
    ['validation batches', { validation: madeUpValidation, evaluations: [] }],
  ])('refuses %s that no evaluation would serve', async (_, options) => {
    await expect(gathered({ ...plain, ...options, limits: { steps: 1 } })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  it('saves no checkpoint of weights that are not finite', async () => {
    const folder = join(root, 'infinite');
    const schedule = { kind: 'constant', rate: 1e38 } as const;
    const options = {
      ...plain,
      schedule,
      files: runFolder(folder),
      checkpointEvery: 1,
      limits: { steps: 2 },
    };
    await expect(gathered(options)).rejects.toMatchObject({ code: 'DIVERGED', details: { step: 1 } });
    expect(checkpointSteps(folder)).toEqual([]);
  });

  it('refuses an epoch without batches and a metric nobody gives', async () => {
    await expect(gathered({ ...plain, batches: { batches: () => [] } })).rejects.toMatchObject({
      code: 'NOT_ENOUGH_DATA',
    });
    const { earlyStopping: _, ...run } = madeUpRun(10);
    await expect(
      gathered({
        ...plain,
        ...run,
        validation: madeUpValidation,
        earlyStopping: { metric: 'ndcg', patience: 1 },
      }),
    ).rejects.toThrow('expected a score "ndcg" from the evaluation, got loss, squared_error');
  });
});
