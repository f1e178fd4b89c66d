import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DAY_MS } from '../../core/time.ts';
import { promote, UNWATCHED } from '../../registry/promotion.ts';
import { readRollout } from '../../registry/rollout.ts';
import { saveVersion } from '../../registry/save.ts';
import { showVersion } from '../../registry/versions.ts';
import { readWatch } from '../../registry/watch-order.ts';
import type { Prediction } from '../api.ts';
import type { PredictionQuestion } from '../ports.ts';
import { type Answerer, PREDICTIONS } from './answer-kind.ts';
import type { RolloutObserver } from './rollout-observer.ts';
import { openRollouts, type Rollouts } from './rollouts.ts';

const TASK = 'purchase';
let modelsDir: string;
let nowMs: number;
let heard: string[];
let versions: string[];
let rollouts: Rollouts<PredictionQuestion, Prediction>;
beforeEach(() => {
  modelsDir = mkdtempSync(join(tmpdir(), 'foresell-watches-'));
  nowMs = 100 * DAY_MS;
  heard = [];
  versions = [1, 2, 3].map(
    (seed) =>
      saveVersion(modelsDir, {
        ...{ task: TASK, dataFingerprint: 'f', settings: {}, seed, metrics: {} },
        files: { 'model.json': { seed } },
        run: { createdMs: nowMs },
      }).version,
  );
  put('v1');
  rollouts = open();
});
afterEach(async () => {
  await rollouts.close();
  rmSync(modelsDir, { recursive: true, force: true });
});

const observer: RolloutObserver = {
  started: (_, { mode, version }) => heard.push(`${mode} ${version.split('-')[0]}`),
  measured: () => {},
  ended: (_, { version, outcome, reason = '' }) =>
    heard.push(`${outcome} ${version.split('-')[0]} ${reason}`.trim()),
  troubled: (_, error) => heard.push(`trouble ${String(error)}`),
};
const open = (watchMs?: number) =>
  openRollouts({
    ...{ modelsDir, kind: PREDICTIONS, now: () => nowMs, observer },
    ...(watchMs !== undefined && { watchMs }),
  });
const put = (reference: string, watch?: Parameters<typeof promote>[1]['watch']) =>
  promote(modelsDir, { task: TASK, reference, ...(watch && { watch }) }, { atMs: ++nowMs });

const BROKEN = new Set<string>();
const answererOf =
  (version: string): Answerer<PredictionQuestion, Prediction> =>
  async ({ entities }) => {
    if (BROKEN.has(version.split('-')[0])) throw new Error('session is gone');
    return entities.map(({ user_id }) => ({
      ...{ user_id, prediction_id: 'p', task: TASK, value: 0.5, unit: 'probability', horizon_days: 30 },
      ...{ model_version: version, as_of: 5 },
    }));
  };
/** As the server does at each look: what is promoted answers from now on. */
const look = async (): Promise<string> => {
  const { version } = showVersion(modelsDir, TASK);
  await rollouts.follow(TASK, version, async (other) => answererOf(other));
  return version;
};
/** Which versions answered so many people. */
const ask = async (version: string, people = 300): Promise<readonly string[]> => {
  const seen = new Set<string>();
  for (let id = 0; id < people; id++) {
    const question = { task: TASK, entities: [{ user_id: `c${id}` }] };
    for (const answer of await rollouts.answer(TASK, question, answererOf(version)))
      seen.add(answer.model_version.split('-')[0]);
  }
  return [...seen];
};

test('a promoted version that fails is taken back at once, nobody hears of it, and it is remembered', async () => {
  BROKEN.add('v2');
  await ask(await look());
  put('v2');
  const version = await look();
  expect(heard).toEqual(['watch v2']);
  expect(await ask(version)).toEqual(['v1']);
  await expect.poll(() => heard).toEqual(['watch v2', 'rolled-back v2 errors']);
  expect(showVersion(modelsDir, TASK).version).toBe(versions[0]);
  const [end] = readRollout(modelsDir, TASK).ended;
  expect(end).toMatchObject({ mode: 'watch', outcome: 'rolled-back', reason: 'errors', share: 1 });
  expect(end.said).toMatch(/^200 of 200 answers failed, against 0 of \d+/);
  expect(await ask(await look())).toEqual(['v1']);
  // Somebody who puts it into service all the same is not overruled again, unless they ask for it.
  BROKEN.clear();
  put('v2');
  expect(await ask(await look())).toEqual(['v2']);
  expect(heard).toHaveLength(2);
});

test('one that keeps within its limits is left alone when its time is over, across restarts', async () => {
  await look();
  put('v2');
  await ask(await look());
  await rollouts.close();
  rollouts = open();
  nowMs += DAY_MS / 2;
  expect(await ask(await look())).toEqual(['v2']);
  expect(heard).toEqual(['watch v2', 'watch v2']);
  nowMs += DAY_MS;
  await look();
  expect(heard.at(-1)).toBe('kept v2');
  expect(readRollout(modelsDir, TASK).ended).toMatchObject([{ mode: 'watch', outcome: 'kept' }]);
  await look();
  expect(heard).toHaveLength(3);
});

test('is told how, and whether at all, by whoever promotes it, else by the server’s settings', async () => {
  put('v2');
  const span = (forMs: number) => {
    const order = readWatch(modelsDir, TASK, forMs);
    return order && order.endsMs - order.startedMs;
  };
  expect(span(DAY_MS)).toBe(DAY_MS);
  expect(span(0)).toBeUndefined();
  put('v3', UNWATCHED);
  expect(span(DAY_MS)).toBeUndefined();
  const limits = { ...UNWATCHED.limits, scoreShift: 3 };
  put('v2', { forMs: 5, limits });
  expect(readWatch(modelsDir, TASK, 0)).toMatchObject({ before: versions[2], version: versions[1], limits });
  expect(span(0)).toBe(5);
  await rollouts.close();
  rollouts = open(0);
  put('v1');
  expect(await ask(await look())).toEqual(['v1']);
  expect(heard).toEqual([]);
});
