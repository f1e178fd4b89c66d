// What comes next, from a file of sequences to a saved model asked again: every number against counting by hand.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { random } from '../src/core/random.ts';
import { foresell, succeed, testFolder } from './flow/command.ts';

const { dir, write } = testFolder();

/** Users who walk a ring of items, now and then taking one again. */
function madeUpUsers(users: number, seed: number): string[][] {
  const draw = random(seed);
  return Array.from({ length: users }, () => {
    const own = [draw.integer(12)];
    while (own.length < 4 + draw.integer(5))
      own.push(
        draw.uniform() < 0.3
          ? own[draw.integer(own.length)]
          : (own[own.length - 1] + 1 + draw.integer(3)) % 12,
      );
    return own.map((item) => `i${item}`);
  });
}

const lists = [...madeUpUsers(150, 7), ['i1', 'i2']];
const file = write('users.txt', lists.map((own, u) => `u${u} ${own.join(' ')}\n`).join(''));

interface Said {
  model: string;
  model_version: string;
  own_history: string;
  metrics: Metrics;
  baselines: Record<string, Metrics>;
  by_own_history: Record<string, { metrics: Metrics; non_repeat?: { metrics: Metrics } }>;
  non_repeat?: { metrics: Metrics };
  differences: { metric: string; against: string; value: number; low: number }[];
  protocol: {
    split: string;
    users: number;
    items: number;
    interactions: number;
    examples: number;
    candidates: string;
  };
  leaderboard: {
    metric: string;
    rows: { model: string; chosen: boolean }[];
    refused: { model: string; reason: string }[];
  };
  data: { not_asked: number; repeated_targets: number; unknown_targets: number; passed_over: number };
  report: string;
}
type Metrics = Record<string, { value: number; low: number; high: number }>;

const shared = ['--threads', '1', '--lang', 'en', '--json'];
const fitted = async (...args: string[]): Promise<Said> =>
  JSON.parse((await succeed('sequence', 'fit', ...args, ...shared)).stdout);
const evaluate = async (...args: string[]): Promise<Said> =>
  JSON.parse((await succeed('sequence', 'evaluate', ...args, ...shared)).stdout);
const refusal = async (...args: string[]): Promise<string> => {
  const { code, stderr } = await foresell('sequence', ...args, '--threads', '1');
  expect(code).toBe(1);
  return stderr;
};

/** Popularity counted by hand over all that was known before the test: places of the last items among all, equals standing before them. */
function placesByHand(excluded: boolean): { place: number; isRepeat: boolean }[] {
  const catalogue = [...new Set(lists.flat())];
  const counts = new Map(catalogue.map((item) => [item, 0]));
  for (const own of lists)
    for (const item of own.length < 3 ? own : own.slice(0, -1))
      counts.set(item, (counts.get(item) as number) + 1);
  return lists
    .filter((own) => own.length >= 3)
    .map((own) => {
      const [target, before] = [own[own.length - 1], own.slice(0, -1)];
      const rivals = catalogue.filter((item) => item !== target && !(excluded && before.includes(item)));
      const ahead = rivals.filter((item) => (counts.get(item) as number) >= (counts.get(target) as number));
      const isRepeat = before.includes(target);
      return { place: excluded && isRepeat ? Number.POSITIVE_INFINITY : 1 + ahead.length, isRepeat };
    });
}
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('popularity, the last item left out', () => {
  let said: Said;
  const out = join(dir, 'popular');
  beforeAll(async () => {
    said = await fitted(file, '--format', 'user-lines', '--model', 'popularity', '--at', '3,5', '--out', out);
  });

  it.each(['included', 'excluded'] as const)('has the metrics counted by hand, own history %s', (history) => {
    const places = placesByHand(history === 'excluded');
    const { metrics, non_repeat } = said.by_own_history[history];
    for (const k of [3, 5]) {
      const found = places.map(({ place }) => (place <= k ? place : Number.POSITIVE_INFINITY));
      expect(metrics[`recall@${k}`].value).toBeCloseTo(mean(found.map((place) => Number(place <= k))), 12);
      expect(metrics[`mrr@${k}`].value).toBeCloseTo(mean(found.map((place) => 1 / place)), 12);
      expect(metrics[`ndcg@${k}`].value).toBeCloseTo(
        mean(found.map((place) => 1 / Math.log2(1 + place))),
        12,
      );
      const fresh = places.filter(({ isRepeat }) => !isRepeat);
      expect(non_repeat?.metrics[`recall@${k}`].value).toBeCloseTo(
        mean(fresh.map(({ place }) => Number(place <= k))),
        12,
      );
    }
    expect(metrics['recall@3'].low).toBeLessThan(metrics['recall@3'].value);
    expect(metrics['recall@3'].high).toBeGreaterThan(metrics['recall@3'].value);
  });

  it('says what was read, how it was split and who stands beside it', () => {
    expect(said.model).toBe('popularity');
    expect(said.own_history).toBe('included');
    expect(said.metrics).toEqual(said.by_own_history.included.metrics);
    expect(Object.keys(said.baselines)).toContain('repeat');
    expect(said.protocol).toMatchObject({
      users: 151,
      items: 12,
      interactions: lists.flat().length,
      examples: 150,
    });
    expect(said.protocol.split).toMatch(/leave-one-out.*; 1 sequences of fewer than 3 items/);
    expect(said.data).toMatchObject({ not_asked: 1, unknown_targets: 0, passed_over: 0 });
    expect(said.data.repeated_targets).toBe(placesByHand(false).filter(({ isRepeat }) => isRepeat).length);
    expect(said.differences.map(({ against }) => against).sort()).toEqual(Object.keys(said.baselines).sort());
    const { metrics, baselines, differences } = said;
    for (const { metric, against, value } of differences)
      expect(value).toBeCloseTo(metrics[metric].value - baselines[against][metric].value, 12);
  });

  it('writes a page in both languages', () => {
    const page = readFileSync(said.report, 'utf8');
    for (const words of [
      'What comes next in users.txt',
      'users.txt：接下来是什么',
      'Recall@5',
      'own history excluded',
    ])
      expect(page).toContain(words);
  });

  it('asked again, the saved model gives the same numbers, and others at other places', async () => {
    const again = await evaluate(out, '--at', '3,5');
    expect(again.metrics).toEqual(said.metrics);
    expect(again.baselines).toEqual(said.baselines);
    expect(again.by_own_history.excluded.metrics).toEqual(said.by_own_history.excluded.metrics);
    expect(again.model_version).toBe(said.model_version);
    const other = await evaluate(out, '--at', '12', '--exclude-seen', 'no');
    expect(other.metrics['recall@12'].value).toBe(1);
    expect(Object.keys(other.by_own_history)).toEqual(['included']);
  });

  it('asked about a file, it tells what its catalogue lacks', async () => {
    const test = write('cases.tsv', 'i1 i2\ti3\nnew\ti0\ni4\tnew\n');
    const { data: _, ...told } = await evaluate(out, test, '--at', '12', '--exclude-seen', 'no');
    expect(told.metrics['recall@12'].value).toBeCloseTo(2 / 3, 12);
    expect(told).toMatchObject({ unknown_targets: 1, repeated_targets: 0 });
    expect(told.protocol.split).toContain('1 targets are not in the catalogue');
  });

  it('a byte changed on the disk is noticed', async () => {
    const folder = join(out, 'next-item');
    const path = join(folder, readdirSync(folder)[0], 'sequence.bin');
    const bytes = readFileSync(path);
    bytes[20] ^= 1;
    writeFileSync(path, bytes);
    expect(await refusal('evaluate', out)).toMatch(/not the ones that were saved/);
  });
});

it('pairs, a table and user lines of the same events give the same numbers', async () => {
  const events = lists.flatMap((own, u) =>
    own.map((item, i) => ({ user: `u${u}`, item, time: 1_600_000_000 + 60 * i + u })),
  );
  const mixed = events.toSorted((a, b) => a.time - b.time);
  const pairs = write('pairs.txt', mixed.map(({ user, item }) => `${user} ${item}`).join('\r\n'));
  const rows = random(3).shuffle(Int32Array.from(events, (_, i) => i));
  const csv = Array.from(rows, (row) => `${events[row].time},${events[row].item},${events[row].user}`).join(
    '\n',
  );
  const table = write('events.csv.gz', gzipSync(`when,sku,who\n${csv}\n`));
  const quick = ['--model', 'popularity', '--at', '5', '--exclude-seen', 'no'];
  const said = [
    await fitted(file, '--format', 'user-lines', ...quick, '--out', join(dir, 'a')),
    await fitted(pairs, '--format', 'pairs', ...quick, '--out', join(dir, 'b')),
    await fitted(
      table,
      '--user',
      'who',
      '--item',
      'sku',
      '--time',
      'when',
      ...quick,
      '--out',
      join(dir, 'c'),
    ),
  ];
  const values = said.map(({ metrics }) => Object.values(metrics).map(({ value }) => value.toFixed(12)));
  expect(values[1]).toEqual(values[0]);
  expect(values[2]).toEqual(values[0]);
}, 30_000);

it('tested on a file, what was not drawn for validation is learned from, and what is known of items is kept', async () => {
  const sessions = write('sessions.txt', lists.map((own) => own.join(' ')).join('\n'));
  const cases = madeUpUsers(40, 8).flatMap((own) =>
    own.slice(1).map((item, i) => `${own.slice(0, i + 1).join(' ')}\t${item}`),
  );
  const test = write('prefixes.tsv', cases.join('\n'));
  const items = write(
    'items.csv',
    `item_id,title,category,price\n${Array.from({ length: 12 }, (_, i) => `i${i},thing ${i},${i % 2 ? 'odd' : 'even'},${i}.5`).join('\n')}\n`,
  );
  const out = join(dir, 'tested');
  const said = await fitted(
    sessions,
    '--test',
    test,
    '--items',
    items,
    '--model',
    'sequential-rules',
    '--at',
    '5',
    '--out',
    out,
  );
  expect(said.protocol.examples).toBe(cases.length);
  expect(said.protocol.split).toMatch(/^a test file/);
  const { metrics, baselines } = said;
  expect(metrics['recall@5'].value).toBeGreaterThan(baselines.popularity['recall@5'].value);
  const own = said.differences.find(({ against }) => against === 'popularity');
  expect(own?.low).toBeGreaterThan(0);
  expect(await refusal('evaluate', out)).toMatch(/holds no left-out items: name a test file/);
  const again = await evaluate(out, test, '--at', '5');
  expect(again.metrics).toEqual(metrics);
}, 30_000);

/** Rows of a shop's log: a minute between a user's events, users one after the other. */
const log = lists.flatMap((own, u) =>
  own.map((item, i) => ({ user: `u${u}`, item, ms: Date.UTC(2026, 0, 1) + 60_000 * (10 * u + i) })),
);
const asRows = log.map(({ user, item, ms }) => `${new Date(ms).toISOString()},${item},${user}`).join('\n');
const logFile = write('log.csv', `when,sku,who\n${asRows}\n`);
const columns = ['--user', 'who', '--item', 'sku', '--time', 'when'];
const brief = ['--model', 'popularity', '--at', '5', '--exclude-seen', 'no'];

it('tested from a moment on, every later event with a history is asked about', async () => {
  const from = Date.UTC(2026, 0, 1, 20);
  const out = join(dir, 'by-time');
  const said = await fitted(
    logFile,
    ...columns,
    '--test-from',
    '2026-01-01T20:00:00Z',
    ...brief,
    '--out',
    out,
  );
  const later = log.filter(({ ms }) => ms >= from);
  const begun = new Set(log.filter(({ ms }) => ms < from).map(({ user }) => user));
  const starters = new Set(later.map(({ user }) => user).filter((user) => !begun.has(user)));
  expect(said.protocol.examples).toBe(later.length - starters.size);
  expect(said.data.not_asked).toBe(starters.size);
  expect(said.protocol.split).toMatch(/^by time: every event from 2026-01-01T20:00:00/);
  expect((await evaluate(out, '--at', '5')).metrics).toEqual(said.metrics);
}, 30_000);

it('a workspace is read by its events, as the same file is', async () => {
  const map = write(
    'map.yaml',
    'columns:\n  timestamp: when\n  item_id: sku\n  user_id: who\n  type: { constant: view }\n',
  );
  const shop = join(dir, 'shop');
  await succeed('import', logFile, '--map', map, '--workspace', shop, '--threads', '1');
  const read = await fitted(shop, '--events', 'view', ...brief, '--out', join(dir, 'from-shop'));
  const same = await fitted(logFile, ...columns, ...brief, '--out', join(dir, 'from-file'));
  expect(read.metrics).toEqual(same.metrics);
  expect(read.protocol).toMatchObject({ users: lists.length, interactions: log.length });
  expect(await refusal('fit', shop, '--events', 'purchase', ...brief)).toMatch(/expected events with items/);
}, 60_000);

describe('before anything is read', () => {
  it.each([
    ['a place that is a file', ['--out', file], /expected a folder to save to/],
    [
      'two ways to test',
      ['--test', file, '--leave-one-out'],
      /expected one of --test, --test-from and --leave-one-out, got 2/,
    ],
    [
      'a column of a file without columns',
      ['--format', 'lines', '--user', 'u'],
      /expected --format csv, got lines/,
    ],
    ['a model there is not', ['--model', 'oracle'], /expected one of the recommenders popularity/],
    ['places that are none', ['--at', '10,x'], /--at: expected places such as 10,20, got "10,x"/],
    ['another way to exclude', ['--exclude-seen', 'maybe'], /expected yes, no, both, got "maybe"/],
    [
      'a format there is not',
      ['--format', 'xml'],
      /expected lines, user-lines, pairs, csv, workspace, got "xml"/,
    ],
    ['a table without its columns', ['--format', 'csv'], /expected --user COLUMN and --item COLUMN/],
    ['an option of a workspace', ['--by', 'session'], /--by: expected --format workspace, got lines/],
    ['a moment that is none', ['--test-from', 'soon'], /expected a moment such as/],
    ['a test file that is not there', ['--test', join(dir, 'none.tsv')], /found none/],
  ])('refuses %s', async (_, args, message) => {
    const out = join(dir, 'refused');
    expect(await refusal('fit', file, ...(args.includes('--out') ? args : [...args, '--out', out]))).toMatch(
      message,
    );
    expect(existsSync(out)).toBe(false);
  });

  it('says that a folder holds no model', async () =>
    expect(await refusal('evaluate', dir)).toMatch(/expected a folder that "sequence fit" saved/));
});
