// What people really hand over: each bad file or word gets a clear message and exit code 1, and nothing on disk changes.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { listFiles, sha256 } from '../src/data/disk.ts';
import { acquireLock } from '../src/data/lock.ts';
import { openWorkspace, workspacePaths } from '../src/data/workspace.ts';
import { type Ended, foresell, succeed, testFolder } from './flow/command.ts';
import { FIRST_DAY_MS, MADE_UP_HEADER, MADE_UP_MAPPING, madeUpCsv } from './flow/made-up-csv.ts';

const { dir, write } = testFolder();
const map = write('map.yaml', MADE_UP_MAPPING);
const shop = join(dir, 'shop');
const on = (...args: string[]) => [...args, '--workspace', shop, '--lang', 'en'];
const fresh = (name: string, ...args: string[]) => [...args, '--workspace', join(dir, name), '--lang', 'en'];

beforeAll(async () => {
  await succeed(...on('import', write('good.csv', madeUpCsv({ customers: 250 })), '--map', map));
  await succeed(...on('train', 'purchase', '--model', 'bg-nbd'));
});

/** Every file with its digest, but for locks. */
const state = (folder: string) =>
  listFiles(folder)
    .filter((file) => !file.startsWith('locks/'))
    .map((file) => `${file} ${sha256(readFileSync(join(folder, file)))}`);

/** The command ends with 1, says what the pattern says, and leaves the shop as it was. */
async function refused(args: readonly string[], words: RegExp): Promise<Ended> {
  const before = state(shop);
  const ended = await foresell(...args);
  expect(ended.stderr).toMatch(words);
  expect(ended.stderr).toMatch(/^error: [^A-Z]/m);
  expect(ended.code).toBe(1);
  expect(state(shop)).toEqual(before);
  return ended;
}

describe('files', () => {
  const good = 'o1,c1,2024-03-01T10:00:00Z,s1,1,9.99';
  const rows = (...lines: string[]) => `${[MADE_UP_HEADER, ...lines].join('\n')}\n`;
  const euros = '  currency: { constant: EUR }';

  test.each<[string, string | Uint8Array, string, RegExp]>([
    ['an empty file', '', MADE_UP_MAPPING, /empty/],
    ['a missing column', 'order,customer,day,sku,qty\no1,c1,2024-03-01,s1,1\n', MADE_UP_MAPPING, /"price"/],
    [
      'mixed currencies without rates',
      `${MADE_UP_HEADER},cur\n${good},EUR\n${good},USD\n`,
      MADE_UP_MAPPING.replace(euros, '  currency: cur'),
      /expected money in EUR, the file .*USD/,
    ],
    ['an archive', Buffer.from('PK\u0003\u0004 not a table'), MADE_UP_MAPPING, /./],
  ])('%s is refused', async (name, content, mapping, words) => {
    const file = write(`${name}.csv`, content);
    await refused(on('import', file, '--map', write(`${name}.yaml`, mapping)), words);
  });

  test('bytes of no encoding go to quarantine where the mapping insists on UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from(rows(good)), Buffer.from([0x6f, 0x39, 0x2c, 0xff, 0xfe, 0x0a])]);
    const strict = write('strict.yaml', `${MADE_UP_MAPPING}file: { encoding: utf-8 }\n`);
    const { stdout } = await succeed(
      ...fresh('bytes', 'import', write('bytes.csv', bytes), '--map', strict, '--json'),
    );
    expect(JSON.parse(stdout)).toMatchObject({ accepted: 1, quarantined: { wrong_encoding: 1 } });
  });

  test('negative prices, times to come and times that are none go to quarantine, good rows in', async () => {
    const far = new Date(Date.now() + 30 * 86_400_000).toISOString();
    const file = write(
      'mixed.csv',
      rows(
        good,
        'o2,c1,2024-03-02T10:00:00Z,s1,1,-5',
        `o3,c2,${far},s1,1,5`,
        'o4,c3,soon,s1,1,5',
        'o5,c3,2024-03-04',
      ),
    );
    const { stdout } = await succeed(...fresh('mixed', 'import', file, '--map', map, '--json'));
    const { accepted, quarantined } = JSON.parse(stdout) as {
      accepted: number;
      quarantined: Record<string, number>;
    };
    expect(accepted).toBe(1);
    expect(Object.values(quarantined).reduce((a, b) => a + b)).toBe(4);
    expect(Object.keys(quarantined).join(' ')).toMatch(/negative/);
    expect(Object.keys(quarantined).join(' ')).toMatch(/future/);
  });

  test('ids with commas, quotes, spaces and other scripts stay what they are through predictions and erasure', async () => {
    const odd = ['O\'Brien, "Bo"', '张伟', 'a b', 'x&y<z>', '🙂', '007', '-1'];
    const quoted = (id: string) => `"${id.replaceAll('"', '""')}"`;
    const csv = madeUpCsv({ customers: 250, id: (i) => quoted(odd[i] ?? `c${i}`) });
    await succeed(
      ...fresh('odd', 'import', write('odd.csv', `\ufeff${csv.replaceAll('\n', '\r\n')}`), '--map', map),
    );
    await succeed(...fresh('odd', 'train', 'purchase', '--model', 'rate'));
    const out = join(dir, 'odd', 'all.ndjson');
    const csvOut = join(dir, 'odd', 'all.csv');
    await succeed(...fresh('odd', 'predict', 'purchase', '--out', out));
    await succeed(...fresh('odd', 'predict', 'purchase', '--out', csvOut));
    const ids = readFileSync(out, 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { user_id: string }).user_id);
    expect(ids).toEqual(expect.arrayContaining(odd));
    for (const id of ['O\'Brien, "Bo"', 'x&y<z>']) {
      const { stdout } = await succeed(...fresh('odd', 'erase', '--user', id, '--json'));
      expect(JSON.parse(stdout), id).toMatchObject({ found_after: 0 });
      for (const file of [out, csvOut]) expect(existsSync(file), `${id} in ${file}`).toBe(false);
      await succeed(...fresh('odd', 'predict', 'purchase', '--out', out));
      await succeed(...fresh('odd', 'predict', 'purchase', '--out', csvOut));
      expect(readFileSync(out, 'utf8')).not.toContain(JSON.stringify(id));
    }
  });

  test('two hundred thousand categories and a text of 1 MB in a cell come in, and are trained on', async () => {
    const many = madeUpCsv({ customers: 250 })
      .trim()
      .split('\n')
      .map((line, i) => (i === 0 ? `${line},country` : `${line},land ${i}`));
    for (let i = 0; i < 200_000 - many.length; i++)
      many.push(`v${i},guest${i % 500},2024-05-01,s1,1,1.00,place ${i}`);
    many[5] += 'x'.repeat(1_000_000);
    const mapping = write('many.yaml', `${MADE_UP_MAPPING}  country: country\n`);
    await succeed(...fresh('many', 'import', write('many.csv', `${many.join('\n')}\n`), '--map', mapping));
    await succeed(...fresh('many', 'train', 'purchase', '--model', 'logistic'));
  });

  test.each<[string, string, RegExp]>([
    ['one customer', madeUpCsv({ customers: 1, seed: 3 }), /cannot be learned|expected/],
    [
      'one class',
      rows(
        ...Array.from(
          { length: 300 },
          (_, i) => `o${i},c${i},${new Date(FIRST_DAY_MS + i * 40_000_000).toISOString()},s1,1,5`,
        ),
      ),
      /at least 20 with and without/,
    ],
    ['a history of three days', madeUpCsv({ customers: 100, days: 3 }), /days/],
  ])('%s is not enough to learn from, and that is said', async (name, content, words) => {
    await succeed(...fresh(name, 'import', write(`${name}.csv`, content), '--map', map));
    const ended = await foresell(...fresh(name, 'train', 'purchase'));
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(words);
    expect(existsSync(join(dir, name, 'models', 'purchase'))).toBe(false);
  });

  test('a column without a single value is no obstacle', async () => {
    const csv = madeUpCsv({ customers: 250 }).replace(/,s\d+,/g, ',,');
    await succeed(...fresh('hollow', 'import', write('hollow.csv', csv), '--map', map));
    await succeed(...fresh('hollow', 'train', 'purchase', '--model', 'logistic'));
  });
});

describe('other writers and damage', () => {
  const workspace = () => openWorkspace(shop);

  test('a second writer of the same part is told who the first is', async () => {
    const lake = await acquireLock(workspacePaths.lakeLock(workspace()), 'import of orders.csv');
    const training = await acquireLock(
      workspacePaths.taskLock(workspace(), 'purchase'),
      'training of purchase',
    );
    try {
      await refused(on('import', join(dir, 'good.csv'), '--map', map), /import of orders\.csv \(process \d+/);
      await refused(on('erase', '--user', 'c1'), /import of orders\.csv \(process \d+/);
      await refused(on('train', 'purchase', '--model', 'rate'), /training of purchase \(process \d+/);
    } finally {
      lake.release();
      training.release();
    }
  });

  test('a lock left by a dead process is taken over', async () => {
    const dead = {
      pid: 2 ** 22 + 1,
      host: hostname(),
      start: '',
      what: 'import',
      since: '2024-01-01',
      token: 'gone',
    };
    writeFileSync(workspacePaths.lakeLock(workspace()), JSON.stringify(dead));
    await succeed(...on('import', join(dir, 'good.csv'), '--map', map));
  });

  test('a model file somebody changed is refused by name', async () => {
    cpSync(shop, join(dir, 'tampered'), { recursive: true });
    const versions = join(dir, 'tampered', 'models', 'purchase');
    const version = readdirSync(versions).find((name) => name.startsWith('v1')) as string;
    const file = join(versions, version, 'bundle.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('30', '31'));
    for (const command of [
      ['predict', 'purchase', '--out', join(dir, 'x.csv')],
      ['models', 'promote', 'purchase', 'v1'],
    ]) {
      await refused(fresh('tampered', ...command), /bundle\.json was refused: its bytes are not/);
    }
    expect(existsSync(join(dir, 'x.csv'))).toBe(false);
  });

  test('a workspace of a newer format, or none at all, is refused', async () => {
    mkdirSync(join(dir, 'newer'));
    writeFileSync(join(dir, 'newer', 'foresell.yaml'), 'format: 99\n');
    for (const command of [['check'], ['models', 'list'], ['import', join(dir, 'good.csv'), '--map', map]]) {
      await refused(fresh('newer', ...command), /format 99: update foresell/);
    }
    await refused(fresh('nowhere', 'check'), /found no foresell\.yaml/);
    await refused(fresh('nowhere', 'models', 'list'), /found no foresell\.yaml/);
    expect(existsSync(join(dir, 'nowhere'))).toBe(false);
    await refused(
      fresh('map.yaml', 'import', join(dir, 'good.csv'), '--map', map),
      /"[^"]+map\.yaml" is a file/,
    );
  });
});
