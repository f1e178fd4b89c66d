// Lists meet what a count by hand finds, and are judged beside what was popular; visits meet the rest of themselves.
import { afterEach, expect, test } from 'vitest';
import { random } from '../../core/random.ts';
import { DAY_MS } from '../../core/time.ts';
import { type SampleShop, sampleShop } from '../../data/import/sample-shop.ts';
import { simulatedDisk } from '../../data/journal/simulated-disk.ts';
import { willBuy } from '../../data/labels.ts';
import { withLake } from '../../data/lake/open.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { readDueLists } from './due-predictions.ts';
import { listOutcomes } from './list-outcomes.ts';
import { listQuality, showListQuality } from './list-quality.ts';
import { openPredictionLog } from './prediction-log.ts';
import type { ListRecord, PredictionRecord } from './prediction-record.ts';
import { visitOutcomesOf } from './visit-outcomes.ts';

/** A Thursday, as weeks are counted from 1970. */
const START = Math.floor(Date.UTC(2024, 0, 15) / (7 * DAY_MS)) * 7 * DAY_MS;
const MINUTE_MS = 60_000;
const shops: SampleShop[] = [];
afterEach(() => {
  for (const made of shops.splice(0)) made.remove();
});
interface Happened {
  readonly id: string;
  readonly type: string;
  readonly ms: number;
  readonly user?: string;
  readonly visitor?: string;
  readonly session?: string;
  readonly item: string;
}
async function shopWith(events: readonly Happened[]): Promise<SampleShop> {
  const shop = sampleShop();
  shops.push(shop);
  const csv = events
    .map(({ id, type, ms, user = '', visitor = '', session = '', item }) =>
      [id, type, new Date(ms).toISOString(), user, visitor, session, item, '9.99'].join(','),
    )
    .join('\n');
  await shop.import(
    shop.write('e.csv', `id,type,when,who,visitor,session,what,price\n${csv}\n`),
    'columns: { event_id: id, type: type, timestamp: when, user_id: who, anonymous_id: visitor, session_id: session, item_id: what, price: price, currency: { constant: EUR } }\n',
  );
  return shop;
}
const list = (user_id: string, as_of: number, items: readonly string[]): ListRecord => ({
  ...{ recommendation_id: 'r', model_version: 'v1', as_of, user_id, items },
});

test('what follows a list is what a count by hand finds, popularity that of the weeks before', async () => {
  const chance = random(4);
  const types = ['view', 'purchase', 'impression'] as const;
  const events = Array.from({ length: 800 }, (_, n) => ({
    id: `e${n}`,
    user: `u${chance.integer(20)}`,
    item: `i${Math.floor(12 * chance.uniform() ** 2)}`,
    type: types[chance.integer(3)],
    // To the hour, so that several fall into one moment.
    ms: START - 30 * DAY_MS + 3_600_000 * chance.integer(50 * 24),
  }));
  const shop = await shopWith(events);
  const lists = Array.from({ length: 60 }, (_, n) =>
    list(`u${n % 25}`, START + 3_600_000 * chance.integer(12 * 24), []),
  );
  const found = await withLake(shop.workspace, { threads: 1 }, (engine, source) =>
    listOutcomes(engine, source, { lists, mostPopular: 3 }),
  );
  let several = 0;
  lists.forEach(({ user_id, as_of }, n) => {
    const after = events.filter(({ user, ms }) => user === user_id && ms > as_of && ms <= as_of + 7 * DAY_MS);
    const own = after.filter(({ type }) => type !== 'impression');
    const first = Math.min(...own.map(({ ms }) => ms));
    const next = new Set(own.filter(({ ms }) => ms === first).map(({ item }) => item));
    if (next.size > 1) several++;
    expect([...found.next[n]].sort()).toEqual([...next].sort());
    const bought = new Set(after.filter(({ type }) => type === 'purchase').map(({ item }) => item));
    expect([...found.bought[n]].sort()).toEqual([...bought].sort());
    const week = Math.floor(as_of / (7 * DAY_MS)) * 7 * DAY_MS;
    const counts = new Map<string, number>();
    for (const { item, type, ms } of events)
      if (type !== 'impression' && ms < week && ms >= week - 28 * DAY_MS)
        counts.set(item, (counts.get(item) ?? 0) + 1);
    const most = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 3);
    expect(found.popular[n]).toEqual(most.map(([item]) => item));
  });
  expect(several).toBeGreaterThan(0);
});

test('rates are those of the truth, beside popularity, each only of lists that are long enough', () => {
  const chance = random(7);
  const lists: ListRecord[] = [];
  const next: string[][] = [];
  for (let n = 0; n < 400; n++) {
    // The model knows every second one's next item, at its third place; the popular item is that of every fourth.
    const item = n % 4 === 0 ? 'hit' : `i${n}`;
    lists.push(list(`u${n % 200}`, START + n, ['a', 'b', n % 2 === 0 ? item : 'c', 'd', 'e']));
    next.push(n % 10 === 9 ? [] : [item]);
  }
  const popular = lists.map(() => ['hit']);
  const bought = lists.map(() => (chance.uniform() < 0.05 ? ['a'] : []));
  const [quality] = listQuality(lists, { next, bought, popular }, { seed: 1 });
  expect(quality).toMatchObject({ modelVersion: 'v1', lists: 400, users: 200, fromMs: START });
  expect(quality.rates.map(({ outcome, places }) => `${outcome} ${places}`)).toEqual(['next 1', 'next 5']);
  const [first, five] = quality.rates;
  expect(first.hit.value).toBe(0);
  const followed = next.filter((items) => items.length > 0).length;
  expect(five).toMatchObject({ lists: followed });
  expect(five.hit.value).toBeCloseTo(200 / followed, 9);
  expect(five.popular.value).toBeCloseTo(100 / followed, 9);
  expect(five.gain.value).toBeCloseTo(100 / followed, 9);
  expect(five.gain.low).toBeGreaterThan(0.15);
  expect(five.hit.low).toBeLessThan(five.hit.value);
  expect(listQuality(lists.slice(0, 25), { next, bought, popular }, { seed: 1 })).toEqual([]);
});

test('the rates stand among the figures', async () => {
  const metrics = createMetrics();
  const lists = Array.from({ length: 60 }, (_, n) => list(`u${n}`, START, ['a']));
  const same = lists.map(() => ['a']);
  const quality = listQuality(lists, { next: same, bought: same, popular: same }, { seed: 1 });
  showListQuality(metrics, { workspace: 'shop', task: 'next-item' }, quality);
  const text = await metrics.text();
  expect(text).toMatch(/foresell_quality_value\{[^}]*foresell_metric="hit_rate@1"[^}]*\} 1\b/);
  expect(text).toMatch(/foresell_quality_high\{[^}]*foresell_metric="bought_rate@1.gain"[^}]*\} 0\b/);
});

test('a list counts once a person and day, when its week has passed', async () => {
  const disk = simulatedDisk({ random: random(1) });
  const log = await openPredictionLog({ disk, now: () => START });
  log.add([list('a', START, ['x']), list('a', START + 1, ['y']), list('b', START + DAY_MS, ['z'])]);
  await log.close();
  const due = (knownUntilMs: number) =>
    readDueLists(disk, { horizonDays: 7, afterMs: START - 1, knownUntilMs });
  expect(await due(START + 7 * DAY_MS)).toEqual([list('a', START, ['x'])]);
  expect(await due(START + 8 * DAY_MS)).toHaveLength(2);
});

test('of a visit the outcome is what the rest of it held, not what came on another', async () => {
  const at = (minute: number): number => START + minute * MINUTE_MS;
  const event = (id: string, type: string, minute: number, who: Partial<Happened>): Happened => ({
    ...{ id, type, ms: at(minute), item: 'mug' },
    ...who,
  });
  const shop = await shopWith([
    event('1', 'view', 0, { user: 'ann' }),
    event('2', 'purchase', 20, { user: 'ann' }),
    // Bob leaves, and buys two hours later.
    event('3', 'view', 0, { user: 'bob' }),
    event('4', 'purchase', 120, { user: 'bob' }),
    // A visitor without an account, and one without an id at all.
    event('5', 'view', 0, { visitor: 'dev', session: 's1' }),
    event('6', 'purchase', 5, { visitor: 'dev', session: 's1' }),
    event('7', 'view', 0, { session: 's2' }),
    // Cy was nobody until the purchase.
    event('8', 'purchase', 9, { user: 'cy' }),
  ]);
  const asked = (user_id: string, minute: number): PredictionRecord => ({
    ...{ prediction_id: 'p', task: 'session-purchase', model_version: 'v1', arm: 'active', value: 0.5 },
    ...{ unit: 'probability', horizon_days: 1, as_of: at(minute), user_id },
  });
  const records = [
    asked('ann', 3),
    asked('ann', 21),
    asked('bob', 3),
    asked('bob', 119),
    asked('dev', 3),
    asked('s2', 3),
    asked('cy', 3),
    asked('nobody', 3),
  ];
  const found = await withLake(shop.workspace, { threads: 1 }, (engine, source) =>
    visitOutcomesOf(engine, source, { label: willBuy, records }),
  );
  expect([...found]).toEqual([1, 0, 0, 1, 1, 0, 1, 0]);
});
