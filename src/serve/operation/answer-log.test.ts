// Answers wait for nobody: taking them costs next to nothing, and they stand in the log without ids.
import { expect, test } from 'vitest';
import { random } from '../../core/random.ts';
import { simulatedDisk } from '../../data/journal/simulated-disk.ts';
import { digestKey, digestOf } from '../../data/record-secret.ts';
import { openPredictionLog } from '../../monitor/predictions/prediction-log.ts';
import type { Prediction } from '../api.ts';
import { createAnswerLog } from './answer-log.ts';

const NOW = Date.UTC(2026, 0, 15);
const secret = Buffer.alloc(32, 7);
const answer = (user_id: string, more: Partial<Prediction> = {}): Prediction => ({
  ...{ prediction_id: 'p', task: 'purchase', value: 0.25, unit: 'probability', horizon_days: 30 },
  ...{ model_version: 'v1', as_of: NOW, user_id, ...more },
});
const opened = async () => {
  const disk = simulatedDisk({ random: random(1) });
  const log = await openPredictionLog({ disk, now: () => NOW });
  return { disk, answers: createAnswerLog({ log, secret, personId: (id) => `lake ${id}` }) };
};
const linesOf = async (disk: ReturnType<typeof simulatedDisk>) =>
  (await Promise.all((await disk.list()).sort().map((name) => disk.read(name))))
    .map((bytes) => Buffer.from(bytes).toString('utf8'))
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

test('a visit stands there by its visitor, as the lake tells visitors apart', async () => {
  const { disk, answers } = await opened();
  const visit = (who: Partial<Prediction>): Prediction => {
    const { user_id: _, ...nobody } = answer('', { task: 'session-purchase' });
    return { ...nobody, session_id: 's1', ...who };
  };
  answers.answered([visit({ user_id: 'ann' }), visit({ anonymous_id: 'dev' }), visit({})], () => true);
  const { session_id: _, ...person } = visit({ anonymous_id: 'dev' });
  answers.answered([person], () => true);
  await answers.close();
  const key = digestKey(secret, 'person');
  const lines = await linesOf(disk);
  expect(lines.map(({ user_id }) => user_id)).toEqual([
    digestOf(key, 'lake ann'),
    digestOf(key, 'lake dev'),
    digestOf(key, 's1'),
  ]);
  expect(JSON.stringify(lines)).not.toContain('s1');
});

test('an answer stands there by the digest of the lake’s id, one about nobody does not', async () => {
  const { disk, answers } = await opened();
  answers.answered(
    [
      answer('ann'),
      answer('bob', { value: null, not_asked: 'others' }),
      answer('cy', { model_version: 'v2' }),
    ],
    (version) => version === 'v1',
  );
  answers.listed([
    {
      ...{ recommendation_id: 'r', model_version: 'v1', as_of: NOW, user_id: 'ann' },
      items: [{ item_id: 'mug', rank: 1, score: 1, made_by: 'history' }],
    },
  ]);
  await answers.close();
  const key = digestKey(secret, 'person');
  expect(await linesOf(disk)).toMatchObject([
    { user_id: digestOf(key, 'lake ann'), arm: 'active', value: 0.25 },
    { user_id: digestOf(key, 'lake cy'), arm: 'canary' },
    { user_id: digestOf(key, 'lake ann'), items: ['mug'] },
  ]);
});

test('who is erased leaves it, also where their answer still waits', async () => {
  const { disk, answers } = await opened();
  answers.answered([answer('ann'), answer('bob')], () => true);
  expect(await answers.forget(['lake ann'])).toBe(1);
  await answers.close();
  expect(await linesOf(disk)).toHaveLength(1);
});

test('taking an answer costs under five microseconds of the processor', async () => {
  const { answers } = await opened();
  const batches = Array.from({ length: 500 }, (_, batch) =>
    Array.from({ length: 100 }, (_, i) => answer(`customer-${batch}-${i}`)),
  );
  const before = process.cpuUsage();
  for (const batch of batches) answers.answered(batch, () => true);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 50_000).toBeLessThan(5);
  await answers.close();
});
