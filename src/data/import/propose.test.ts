// What is proposed must import: each case goes from a file to rows with no hand between.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { dryRun } from './dry-run.ts';
import { parseMapping } from './mapping.ts';
import { proposeMapping } from './propose.ts';
import { NOW_MS, type SampleShop, sampleShop } from './sample-shop.ts';

const shops: SampleShop[] = [];
const shop = (): SampleShop => {
  const made = sampleShop();
  shops.push(made);
  return made;
};
afterEach(() => {
  for (const made of shops.splice(0)) made.remove();
});

const utc = (text: string) => Date.parse(text);

describe('a proposed mapping imports', () => {
  test.each<[string, string, object]>([
    [
      'a Chinese header',
      '用户ID,商品ID,下单时间,金额,数量\nu1,i1,2024-01-02 03:04:05,¥12.50,2\n',
      {
        user_id: 'u1',
        item_id: 'i1',
        timestamp: utc('2024-01-02T03:04:05+08:00'),
        price_minor: 625,
        quantity: 2,
        currency: 'CNY',
        type: 'purchase',
      },
    ],
    [
      'a home-made table with American dates and a total',
      'Customer Name;Product;Order Date;Qty;Total\nann;mug;3/25/2024 1:05 PM;1;"$1,234.56"\n',
      {
        user_id: null,
        item_id: 'mug',
        timestamp: utc('2024-03-25T13:05:00Z'),
        price_minor: 123456,
        quantity: 1,
        currency: 'USD',
      },
    ],
    [
      'European dates and decimal commas',
      'customer_id\tdate\tunit_price\n7\t31.12.2023\t1.234,50 €\n',
      { user_id: '7', timestamp: utc('2023-12-31T00:00:00Z'), price_minor: 123450, currency: 'EUR' },
    ],
    [
      'a purchase log with dollars for all pieces',
      'customer_id,date,cds,dollars\n4,19970101,2,29.33\n',
      { user_id: '4', timestamp: utc('1997-01-01'), price_minor: 2933, quantity: 1 },
    ],
    [
      'a behaviour log',
      'uid,sku,behavior,ts\n1,9,pv,1511544070\n',
      { user_id: '1', item_id: '9', type: 'view', timestamp: 1511544070000, price_minor: null },
    ],
    [
      'NDJSON with nested names',
      '{"user":{"id":"ann"},"event":"view","time":"2024-01-01T00:00:00Z"}\n',
      { type: 'view', timestamp: utc('2024-01-01') },
    ],
  ])('%s', async (name, content, expected) => {
    const { write, import: load, rows } = shop();
    const path = write(name.includes('NDJSON') ? 'f.ndjson' : 'f.csv', content);
    const report = await load(path, await proposeMapping(path));
    expect(report).toMatchObject({ accepted: 1, quarantined: {} });
    expect((await rows('events'))[0]).toMatchObject(expected);
  });

  test('a word for an event that may mean something else is marked as a guess', async () => {
    const { write, import: load, rows } = shop();
    const path = write(
      'f.csv',
      'user,item,status,time\na,1,paid,2024-01-01\nb,1,Cancelled,2024-01-02\nc,1,refund,2024-01-03\n',
    );
    const mapping = await proposeMapping(path);
    expect(mapping).toMatch(/"Cancelled": refund {2}# CHECK: .*never paid/);
    expect(mapping).toMatch(/"(paid|refund)": \w+$/m);
    await load(path, mapping);
    expect((await rows('events', 'timestamp, type')).map(({ type }) => type)).toEqual([
      'purchase',
      'refund',
      'refund',
    ]);
  });

  test('cancellations by a letter before the order number', async () => {
    const { write, import: load, rows } = shop();
    const path = write(
      'f.csv',
      'InvoiceNo,CustomerID,Quantity,InvoiceDate,UnitPrice\n1,a,2,2011-01-01,1\n2,a,2,2011-01-02,1\nC3,a,-2,2011-01-03,1\n',
    );
    await load(path, await proposeMapping(path));
    expect(
      (await rows('events', 'timestamp, type, quantity')).map((row) => [row.type, row.quantity]),
    ).toEqual([
      ['purchase', 2],
      ['purchase', 2],
      ['refund', 2],
    ]);
  });

  const data = (path: string) =>
    join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..', 'shared', 'data', path);
  for (const path of [
    'online_retail/online_retail_to_2011-09-09.csv.gz',
    'taobao_users/events_share.csv.gz',
  ]) {
    test.skipIf(!existsSync(data(path)))(`${path.split('/')[0]} (needs ../shared/data)`, async () => {
      const found = await dryRun(undefined, data(path), parseMapping(await proposeMapping(data(path))), {
        nowMs: NOW_MS,
      });
      expect(found.checked).toBe(10_000);
      expect(found.accepted).toBeGreaterThan(9_900);
    });
  }

  test('a file without times is refused in words', async () => {
    const path = shop().write('f.csv', 'name,colour\nann,red\n');
    await expect(proposeMapping(path)).rejects.toThrow(/a column with times, found none among name, colour/);
  });
});

test('a dry run shows ten rows before and after with reasons, and touches nothing', async () => {
  const { write, workspace, rows } = shop();
  const lines = Array.from(
    { length: 30 },
    (_, i) => `u${i},2024-01-${String((i % 28) + 1).padStart(2, '0')},${i === 3 ? 'x' : i}`,
  );
  const path = write('f.csv', `who,when,price\nbob,soon,1\n${lines.join('\n')}\nshort\n`);
  const mapping = parseMapping(
    'columns: { type: { constant: purchase }, timestamp: when, user_id: who, price: price, currency: { constant: EUR } }',
  );
  const found = await dryRun(workspace, path, mapping, { nowMs: NOW_MS });
  expect(found).toMatchObject({
    checked: 32,
    accepted: 29,
    reasons: { bad_time: 1, bad_number: 1, ragged_row: 1 },
    currency: 'EUR',
  });
  expect(found.rows).toHaveLength(10);
  expect(found.rows[0]).toEqual({
    before: { when: 'soon', who: 'bob', price: '1' },
    after: undefined,
    reason: 'bad_time',
  });
  expect(found.rows[2].after).toMatchObject({
    user_id: 'u1',
    price_minor: 100,
    timestamp: utc('2024-01-02'),
  });
  expect(await rows('events')).toEqual([]);
});

test('bytes that are no table are refused in words, and are no bug', async () => {
  const made = shop();
  const codes = new Map<string, number>();
  let state = 1;
  for (let nth = 0; nth < 20; nth++) {
    const bytes = Uint8Array.from({ length: 3000 }, () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state >>> 23;
    });
    const fault: unknown = await proposeMapping(made.write(`noise-${nth}.csv`, bytes)).catch(
      (cause: unknown) => cause,
    );
    expect(fault).toBeInstanceOf(AppError);
    const { code, message } = fault as AppError;
    if (code === 'BAD_FILE') expect(message).toContain(`noise-${nth}.csv`);
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  expect(codes.get('BAD_FILE')).toBeGreaterThan(0);
  expect([...codes.keys()].filter((code) => code !== 'BAD_FILE' && code !== 'BAD_MAPPING')).toEqual([]);
});
