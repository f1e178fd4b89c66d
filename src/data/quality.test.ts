import { afterEach, describe, expect, test } from 'vitest';
import { DAY_MS } from '../core/time.ts';
import { type Cohort, measureCohorts } from './cohorts.ts';
import { type SampleShop, sampleShop } from './import/sample-shop.ts';
import { withLake } from './lake/open.ts';
import { type DataQuality, measureQuality } from './quality.ts';

const shops: SampleShop[] = [];
afterEach(() => {
  for (const made of shops.splice(0)) made.remove();
});

const MAPPING = `
columns:
  type: { column: type }
  timestamp: when
  user_id: who
  item_id: what
  order_id: order
  quantity: pieces
  price: price
  currency: { constant: EUR }
`;

async function shopOf(lines: readonly string[], zone = 'UTC'): Promise<SampleShop> {
  const made = sampleShop({ zone });
  shops.push(made);
  const file = made.write('log.csv', `type,who,when,what,order,pieces,price\n${lines.join('\n')}\n`);
  const { quarantined } = await made.import(file, MAPPING);
  expect(quarantined).toEqual({});
  return made;
}
const quality = ({ workspace }: SampleShop): Promise<DataQuality> =>
  withLake(workspace, {}, (engine, source) => measureQuality(engine, source));
const cohorts = ({ workspace }: SampleShop, asOf?: number): Promise<Cohort[]> =>
  withLake(workspace, {}, (engine, source) => measureCohorts(engine, source, asOf));

/** Ann buys in January (12 + 8) and February (5, of which 2 come back), bob in January (30), cid in March (nothing: a gift). */
const LOG = [
  'purchase,ann,2024-01-10,mug,o1,3,4',
  'purchase,ann,2024-01-10,pot,o1,1,8',
  'purchase,bob,2024-01-31,pot,o2,1,30',
  'purchase,ann,2024-02-02,mug,o3,1,5',
  'refund,ann,2024-02-20,mug,o3,1,2',
  'view,,2024-02-21,mug,,,',
  'view,,2024-03-01,cup,,,',
  'purchase,cid,2024-03-01,cup,o4,1,0',
];

describe('quality', () => {
  test('counts what a person would count', async () => {
    const measured = await quality(await shopOf(LOG));
    expect(measured).toMatchObject({
      rows: 8,
      users: 3,
      items: 3,
      orders: 4,
      buyers: 3,
      firstMs: Date.UTC(2024, 0, 10),
      lastMs: Date.UTC(2024, 2, 1),
      currency: 'EUR',
      anonymousRows: 2,
      types: [
        { type: 'purchase', rows: 5 },
        { type: 'view', rows: 2 },
        { type: 'refund', rows: 1 },
      ],
      months: [
        { month: '2024-01', rows: 3, orders: 2, customers: 2, netMinor: 5000 },
        { month: '2024-02', rows: 3, orders: 1, customers: 1, netMinor: 300 },
        { month: '2024-03', rows: 2, orders: 1, customers: 1, netMinor: 0 },
      ],
      gaps: [
        { firstDay: '2024-01-11', lastDay: '2024-01-30', days: 20 },
        { firstDay: '2024-02-03', lastDay: '2024-02-19', days: 17 },
        { firstDay: '2024-02-22', lastDay: '2024-02-29', days: 8 },
      ],
      freeLineShare: 1 / 5,
      largestBuyerShare: 30 / 55,
    });
    expect(Object.fromEntries(measured.missing.map(({ column, share }) => [column, share]))).toMatchObject({
      user_id: 2 / 8,
      item_id: 0,
      price_minor: 2 / 8,
      session_id: 1,
    });
  });

  test('says in words what is odd', async () => {
    const words = (await quality(await shopOf(LOG))).warnings.map(({ en }) => en).join('\n');
    expect(words).toMatch(/25 % of rows have no user/);
    expect(words).toMatch(/only 51 days of history/);
    expect(words).toMatch(/20 days in a row have no events/);
    expect(words).toMatch(/20 % of purchase lines cost nothing/);
    expect(words).toMatch(/one customer makes 55 % of the money/);
    const clean = Array.from({ length: 500 }, (_, i) => {
      const when = new Date(Date.UTC(2023, 0, 1) + i * DAY_MS).toISOString();
      return `purchase,c${i % 40},${when},mug,o${i},1,${5 + (i % 3)}`;
    });
    expect((await quality(await shopOf(clean))).warnings).toEqual([]);
  });

  test('a shop without order ids still has orders: what one customer buys on one day', async () => {
    const lines = LOG.map((line) => line.replace(/,o\d,/, ',,'));
    const measured = await quality(await shopOf(lines));
    expect(measured.orders).toBe(4);
    expect(measured.months.map(({ orders }) => orders)).toEqual([2, 1, 1]);
    expect(measured.warnings.map(({ en }) => en).join()).not.toContain('there are no purchases');
  });

  test('months and gaps follow the shop’s own calendar', async () => {
    const late = [
      'purchase,ann,2024-01-31 23:30:00,mug,o1,1,1',
      'purchase,bob,2024-02-01 00:30:00,mug,o2,1,1',
    ];
    const shanghai = await quality(await shopOf(late, 'Asia/Shanghai'));
    expect(shanghai.months.map(({ month, rows }) => [month, rows])).toEqual([
      ['2024-01', 1],
      ['2024-02', 1],
    ]);
    // two moments of January in UTC, both February there.
    const utc = [
      'purchase,ann,2024-01-31T22:30:00Z,mug,o1,1,1',
      'purchase,bob,2024-01-31T23:30:00Z,mug,o2,1,1',
    ];
    const helsinki = await quality(await shopOf(utc, 'Europe/Helsinki'));
    expect(helsinki.months.map(({ month }) => month)).toEqual(['2024-02']);
  });

  test('an empty lake is said to be one', async () => {
    const made = sampleShop();
    shops.push(made);
    const measured = await quality(made);
    expect(measured).toMatchObject({ rows: 0, users: 0, months: [], gaps: [], largestBuyerShare: 0 });
    expect(measured.warnings.map(({ en }) => en)).toEqual(['the log is empty: import events first']);
  });
});

describe('cohorts', () => {
  test('who comes back, and what a customer has brought by then', async () => {
    expect(await cohorts(await shopOf(LOG))).toEqual([
      // 12 + 8 + 30 over two customers; then ann’s 5 less 2; nothing in March.
      { month: '2024-01', customers: 2, retention: [1, 0.5, 0], netPerCustomerMinor: [2500, 2650, 2650] },
      { month: '2024-03', customers: 1, retention: [1], netPerCustomerMinor: [0] },
    ]);
  });

  test('nothing after the moment counts, not even who came then', async () => {
    expect(await cohorts(await shopOf(LOG), Date.UTC(2024, 1, 10))).toEqual([
      { month: '2024-01', customers: 2, retention: [1, 0.5], netPerCustomerMinor: [2500, 2750] },
    ]);
  });

  test('a refund makes nobody a customer, and a refund before the first purchase is no part of a cohort', async () => {
    const lines = [
      'refund,dan,2024-01-05,mug,o1,1,3',
      'refund,eve,2024-01-05,mug,o2,1,3',
      'purchase,eve,2024-02-05,mug,o3,1,10',
    ];
    expect(await cohorts(await shopOf(lines))).toEqual([
      { month: '2024-02', customers: 1, retention: [1], netPerCustomerMinor: [1000] },
    ]);
  });
});
