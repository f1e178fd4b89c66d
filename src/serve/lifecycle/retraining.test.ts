import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { DAY_MS, HOUR_MS, UTC } from '../../core/time.ts';
import { promote } from '../../registry/promotion.ts';
import { readRetraining } from '../../registry/retraining-record.ts';
import { endRollout, startRollout } from '../../registry/rollout.ts';
import { saveVersion } from '../../registry/save.ts';
import { openRetraining, type RetrainingOutcome, type Trainer } from './retraining.ts';

let modelsDir: string;
let nowMs: number;
let heard: string[];
beforeEach(() => {
  modelsDir = mkdtempSync(join(tmpdir(), 'foresell-retraining-'));
  nowMs = 100 * DAY_MS;
  heard = [];
  save('purchase', 1);
  save('spend', 1);
});
afterEach(() => rmSync(modelsDir, { recursive: true, force: true }));

const save = (task: string, seed: number): void => {
  saveVersion(modelsDir, {
    ...{ task, dataFingerprint: 'f', settings: {}, seed, metrics: {} },
    files: { 'model.json': { seed } },
    run: { createdMs: nowMs },
  });
};
const kept: RetrainingOutcome = {
  ...{ verdict: 'kept', reason: 'not-better', said: '', version: 'v2', service: null },
};
const open = (trainer: Trainer, settle = async () => {}) =>
  openRetraining({
    ...{ modelsDir, tasks: () => ['purchase', 'spend'], schedule: { kind: 'every', ms: DAY_MS }, zone: UTC },
    ...{ trainer, settle, now: () => nowMs },
    observer: {
      began: (task) => heard.push(`began ${task}`),
      trained: (task, { verdict }) => heard.push(`${verdict} ${task}`),
      failed: (task, error) => heard.push(`failed ${task}: ${(error as Error).message}`),
    },
  });

test('tasks are trained one after the other when it is time, what came brought into the lake before', async () => {
  let underWay = 0;
  const retraining = open(
    async (task) => {
      expect(++underWay).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      underWay--;
      save(task, 2);
      return kept;
    },
    async () => void heard.push('settled'),
  );
  nowMs += DAY_MS - 1;
  await retraining.tick();
  expect(heard).toEqual([]);
  nowMs += 1;
  await Promise.all([retraining.tick(), retraining.tick()]);
  expect(heard).toEqual(['settled', 'began purchase', 'kept purchase', 'began spend', 'kept spend']);
  await retraining.tick();
  expect(heard.length).toBe(5);
});

test('a training that fails is written down, stops no other, and is tried again the next time', async () => {
  const retraining = open(async (task) => {
    if (task === 'purchase') throw new AppError('NOT_ENOUGH_DATA', 'too few outcomes');
    save(task, 2);
    return kept;
  });
  nowMs += DAY_MS;
  await retraining.tick();
  expect(heard).toEqual(['began purchase', 'failed purchase: too few outcomes', 'began spend', 'kept spend']);
  expect(readRetraining(modelsDir, 'purchase')).toEqual([
    {
      ...{ atMs: nowMs, verdict: 'failed', reason: 'failed', said: 'too few outcomes' },
      ...{ version: null, incumbent: null, service: null },
    },
  ]);
  nowMs += HOUR_MS;
  await retraining.tick();
  expect(heard.length).toBe(4);
  nowMs += DAY_MS;
  await retraining.tick();
  expect(heard.length).toBe(8);
});

test('a task with a version on trial waits for its end', async () => {
  promote(modelsDir, { task: 'purchase' }, { atMs: nowMs });
  save('purchase', 2);
  startRollout(modelsDir, { task: 'purchase', mode: 'canary', share: 0.1 }, { atMs: nowMs, salt: 's' });
  const retraining = open(async () => kept);
  nowMs += DAY_MS;
  await retraining.tick();
  expect(heard).toEqual(['began spend', 'kept spend']);
  endRollout(modelsDir, { task: 'purchase', outcome: 'stopped', endedMs: nowMs });
  heard.length = 0;
  await retraining.tick();
  expect(heard[0]).toBe('began purchase');
});

test('closed, the training under way is stopped, none follows, and none counts as tried', async () => {
  const retraining = open(
    (_, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new AppError('INTERRUPTED', 'stopped')));
      }),
  );
  nowMs += DAY_MS;
  const ticked = retraining.tick();
  await expect.poll(() => heard).toEqual(['began purchase']);
  await retraining.close();
  await ticked;
  expect(heard).toEqual(['began purchase', 'failed purchase: stopped']);
  expect(readRetraining(modelsDir, 'purchase')).toEqual([]);
  await retraining.tick();
  expect(heard.length).toBe(2);
});
