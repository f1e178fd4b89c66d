// A version saved with --no-promote answers nobody: whoever asks is told what to do, and is answered once it is promoted.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withLake } from '../src/data/lake/open.ts';
import { openWorkspace, workspacePaths } from '../src/data/workspace.ts';
import { promote } from '../src/registry/promotion.ts';
import { testFolder } from './flow/command.ts';
import { succeed } from './flow/in-process.ts';
import { madeUpCsv } from './flow/made-up-csv.ts';
import { type ServedShop, serveShop } from './flow/served-shop.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');
const on = ['--workspace', shop, '--threads', '1', '--lang', 'en'];
let served: ServedShop;

beforeAll(async () => {
  const orders = write('orders.csv', madeUpCsv({ customers: 150 }));
  const mapping = write('map.yaml', (await succeed('import', orders, '--propose', ...on)).stdout);
  await succeed('import', orders, '--map', mapping, ...on);
  await succeed('train', 'purchase', '--model', 'logistic', '--horizon', '30d', '--no-promote', ...on);
  await succeed('train', 'next-item', '--model', 'item-knn', '--no-promote', ...on);
  const now = await withLake(openWorkspace(shop), { threads: 1 }, async (_, { lastMs }) => lastMs + 60_000);
  served = await serveShop({ dir: shop, now: () => now });
}, 120_000);
afterAll(() => served?.close());

const ask = async (path: string) => {
  const { status, body } = await served.send('POST', path, { entities: [{ user_id: 'c1' }] });
  return { status, body };
};

test('it answers nobody until it is promoted, and the problem says so', async () => {
  const none = await ask('/v1/predictions/purchase');
  expect([none.status, none.body.detail]).toEqual([404, expect.stringContaining('foresell models promote')]);
  const noList = await ask('/v1/recommendations');
  expect([noList.status, noList.body.detail]).toEqual([
    503,
    expect.stringContaining('foresell models promote next-item'),
  ]);
  const age = () =>
    served.figure('foresell_model_age_seconds{foresell_workspace="shop",foresell_task="purchase"');
  expect(await age()).toBeUndefined();
  for (const task of ['purchase', 'next-item'])
    promote(workspacePaths.models(openWorkspace(shop)), { task }, { atMs: Date.now() });
  await served.server.follow();
  const { status, body } = await ask('/v1/predictions/purchase');
  expect([status, body.predictions.length]).toEqual([200, 1]);
  expect((await ask('/v1/recommendations')).status).toBe(200);
  // The figures follow at the monitor's next turn.
  for (const { run } of served.monitor.tasks) await run();
  expect(await age()).toBeGreaterThan(0);
});
