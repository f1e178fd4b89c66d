// Wrong words on the command line, a disk that is full, and what help says: exit code 1 and a message with what to do.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '../src/cli/commands.ts';
import { listFiles, sha256 } from '../src/data/disk.ts';
import { foresell, runProcess, start, succeed, testFolder } from './flow/command.ts';
import { MADE_UP_MAPPING, madeUpCsv } from './flow/made-up-csv.ts';

const { dir, write } = testFolder();
const map = write('map.yaml', MADE_UP_MAPPING);
const orders = write('orders.csv', madeUpCsv({ customers: 250 }));
const shop = join(dir, 'shop');
const on = (...args: string[]) => [...args, '--workspace', shop, '--lang', 'en'];

beforeAll(async () => {
  await succeed(...on('import', orders, '--map', map));
  await succeed(...on('train', 'purchase', '--model', 'bg-nbd'));
});

const state = () =>
  listFiles(shop)
    .filter((file) => !file.startsWith('locks/'))
    .map((file) => `${file} ${sha256(readFileSync(join(shop, file)))}`);

describe('wrong words', () => {
  const out = join(dir, 'x.csv');
  test.each<[RegExp, ...string[]]>([
    [/Did you mean train/, 'trian'],
    [/missing required argument 'task'/, 'train'],
    [/unknown option '--modle'/, 'train', 'purchase', '--modle', 'x'],
    [
      /expected next-item, .* or one of the tasks purchase, spend, churn, ltv, session-purchase, item-purchase, got "nosuch"/,
      'train',
      'nosuch',
    ],
    [/expected one of the models .*bg-nbd.*, got "nosuch"/, 'train', 'purchase', '--model', 'nosuch'],
    [/--model: expected auto, or model names/, 'train', 'purchase', '--model', 'auto,rate'],
    [/expected a span such as 90d/, 'train', 'purchase', '--horizon', 'long'],
    [/--horizon: expected more than nothing/, 'train', 'purchase', '--horizon', '0d'],
    [
      /expected 1890 days of events.*use a horizon of \d+ days or less/,
      'train',
      'purchase',
      '--horizon',
      '900d',
    ],
    [/expected a span/, 'train', 'purchase', '--time-limit', 'soon'],
    [/expected a test moment whose next 30 days are over/, 'train', 'purchase', '--as-of', '2030-01-01'],
    [/days of events .*got 0/, 'train', 'purchase', '--as-of', '2020-01-01'],
    [/there is none/, 'train', 'purchase', '--features', 'nowhere.yaml'],
    [/--seed: expected a whole number/, 'train', 'purchase', '--seed', '1.5'],
    [/--threads: expected at least 1/, 'train', 'purchase', '--threads', '0'],
    [/--lang: expected en or zh/, 'train', 'purchase', '--lang', 'fr'],
    [/expected --out FILE/, 'predict', 'purchase'],
    [/ending in \.csv, \.ndjson, \.parquet, got/, 'predict', 'purchase', '--out', 'x.txt'],
    [/expected a place for a file/, 'predict', 'purchase', '--out', join(map, 'x.csv')],
    [/expected a moment such as/, 'predict', 'purchase', '--out', out, '--as-of', 'yesterday'],
    [/nobody to ask about/, 'predict', 'purchase', '--out', out, '--as-of', '2020-01-01'],
    [/--top: expected at least 1/, 'predict', 'purchase', '--out', out, '--top', '0'],
    [/--segment: expected .* at position 10/, 'predict', 'purchase', '--out', out, '--segment', 'value >= '],
    [
      /--segment: expected value, low, .*got "toString"/,
      'predict',
      'purchase',
      '--out',
      out,
      '--segment',
      'toString > 1',
    ],
    [
      /expected a version of "purchase" \(1 saved/,
      'predict',
      'purchase',
      '--out',
      out,
      '--model-version',
      'v9',
    ],
    [/no saved model of "spend": train one first/, 'predict', 'spend', '--out', out],
    [/is for tasks about items/, 'predict', 'purchase', '--out', out, '--exclude-seen'],
    [/expected --entity ID/, 'explain', 'purchase'],
    [/nobody of that id/, 'explain', 'purchase', '--entity', 'nobody'],
    [/go with --what-if/, 'explain', 'purchase', '--entity', 'c5', '--above', '.5'],
    [
      /got "no_such_column"/,
      'explain',
      'purchase',
      '--entity',
      'c5',
      '--what-if',
      '--immutable',
      'no_such_column',
    ],
    [/the log ends at/, 'evaluate', 'purchase', '--as-of', '2030-01-01'],
    [/nobody to ask about at 2020-01-01/, 'evaluate', 'purchase', '--as-of', '2020-01-01'],
    [/expected one of list, show, promote, rollback/, 'models', 'remove'],
    [/expected a task name/, 'models', 'list', '../../elsewhere'],
    [/no version of "purchase" was promoted before/, 'models', 'rollback', 'purchase'],
    [/expected --user ID/, 'erase'],
    [/expected the id of a customer/, 'erase', '--user', ' '],
    [/expected --map FILE or one of the ready mappings/, 'import', orders],
    [/expected a file, found none/, 'import', 'nowhere.csv', '--map', map],
    [/expected a file, ".*" is a folder/, 'import', dir, '--map', map],
    [/found no "nowhere\.yaml"/, 'import', orders, '--map', 'nowhere.yaml'],
    [/the mapping is for events/, 'import', orders, '--map', map, '--kind', 'users'],
    [/expected an IANA time zone/, 'import', orders, '--map', map, '--zone', 'Mars/Base'],
  ])('%s', async (words, ...args) => {
    const before = state();
    const ended = await foresell(...on(...args));
    expect(ended.stderr).toMatch(words);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toBe('');
    expect(existsSync(out)).toBe(false);
    expect(state()).toEqual(before);
  });

  test('under --json the error is a document too', async () => {
    const { stdout, code } = await foresell(...on('train', 'nosuch', '--json'));
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'USAGE', message: expect.stringContaining('nosuch') },
    });
  });
});

test('help of every command shows examples, and ends with 0', async () => {
  for (const { usage, examples } of COMMANDS) {
    const words = usage.split(' ').filter((part) => !/^[<[]/.test(part));
    // A command under another is shown by the help of both.
    for (const length of new Set([1, words.length])) {
      const ended = await foresell(...words.slice(0, length), '--help');
      expect(ended.code, usage).toBe(0);
      expect(ended.stdout, usage).toContain('Examples:');
      for (const example of examples) expect(ended.stdout, usage).toContain(example);
    }
    expect(
      examples.some((example) => example.startsWith(`foresell ${words.join(' ')}`)),
      usage,
    ).toBe(true);
  }
});

test('a moment after the last event is answered with a warning', async () => {
  const out = join(dir, 'later.csv');
  const { stderr } = await succeed(...on('predict', 'purchase', '--out', out, '--as-of', '2025-01-01'));
  expect(stderr).toMatch(/the log ends at 2024-07-.*days before that moment/);
});

describe('as processes', () => {
  // A limit on file size stands in for a full disk: every write beyond it is refused by the system.
  const limited = (kilobytes: number, ...args: string[]) =>
    spawnSync(
      'bash',
      ['-c', `trap '' XFSZ; ulimit -f ${kilobytes}; exec "$@"`, 'bash', process.execPath, BIN, ...args],
      { encoding: 'utf8' },
    );
  const BIN = fileURLToPath(new URL('../bin/foresell.js', import.meta.url));

  test.skipIf(process.platform === 'win32')(
    'a disk that refuses writes changes nothing (needs ulimit)',
    () => {
      const before = state();
      const more = write('more.csv', madeUpCsv({ customers: 500, seed: 9 }));
      for (const args of [
        on('import', more, '--map', map),
        on('train', 'purchase', '--model', 'logistic'),
        on('predict', 'purchase', '--out', join(dir, 'full.csv')),
        on('predict', 'purchase', '--out', join(dir, 'full.parquet')),
      ]) {
        const { status, stderr } = limited(4, ...args);
        expect(stderr).toMatch(/error: the disk refused/);
        expect(status).toBe(1);
      }
      expect(state()).toEqual(before);
      expect(readdirSync(dir).filter((name) => name.startsWith('full'))).toEqual([]);
    },
  );

  test('a reader that closes early is no error', async () => {
    const running = start(on('models', 'show', 'purchase', '--json'));
    running.process.stdout?.destroy();
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
  });

  test('without a command it shows help and ends with 1', async () => {
    expect(await runProcess()).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('Start here:'),
    });
  });
});
