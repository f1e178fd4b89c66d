// A workspace that keeps pseudonyms: the shop's own id is enough to explain and to erase, and stands in no file.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listFiles } from '../src/data/disk.ts';
import { succeed, testFolder } from './flow/command.ts';
import { MADE_UP_MAPPING, madeUpCsv } from './flow/made-up-csv.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');
const on = (...args: string[]) => [...args, '--workspace', shop, '--lang', 'en'];

test('from import to erasure', async () => {
  const orders = write('orders.csv', madeUpCsv({ customers: 250, id: (i) => `customer-no-${i}` }));
  await succeed(...on('import', orders, '--map', write('map.yaml', MADE_UP_MAPPING), '--pseudonyms'));
  await succeed(...on('train', 'purchase', '--model', 'bg-nbd'));
  const out = join(shop, 'all.ndjson');
  await succeed(...on('predict', 'purchase', '--out', out));
  for (const file of listFiles(shop)) {
    expect(readFileSync(join(shop, file)).includes('customer-no-'), file).toBe(false);
  }

  const lines = () =>
    readFileSync(out, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { user_id: string; value: number });
  const byOwnId = JSON.parse(
    (await succeed(...on('explain', 'purchase', '--entity', 'customer-no-4', '--json'))).stdout,
  );
  const before = lines();
  const found = before
    .filter(({ value }) => Math.abs(value - byOwnId.value) < 1e-6)
    .map(({ user_id }) => user_id);
  expect(found.length).toBeGreaterThan(0);
  // A pseudonym copied from a predictions file asks about the same people.
  const byPseudonym = await succeed(...on('explain', 'purchase', '--entity', before[0].user_id, '--json'));
  expect(JSON.parse(byPseudonym.stdout).value).toBeCloseTo(before[0].value, 6);

  await succeed(...on('erase', '--user', 'customer-no-4'));
  await succeed(...on('predict', 'purchase', '--out', out));
  expect(lines()).toHaveLength(before.length - 1);
});
