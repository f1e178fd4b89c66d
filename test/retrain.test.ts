// A task trained anew: only on new data, against the version that answers, and into service only where it should be.
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { formatMoment } from '../src/core/time.ts';
import { readRetraining } from '../src/registry/retraining-record.ts';
import { readRollout } from '../src/registry/rollout.ts';
import { listVersions, showVersion } from '../src/registry/versions.ts';
import { succeed, testFolder } from './flow/command.ts';
import { FIRST_DAY_MS, MADE_UP_HEADER, MADE_UP_MAPPING, madeUpCsv } from './flow/made-up-csv.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');
const models = join(shop, 'models');
const on = ['--workspace', shop, '--threads', '2', '--lang', 'en'];
const mapping = write('map.yaml', MADE_UP_MAPPING);

/** Order lines from one day of the shop up to another. */
const lines = madeUpCsv({ customers: 500, days: 260 }).trim().split('\n').slice(1);
const between = (from: number, to: number): string => {
  const [first, last] = [from, to].map((day) => formatMoment(FIRST_DAY_MS + day * 86_400_000));
  const own = lines.filter((line) => line.split(',')[2] >= first && line.split(',')[2] < last);
  return `${[MADE_UP_HEADER, ...own].join('\n')}\n`;
};
const bring = (name: string, from: number, to: number) =>
  succeed('import', write(name, between(from, to)), '--map', mapping, ...on);
const retrained = async (task: string, ...more: string[]) =>
  JSON.parse((await succeed('retrain', task, '--json', ...more, ...on)).stdout);
const retrain = (...more: string[]) => retrained('purchase', ...more);

beforeAll(async () => {
  await bring('first.csv', 0, 190);
  await succeed('train', 'purchase', '--horizon', '30d', '--model', 'logistic', ...on);
  await succeed('train', 'next-item', '--model', 'item-knn', ...on);
}, 120_000);

test('nothing new is not trained on', async () => {
  expect(await retrain()).toMatchObject({ verdict: 'unchanged', reason: 'no-new-data', version: null });
  expect(await retrained('next-item')).toMatchObject({ verdict: 'unchanged', version: null });
  expect(listVersions(models, 'purchase').versions.length).toBe(1);
});

test('two months later the fresher model is accepted as it is not worse, and first answers some', async () => {
  await bring('later.csv', 190, 250);
  const made = await retrain('--canary', '20%', '--for', '1d');
  expect(made).toMatchObject({
    verdict: 'accepted',
    service: 'canary',
    version: expect.stringMatching(/^v2-/),
  });
  expect(['better', 'fresher']).toContain(made.reason);
  expect(made.said).toMatch(/^\w+ [\d.]+ against [\d.]+, difference [+−][\d.e-]+ \([+−]/);
  const { current } = readRollout(models, 'purchase');
  expect(current).toMatchObject({ version: made.version, share: 0.2, promoteAfterMs: 86_400_000 });
  expect(showVersion(models, 'purchase', 'promoted').sequence).toBe(1);
  // As the one before was learned.
  const { settings } = showVersion(models, 'purchase', 'v2');
  expect(settings).toMatchObject({ chosen: 'logistic', horizonDays: 30 });
  const [, decision] = readRetraining(models, 'purchase');
  expect(decision).toMatchObject({ verdict: 'accepted', service: 'canary', version: made.version });
});

test('lists are held against each other by people who did something since', async () => {
  const made = await retrained('next-item', '--no-promote');
  expect(made).toMatchObject({ version: expect.stringMatching(/^v2-/), service: null });
  expect(made.incumbent).toMatch(/^v1-/);
  expect(made.said).toMatch(/^ndcg@10 [\d.e-]+ against [\d.e-]+, difference/);
  expect(showVersion(models, 'next-item', 'v2').settings).toMatchObject({ chosen: 'item-knn' });
  expect(showVersion(models, 'next-item', 'promoted').sequence).toBe(1);
});

test('a day later the incumbent is kept unless the new model is better', async () => {
  await succeed('models', 'promote', 'purchase', 'v2', ...on);
  // What answers everybody is on trial no longer.
  expect(readRollout(models, 'purchase')).toMatchObject({ ended: [{ outcome: 'promoted' }] });
  expect(readRollout(models, 'purchase').current).toBeUndefined();
  await bring('last.csv', 250, 251);
  const made = await retrain();
  expect(made.incumbent).toMatch(/^v2-/);
  expect(made.verdict === 'accepted' ? made.reason === 'better' : made.reason !== 'taken-back').toBe(true);
  expect(showVersion(models, 'purchase', 'promoted').version).toBe(
    made.verdict === 'accepted' ? made.version : made.incumbent,
  );
});

test('a version of another horizon is not held against this one', async () => {
  await succeed('train', 'purchase', '--horizon', '60d', '--model', 'logistic', ...on);
  await bring('end.csv', 251, 260);
  const sixty = showVersion(models, 'purchase', 'promoted');
  const made = await retrain('--no-promote');
  expect(made.incumbent).toBe(sixty.version);
  expect(showVersion(models, 'purchase', made.version).settings).toMatchObject({ horizonDays: 60 });
  expect(made.service).toBeNull();
  expect(showVersion(models, 'purchase', 'promoted').version).toBe(sixty.version);
});
