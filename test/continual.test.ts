// Going on from what was learned, from the command line: next items a month later, trunks by tasks, by months, and in another shop.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { random } from '../src/core/random.ts';
import { importFiles } from '../src/data/import/import-files.ts';
import { parseMapping } from '../src/data/import/mapping.ts';
import { writeShop } from '../src/data/synthetic/write-shop.ts';
import { simulateShop } from '../src/data/synthetic.ts';
import { createWorkspace } from '../src/data/workspace.ts';
import { foresell, succeed, testFolder } from './flow/command.ts';

const { dir, write } = testFolder();
const shared = ['--threads', '1', '--lang', 'en'];
const said = async (...args: string[]) => JSON.parse((await succeed(...args, ...shared, '--json')).stdout);
const refusal = async (...args: string[]): Promise<string> => {
  const { code, stderr } = await foresell(...args, ...shared);
  expect(code).toBe(1);
  return stderr;
};

describe('sequence fit --continue', () => {
  const DAY_MS = 86_400_000;
  const START_MS = Date.UTC(2026, 0, 1);
  /** Walks of five over a ring; from the second month on over one of new items. */
  const rows = Array.from({ length: 240 }, (_, walk) => {
    const draws = random(walk);
    const month = walk < 160 ? 0 : 1;
    const from = month * 8;
    const first = draws.integer(8);
    const startMs = START_MS + (month * 31 + draws.integer(25)) * DAY_MS;
    return Array.from({ length: 5 }, (_, at) => ({
      ...{ user: `u${walk}`, item: `i${from + ((first + at) % 8)}` },
      time: new Date(startMs + at * 60_000).toISOString(),
    }));
  }).flat();
  const csv = (some: typeof rows) =>
    `user,item,time\n${some.map(({ user, item, time }) => `${user},${item},${time}\n`).join('')}`;
  const log = write('log.csv', csv(rows));
  const before = write('before.csv', csv(rows.filter(({ time }) => time < '2026-02-01')));
  const columns = ['--user', 'user', '--item', 'item', '--time', 'time'];
  const out = join(dir, 'next item');

  beforeAll(async () => {
    await said(
      'sequence',
      'fit',
      before,
      ...columns,
      '--model',
      'transformer',
      '--time-limit',
      '6s',
      '--out',
      out,
    );
  }, 60_000);

  it('learns the month since in the folder of the model, and says what it took and what it forgot', async () => {
    const document = await said('sequence', 'fit', log, ...columns, '--continue', out, '--epochs', '30');
    expect(document.out).toBe(out);
    expect(document.model_version).toMatch(/^v2-/);
    const { continued, metrics, baselines } = document;
    expect(continued).toMatchObject({ from: expect.stringMatching(/^v1-/), new_items: 8 });
    // The last item of every walk is left out of what is learned.
    expect(continued.new_events).toBe(80 * 4);
    expect(continued.settings).toMatchObject({ replay: 0.25, epochs: 30 });
    expect(continued.effort.windows).toBe(80 + 27);
    expect(continued.forgetting).toMatchObject({ cases: 24, share: expect.any(Number) });
    expect(metrics['ndcg@10'].value).toBeGreaterThan(baselines['transformer before']['ndcg@10'].value);
    const told = await succeed('sequence', 'evaluate', out, ...shared);
    expect(told.stdout).toContain('transformer');
  }, 60_000);

  it('says in words what became of the model', async () => {
    const folder = join(dir, 'another');
    const { stdout } = await succeed(
      ...['sequence', 'fit', log, ...columns, '--continue', out, '--since', '2026-02-10'],
      ...['--epochs', '1', '--replay', '0', '--out', folder, ...shared],
    );
    expect(stdout).toMatch(/continued from v\d-\w+: \d+ new events after 2026-02-10/);
    expect(stdout).toMatch(/0 of them old/);
    expect(existsSync(join(folder, 'report.html'))).toBe(true);
  }, 60_000);

  it('refuses what cannot be continued, naming what to do', async () => {
    const go = (...args: string[]) => refusal('sequence', 'fit', log, ...columns, ...args);
    expect(await go('--replay', '0.5')).toMatch(/--replay: expected --continue with it/);
    expect(await go('--since', '2026-02-01')).toMatch(/--since: expected --continue with it/);
    expect(await go('--continue', out, '--model', 'gru')).toMatch(/without --model/);
    expect(await go('--continue', out, '--replay', '1')).toMatch(/from 0 to below 1, got 1/);
    expect(await go('--continue', out, '--replay', 'some')).toMatch(/expected a number/);
    expect(await go('--continue', dir)).toMatch(/expected a folder that "sequence fit" saved/);
    expect(await go('--continue', out, '--since', '2027-01-01')).toMatch(/give it the log as it is now/);
    const known = join(dir, 'popular');
    await said('sequence', 'fit', before, ...columns, '--model', 'popularity', '--out', known);
    expect(await go('--continue', known)).toMatch(/"popularity" is fitted afresh: leave out --continue/);
  }, 60_000);
});

const COLUMNS = [
  'event_id',
  'type',
  'timestamp',
  'user_id',
  'item_id',
  'price_minor',
  'currency',
  'quantity',
];
const ITEM_COLUMNS = ['item_id', 'title', 'category', 'brand', 'price_minor', 'currency'];
const mapping = (kind: string, columns: readonly string[]) =>
  parseMapping(
    `kind: ${kind}\nfile: { format: csv, encoding: utf-8, separator: "," }\ntime: { format: unix_ms }\ncolumns:\n${columns.map((column) => `  ${column}: ${column}`).join('\n')}\n`,
    kind,
  );

async function shopIn(name: string, seed: number): Promise<string> {
  const folder = join(dir, name);
  const shop = simulateShop({ scenario: 'sequential', customers: 150, items: 40, days: 200, seed });
  const files = await writeShop(shop, join(dir, `${name} files`), { format: 'csv' });
  mkdirSync(folder);
  const workspace = createWorkspace(folder);
  await importFiles(workspace, [files.items], mapping('items', ITEM_COLUMNS), { threads: 1 });
  await importFiles(workspace, [files.events], mapping('events', COLUMNS), { threads: 1 });
  return folder;
}

describe('trunks', () => {
  const small = ['--width', '8', '--blocks', '1', '--steps', '10'];
  let first: string;
  let second: string;
  beforeAll(async () => {
    first = await shopIn('first', 5);
    second = await shopIn('second', 6);
  }, 60_000);

  it('are taught by several tasks at once, and continued', async () => {
    const taught = await said(
      ...['pretrain', '--workspace', first, ...small, '--as-of', '2022-05-01'],
      ...['--tasks', 'purchase:1,churn:0.5,spend', '--task-steps', '12'],
    );
    expect(taught.taught).toMatchObject({ weights: { purchase: 1, churn: 0.5, spend: 1 }, steps: 12 });
    expect(taught.taught.moments.every((moment: number) => moment < Date.UTC(2022, 3, 2))).toBe(true);
    const continued = await said(
      'pretrain',
      '--workspace',
      first,
      '--continue',
      'latest',
      '--steps',
      '6',
      '--as-of',
      '2022-05-20',
    );
    expect(continued).toMatchObject({ from: taught.version, as_of: '2022-05-20T00:00:00.000Z' });
    expect(continued.effort.steps).toBeLessThanOrEqual(6);
  }, 120_000);

  it('go to another shop in one file, with nothing of the first but words and numbers', async () => {
    const file = join(dir, 'first.trunk');
    const exported = await said('trunk', 'export', file, '--workspace', first);
    expect(exported).toMatchObject({ items_told: 40, types: expect.arrayContaining(['view', 'purchase']) });
    const bytes = readFileSync(file, 'latin1');
    expect(bytes.length).toBe(exported.bytes);
    expect(bytes).not.toMatch(/u\d{6,}|i\d{5,}/i);
    const imported = await said('trunk', 'import', file, '--workspace', second);
    expect(imported).toMatchObject({ items: 40, items_told: 40, item_tower: true });
    expect(imported.categories_known).toBeGreaterThan(5);
    const words = await succeed('trunk', 'export', file, '--workspace', first, ...shared);
    expect(words.stdout).toMatch(/not in it: ids of items, customers/);
    const continued = await said(
      'pretrain',
      '--workspace',
      second,
      '--continue',
      imported.version,
      '--steps',
      '6',
    );
    expect(continued.from).toBe(imported.version);
    const whole = readFileSync(file);
    whole[whole.length - 20] ^= 1;
    writeFileSync(file, whole);
    expect(await refusal('trunk', 'import', file, '--workspace', second)).toMatch(/digest says otherwise/);
  }, 120_000);

  it('refuse what does not fit together', async () => {
    const go = (...args: string[]) => refusal('pretrain', '--workspace', first, ...args);
    expect(await go('--tasks', 'purchase:x')).toMatch(/expected a weight of at least 0/);
    expect(await go('--tasks', 'purchase,purchase:2')).toMatch(/each task once/);
    expect(await go('--tasks', 'purchase:0')).toMatch(/a weight above 0/);
    expect(await go('--tasks', 'session-purchase')).toMatch(/tasks about customers/);
    expect(await go('--task-steps', '5')).toMatch(/expected --tasks with it/);
    expect(await go('--continue', 'latest', '--tasks', 'purchase')).toMatch(/leave out --continue/);
    expect(await go('--continue', 'latest', '--width', '16')).toMatch(/of the size it has/);
    expect(await go('--continue', 'latest', '--as-of', '2022-05-01')).toMatch(/expected a moment later/);
    expect(await refusal('trunk', 'export', join(dir, 'x'), '--workspace', second, '--trunk', 'v9')).toMatch(
      /v9/,
    );
    expect(await refusal('trunk', 'import', join(dir, 'none'), '--workspace', second)).toMatch(
      /there is none/,
    );
  }, 60_000);
});
