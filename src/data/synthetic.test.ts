// The simulated shop as a whole: reproducible, sound in its references, flat in memory, its bytes pinned to its version.
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DAY_MS } from '../core/time.ts';
import { openEngine, sqlText } from './engine.ts';
import { EVENT_TYPES } from './event.ts';
import { TYPE_CODE } from './synthetic/batch.ts';
import { csvEncoder } from './synthetic/csv.ts';
import { GENERATOR_VERSION, SCENARIOS, type ScenarioName } from './synthetic/scenario.ts';
import { itemRow, userRow } from './synthetic/tables.ts';
import { writeShop } from './synthetic/write-shop.ts';
import { type SimulatedShop, simulateShop } from './synthetic.ts';

const scratch = mkdtempSync(join(tmpdir(), 'simulated-shop-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const names = Object.keys(SCENARIOS) as ScenarioName[];

/** SHA-256 of everything a shop would see, first 16 hex digits. */
function digest(shop: SimulatedShop, from = 0, to = shop.options.customers): string {
  const hash = createHash('sha256');
  const encoder = csvEncoder(shop.currency);
  for (const batch of shop.events(from, to)) for (const piece of encoder.encode(batch)) hash.update(piece);
  for (let i = 0; i < shop.options.items; i++)
    hash.update(JSON.stringify(itemRow(shop.world, i, shop.currency)));
  for (let i = from; i < to; i++) hash.update(JSON.stringify(userRow(shop.world, shop.customer(i))));
  return hash.digest('hex').slice(0, 16);
}

/** A change here without a new GENERATOR_VERSION would silently make old figures incomparable: raise it, re-run them. */
const PINNED = {
  version: 1,
  digests: {
    steady: 'de5a1e32cd357ce3',
    seasonal: 'a2732684b19a21d4',
    churning: 'd4c66d93bf7a431c',
    promo: '8c03d41f425250d7',
    orderless: '5ce7e4429d5a1844',
    sequential: '9b61839d93e4dae8',
  },
};

describe('a simulated shop', () => {
  it('gives the bytes pinned to its generator version', () => {
    const digests = Object.fromEntries(
      names.map((scenario) => [
        scenario,
        digest(simulateShop({ scenario, customers: 300, days: 120, seed: 1 })),
      ]),
    );
    expect({ version: GENERATOR_VERSION, digests }).toEqual(PINNED);
  });

  it('is the same for the same seed, another for another, and may be read in parts', () => {
    const options = { scenario: 'promo', customers: 200, days: 90 } as const;
    const shop = simulateShop({ ...options, seed: 7 });
    expect(digest(shop)).toBe(digest(simulateShop({ ...options, seed: 7 })));
    expect(digest(shop)).not.toBe(digest(simulateShop({ ...options, seed: 8 })));
    const bytes = (from: number, to: number) => {
      const encoder = csvEncoder('CNY');
      let all = '';
      for (const batch of shop.events(from, to))
        for (const piece of encoder.encode(batch)) all += Buffer.from(piece);
      return all;
    };
    expect(bytes(0, 80) + bytes(80, 200)).toBe(bytes(0, 200));
  });

  it.each(names)('keeps its references sound in %s', (scenario) => {
    const shop = simulateShop({ scenario, customers: 500, days: 300, seed: 3 });
    const faults = new Map<string, number>();
    const holds = (condition: boolean, otherwise: string) => {
      if (!condition) faults.set(otherwise, (faults.get(otherwise) ?? 0) + 1);
    };
    const ids = new Set<string>();
    const types = new Set<number>();
    let rows = 0;
    let owner = -1;
    let last = 0;
    let bought = new Map<string, { atMs: number; quantity: number; priceMinor: number }>();
    for (const batch of shop.events()) {
      for (let row = 0; row < batch.rows; row++) {
        rows++;
        if (batch.owner[row] !== owner) {
          holds(batch.owner[row] > owner, 'customers come out of order');
          owner = batch.owner[row];
          last = shop.startMs;
          bought = new Map();
        }
        const moment = batch.timestamp[row];
        holds(moment >= last && moment < shop.endMs && Number.isInteger(moment), 'time runs backwards');
        last = moment;
        ids.add(`${owner} ${batch.visit[row]} ${batch.line[row]}`);
        types.add(batch.type[row]);
        holds(batch.user[row] === owner || batch.user[row] === -1, 'somebody else');
        holds(batch.item[row] >= -1 && batch.item[row] < shop.options.items, 'an item not in the catalogue');
        const line = `${batch.visit[row]} ${batch.item[row]}`;
        const order = bought.get(line);
        if (batch.type[row] === TYPE_CODE.purchase) {
          const { [row]: quantity } = batch.quantity;
          const { [row]: priceMinor } = batch.priceMinor;
          holds(batch.user[row] === owner && quantity > 0 && priceMinor > 0, 'an order of nobody or nothing');
          holds(moment < shop.truth.deathMs(owner), 'an order after death');
          holds(order === undefined, 'a line that stands twice in its order');
          bought.set(line, { atMs: moment, quantity, priceMinor });
        } else if (batch.type[row] === TYPE_CODE.refund) {
          holds(order !== undefined && order.atMs < moment, 'a refund before its order');
          holds(order?.priceMinor === batch.priceMinor[row], 'a refund at another price');
          holds(order !== undefined && batch.quantity[row] <= order.quantity, 'more refunded than bought');
          if (order) order.quantity -= batch.quantity[row];
        } else if (batch.type[row] === TYPE_CODE.review) {
          holds(order !== undefined, 'a review of what was not bought');
          holds(batch.rating[row] >= 1 && batch.rating[row] <= 5, 'a rating out of range');
          holds((batch.text[row] ?? '').length > 1, 'a review that says nothing');
        }
      }
    }
    expect([...faults]).toEqual([]);
    expect(ids.size).toBe(rows);
    expect(EVENT_TYPES.filter((_, code) => !types.has(code))).toEqual(['message']);
  });

  it('streams with flat memory: one batch, however many customers', () => {
    const shop = simulateShop({ scenario: 'steady', customers: 4_000, days: 365, seed: 2 });
    let first: unknown;
    let batches = 0;
    let longest = 0;
    let heapAfterTen = 0;
    let heapAtEnd = 0;
    for (const batch of shop.events()) {
      first ??= batch;
      expect(batch).toBe(first);
      longest = Math.max(longest, batch.timestamp.length);
      batches++;
      heapAtEnd = process.memoryUsage().heapUsed;
      if (batches === 10) heapAfterTen = heapAtEnd;
    }
    expect(batches).toBeGreaterThan(20);
    expect(longest).toBeLessThan(100_000);
    // Garbage between collections is a few MB; holding the rows would cost over 100.
    expect(heapAtEnd - heapAfterTen).toBeLessThan(64 * 2 ** 20);
  });

  it('brings as many visits on each day as the calendar says', () => {
    const shop = simulateShop({ scenario: 'seasonal', customers: 1_500, days: 1_096, seed: 6 });
    const { calendar } = shop.world;
    const alive = new Float64Array(1_097);
    const bots = new Set<number>();
    for (let user = 0; user < 1_500; user++) {
      const { isBot, joinMs, deathMs, visitsPerDay } = shop.customer(user);
      if (isBot) {
        bots.add(user);
        continue;
      }
      const from = Math.ceil((joinMs - shop.startMs) / DAY_MS);
      const until = Math.min(1_096, (deathMs - shop.startMs) / DAY_MS);
      for (let day = from; day < until; day++) alive[day] += visitsPerDay;
    }
    const visits = new Float64Array(1_096);
    let lastVisit = '';
    for (const batch of shop.events()) {
      for (let row = 0; row < batch.rows; row++) {
        const owner = batch.owner[row];
        if (batch.type[row] !== TYPE_CODE.view || bots.has(owner)) continue;
        const visit = `${owner} ${batch.visit[row]}`;
        if (visit === lastVisit) continue;
        lastVisit = visit;
        visits[Math.floor((batch.timestamp[row] - shop.startMs) / DAY_MS)]++;
      }
    }
    for (const [from, until] of [
      [0, 90],
      [304, 365],
      [500, 600],
      [669, 730],
      [1_040, 1_096],
    ]) {
      let expected = 0;
      let seen = 0;
      for (let day = from; day < until; day++) {
        expected += alive[day] * calendar.traffic[day];
        seen += visits[day];
      }
      // Overlapping visits of one customer split a few; joins within a day add a few.
      expect(Math.abs(seen - expected)).toBeLessThan(4 * Math.sqrt(expected) + 0.01 * expected);
    }
  });

  it('lets reviews speak of the quality that the rating shows', () => {
    const shop = simulateShop({ scenario: 'steady', customers: 1_500, days: 365, seed: 9 });
    const ratings = { good: [] as number[], bad: [] as number[] };
    const byQuality = { good: [] as number[], bad: [] as number[] };
    for (const batch of shop.events()) {
      for (let row = 0; row < batch.rows; row++) {
        const text = batch.text[row];
        if (text === null) continue;
        if (/beautifully|Excellent|love|非常好|精致|很喜欢/.test(text)) ratings.good.push(batch.rating[row]);
        if (/fell apart|Poor|nothing like|坏了|很差|不一样/.test(text)) ratings.bad.push(batch.rating[row]);
        const quality = shop.world.catalogue.quality[batch.item[row]];
        if (quality > 1) byQuality.good.push(batch.rating[row]);
        if (quality < -1) byQuality.bad.push(batch.rating[row]);
      }
    }
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.min(ratings.good.length, ratings.bad.length)).toBeGreaterThan(100);
    expect(mean(ratings.good)).toBeGreaterThan(mean(ratings.bad) + 1.5);
    expect(mean(byQuality.good)).toBeGreaterThan(mean(byQuality.bad) + 0.7);
  });

  it('says which scenarios and sizes there are', () => {
    const options = { scenario: 'steady', customers: 5, days: 30, seed: 1 } as const;
    expect(() => simulateShop({ ...options, scenario: 'busy' as ScenarioName })).toThrow(
      /expected a scenario of steady/,
    );
    expect(() => simulateShop({ ...options, days: 5_000 })).toThrow(/days between 1 and 1096/);
    expect(() => simulateShop({ ...options, startMs: 1 })).toThrow(/midnight UTC/);
  });
});

describe('the files of a simulated shop', () => {
  it('hold the same events in every format', async () => {
    const shop = simulateShop({ scenario: 'promo', customers: 150, days: 100, seed: 12 });
    const engine = await openEngine({ threads: 2 });
    try {
      const seen = [];
      for (const format of ['csv', 'ndjson', 'parquet'] as const) {
        const written = await writeShop(shop, join(scratch, format), { format });
        const read = { csv: 'read_csv', ndjson: 'read_json', parquet: 'read_parquet' }[format];
        const all = format === 'csv' ? ', all_varchar = true' : '';
        const [sums] = await engine.rows(
          `SELECT count(*) AS n, count(DISTINCT event_id) AS ids, count(user_id) AS users, count(text) AS texts,
             sum(CAST(timestamp AS BIGINT) % 1000003) AS times, sum(CAST(price_minor AS BIGINT)) AS money,
             sum(length(coalesce(text, '') || coalesce(query, ''))) AS words, count(DISTINCT order_id) AS orders
           FROM ${read}(${sqlText(written.events)}${all})`,
        );
        const tables = await engine.rows(
          `SELECT (SELECT count(DISTINCT item_id) FROM ${read}(${sqlText(written.items)})) AS items,
             (SELECT count(DISTINCT user_id) FROM ${read}(${sqlText(written.users)})) AS users`,
        );
        expect(tables).toEqual([{ items: 1_000, users: 150 }]);
        expect(Number(sums.n)).toBe(written.rows);
        expect(Number(sums.ids)).toBe(written.rows);
        seen.push(JSON.stringify(Object.values(sums).map(Number)));
      }
      expect(new Set(seen).size).toBe(1);
      const header = readFileSync(join(scratch, 'csv', 'events.csv'), 'utf8').split('\n', 1)[0];
      expect(header).not.toMatch(/owner|bot/);
    } finally {
      engine.close();
    }
  });
});
