// A workspace that keeps pseudonyms: the shop's own id is enough to explain and to erase, and stands in no file.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listFiles } from '../src/data/disk.ts';
import { openWorkspace } from '../src/data/workspace.ts';
import { foresell, succeed, testFolder } from './flow/command.ts';
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

test('a workspace with data in it is never taken for one that keeps pseudonyms; an empty one becomes one', async () => {
  const orders = write('few.csv', madeUpCsv({ customers: 3 }));
  const map = write('few.yaml', MADE_UP_MAPPING);
  const at = (name: string, ...args: string[]) => [...args, '--map', map, '--workspace', join(dir, name)];
  await succeed(...at('open', 'import', orders));
  for (const asked of [['--pseudonyms'], ['--zone', 'Asia/Shanghai']]) {
    const refused = await foresell(...at('open', 'import', orders, ...asked));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/holds data already, with zone UTC and no pseudonyms/);
  }
  await succeed(...at('open', 'import', orders, '--zone', 'UTC'));

  expect((await foresell(...at('empty', 'import', join(dir, 'nowhere.csv')))).code).toBe(1);
  await succeed(...at('empty', 'import', orders, '--pseudonyms', '--zone', 'Asia/Shanghai'));
  expect(openWorkspace(join(dir, 'empty')).settings).toMatchObject({
    pseudonyms: true,
    zone: 'Asia/Shanghai',
  });
  const again = JSON.parse(
    (await succeed(...at('empty', 'import', orders, '--pseudonyms', '--json'))).stdout,
  );
  expect(again).toMatchObject({ accepted: 0, quarantined: {} });
});
