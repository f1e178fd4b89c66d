// Customers whose ids are small numbers: erased from the data, while settings, tasks and models full of such numbers stay.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eraseUser } from '../src/data/erase/erase-user.ts';
import { withLake } from '../src/data/lake/open.ts';
import { erasedSince } from '../src/data/lake/read.ts';
import { openWorkspace } from '../src/data/workspace.ts';
import { loadBundle } from '../src/registry/bundle.ts';
import { markErasures, showVersion } from '../src/registry/versions.ts';
import { succeed, testFolder } from './flow/command.ts';
import { MADE_UP_MAPPING, madeUpCsv } from './flow/made-up-csv.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');
const models = join(shop, 'models');

test('customers 1, 30 and 7 go; foresell.yaml, a task over 7 days and a model over 30 stay and work', async () => {
  const orders = write('orders.csv', madeUpCsv({ customers: 250, id: String }));
  await succeed('import', orders, '--map', write('map.yaml', MADE_UP_MAPPING), '--workspace', shop);
  await succeed('train', 'purchase', '--model', 'logistic', '--workspace', shop);
  const settings = readFileSync(join(shop, 'foresell.yaml'), 'utf8');
  const task = write(
    'shop/tasks/week.yaml',
    'name: week\noutcome: { events: [purchase], is: happens }\nhorizon_days: 7\n',
  );
  const workspace = openWorkspace(shop);

  for (const [at, user] of ['1', '30', '7'].entries()) {
    const {
      before,
      after,
      models: marked,
    } = await eraseUser(workspace, user, { threads: 1, nowMs: 5000 - at });
    expect(before.some(({ file }) => file.startsWith('lake/events/'))).toBe(true);
    expect(after).toEqual([]);
    expect(marked).toHaveLength(1);
  }
  expect(readFileSync(join(shop, 'foresell.yaml'), 'utf8')).toBe(settings);
  expect(existsSync(task)).toBe(true);
  expect(loadBundle(models, 'purchase').horizonDays).toBe(30);

  // The erasure and the registry keep one count in one file.
  const { version, erasures } = showVersion(models, 'purchase');
  expect(erasures).toEqual({ users: 3, sinceMs: 4998 });
  markErasures(models, { task: 'purchase', version }, { users: 2, atMs: 6000 });
  await eraseUser(workspace, '2', { threads: 1, nowMs: 7000 });
  expect(showVersion(models, 'purchase').erasures).toEqual({ users: 6, sinceMs: 4998 });
});

test('work that read the lake before an erasure can tell', async () => {
  const workspace = openWorkspace(shop);
  await withLake(workspace, { threads: 1 }, async (_, source) => {
    expect(erasedSince(workspace, source)).toBe(false);
    await eraseUser(workspace, 'nobody', { threads: 1 });
    expect(erasedSince(workspace, source)).toBe(false);
    await eraseUser(workspace, '3', { threads: 1 });
    expect(erasedSince(workspace, source)).toBe(true);
  });
});
