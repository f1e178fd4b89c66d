// Questions about visits and about items: from check to explain, on a shop where the cart tells what is bought.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { foresell, succeed, testFolder } from './flow/command.ts';
import { MADE_UP_MAPPING, madeUpCsv } from './flow/made-up-csv.ts';
import { madeUpVisits, VISITS_MAPPING } from './flow/made-up-visits.ts';

const { dir, write } = testFolder();
const on = (shop: string, ...args: string[]) => [
  ...args,
  '--workspace',
  join(dir, shop),
  '--lang',
  'en',
  '--threads',
  '1',
];

interface Trained {
  readonly model: string;
  readonly metrics: Record<string, { value: number; low: number; high: number }>;
  readonly baselines: Record<string, Record<string, { value: number; low: number; high: number }>>;
  readonly differences: { metric: string; against: string; low: number; high: number; better: string }[];
  readonly protocol: { split: string; candidates: string; users: number; items: number };
  readonly leakage: unknown[];
  readonly report: string;
}

const trained = async (task: string): Promise<Trained> =>
  JSON.parse((await succeed(...on('shop', 'train', task, '--model', 'gbdt', '--json'))).stdout);

/** Rows of a CSV file whose cells hold no commas. */
function cells(path: string): Record<string, string>[] {
  const [head, ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  const names = head.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [names[i], cell])));
}

beforeAll(async () => {
  const visits = write('visits.csv', madeUpVisits());
  await succeed(...on('shop', 'import', visits, '--map', write('visits.yaml', VISITS_MAPPING)));
});

describe('session-purchase', () => {
  let visit: Record<string, string>;

  test('beats every rule of thumb where the cart tells, and finds no leak', async () => {
    const { stdout } = await succeed(...on('shop', 'check'));
    expect(stdout).toMatch(/Purchase in this visit \(session-purchase\): (ready|weak)/);
    const { metrics, baselines, differences, protocol, leakage, report } = await trained('session-purchase');
    expect(Object.keys(baselines).sort()).toEqual(['popularity', 'rate', 'recency', 'visit-length']);
    expect(metrics.roc_auc.value).toBeGreaterThan(0.65);
    for (const against of Object.keys(baselines)) {
      const own = differences.find((each) => each.against === against && each.metric === 'log_loss');
      expect(own).toMatchObject({ better: 'model' });
    }
    expect(leakage).toEqual([]);
    expect(protocol.split).toContain('visits of one stretch begin after those of the one before have ended');
    expect(protocol.candidates).toContain('moments of visits');
    expect(readFileSync(report, 'utf8')).toContain('Will this visit end in a purchase?');
  }, 240_000);

  test('predicts the visits open at a moment, one row a visit', async () => {
    const out = join(dir, 'visits-now.csv');
    await succeed(
      ...on('shop', 'predict', 'session-purchase', '--as-of', '2024-02-15T12:00:00Z', '--out', out),
    );
    const rows = cells(out);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(row).toMatchObject({ task: 'session-purchase', entity_type: 'session', horizon_days: '' });
      const at = Date.parse(row.as_of);
      expect(at).toBeLessThanOrEqual(Date.UTC(2024, 1, 15, 12));
      expect(at).toBeGreaterThan(Date.UTC(2024, 1, 15, 11, 30));
      expect(Date.parse(row.session_id)).toBeLessThanOrEqual(at);
    }
    expect(new Set(rows.map((row) => row.user_id)).size).toBe(rows.length);
    visit = rows[0];
  });

  test('explains one of them', async () => {
    const { stdout } = await succeed(
      ...on(
        'shop',
        'explain',
        'session-purchase',
        '--as-of',
        '2024-02-15T12:00:00Z',
        '--entity',
        visit.user_id,
        '--json',
      ),
    );
    const told = JSON.parse(stdout);
    expect(told).toMatchObject({ entity: visit.user_id, session_id: visit.session_id, as_of: visit.as_of });
    expect(told.value).toBeCloseTo(Number(visit.value), 5);
    const sum = told.contributions.reduce(
      (total: number, { contribution }: { contribution: number }) => total + contribution,
      told.base,
    );
    expect(sum).toBeCloseTo(told.margin, 6);
    expect(told.reasons.length).toBeGreaterThan(0);
  });
});

describe('item-purchase', () => {
  const asOf = '2024-02-15';

  test('beats popularity, the item’s own rate and the last touched', async () => {
    const { metrics, baselines, differences, protocol, leakage } = await trained('item-purchase');
    expect(Object.keys(baselines).sort()).toEqual(['item-rate', 'last-touched', 'popularity', 'rate']);
    expect(metrics.roc_auc.value).toBeGreaterThan(0.65);
    for (const against of Object.keys(baselines)) {
      const own = differences.find((each) => each.against === against && each.metric === 'roc_auc');
      expect(own).toMatchObject({ better: 'model' });
    }
    expect(leakage).toEqual([]);
    expect(protocol.candidates).toContain('pairs of customer and item');
    expect(protocol.items).toBe(300);
  }, 240_000);

  test('--top writes each customer’s best items, --candidates and --exclude-seen leave others out', async () => {
    const out = join(dir, 'items.csv');
    const predict = async (...more: string[]) => {
      await succeed(...on('shop', 'predict', 'item-purchase', '--as-of', asOf, '--out', out, ...more));
      return cells(out);
    };
    const all = await predict();
    const best = await predict('--top', '2');
    const lists = new Map(
      best.map(({ user_id }) => [user_id, best.filter((row) => row.user_id === user_id)]),
    );
    for (const rows of lists.values()) {
      expect(rows.map((row) => row.rank)).toEqual(['1', '2'].slice(0, rows.length));
      expect(Number(rows[0].value)).toBeGreaterThanOrEqual(Number(rows.at(-1)?.value));
    }
    expect(lists.size).toBe(new Set(all.map((row) => row.user_id)).size);
    const offered = await predict('--candidates', write('offer.txt', 'i1\ni2\n'));
    expect([...new Set(offered.map((row) => row.item_id))].sort()).toEqual(['i1', 'i2']);
    const bought = new Set(
      madeUpVisits()
        .split('\n')
        .map((line) => line.split(','))
        .filter(([, type, when]) => type === 'purchase' && Number(when) <= Date.parse(asOf))
        .map(([, , , user, item]) => `${user} ${item}`),
    );
    const pair = (row: Record<string, string>) => `${row.user_id} ${row.item_id}`;
    const fresh = await predict('--exclude-seen');
    expect(fresh.length).toBeLessThan(all.length);
    // A purchase counts as far back as the model's features look: here since the first stretch it learned from.
    const left = new Set(fresh.map(pair));
    expect(all.filter((row) => !left.has(pair(row))).every((row) => bought.has(pair(row)))).toBe(true);
  });

  test('explains the item asked for, and says which were not touched', async () => {
    const [row] = cells(join(dir, 'items.csv'));
    const ask = (item: string) =>
      foresell(
        ...on(
          'shop',
          'explain',
          'item-purchase',
          '--as-of',
          asOf,
          '--entity',
          row.user_id,
          '--item',
          item,
          '--json',
        ),
      );
    expect(JSON.parse((await ask(row.item_id)).stdout)).toMatchObject({
      entity: row.user_id,
      item_id: row.item_id,
    });
    const none = await ask('i999');
    expect(none.code).toBe(1);
    expect(none.stderr).toContain('has not touched that item lately');
  });
});

test('a log of orders alone is told what is missing, in words', async () => {
  const orders = write('orders.csv', madeUpCsv({ customers: 60 }));
  await succeed(...on('orders', 'import', orders, '--map', write('orders.yaml', MADE_UP_MAPPING)));
  const { stdout } = await succeed(...on('orders', 'check'));
  expect(stdout).toContain('the log holds no visits: import views, searches or additions to the cart');
  expect(stdout).toContain('the log does not say which items customers look at');
  const refused = await foresell(...on('orders', 'train', 'session-purchase'));
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('the log holds no visits');
});

test('--candidates and --exclude-seen of items are refused for customers', async () => {
  const refused = await foresell(...on('shop', 'predict', 'purchase', '--out', 'x.csv', '--exclude-seen'));
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('--exclude-seen is for tasks about items');
});
