// Predictions online from events in memory equal those of the batch over the lake, to the last digits.
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../src/data/engine.ts';
import { EVENT_COLUMNS, type EventRow } from '../src/data/event.ts';
import { rowEvents } from '../src/data/features/user-events.ts';
import { withLake } from '../src/data/lake/open.ts';
import type { EventSource } from '../src/data/source.ts';
import { openWorkspace } from '../src/data/workspace.ts';
import { loadBundle } from '../src/registry/bundle.ts';
import { loadSequence } from '../src/registry/sequence-bundle.ts';
import { predictBatch } from '../src/serve/batch.ts';
import { createKeyring, makeKey } from '../src/serve/http/api-key.ts';
import { predictionRoutes } from '../src/serve/http/prediction-routes.ts';
import { createServer } from '../src/serve/http/server.ts';
import { openUserAnswerer } from '../src/serve/online/answer-users.ts';
import { openPredictor } from '../src/serve/online/predictor.ts';
import { readOffer } from '../src/serve/online/read-offer.ts';
import { openRecommender } from '../src/serve/online/recommender.ts';
import { samplePorts } from '../src/serve/sample-ports.ts';
import { openShop } from '../src/serve/shop.ts';
import { openState } from '../src/serve/state/online-state.ts';
import { startServer } from './flow/built-server.ts';
import { start, succeed, testFolder } from './flow/command.ts';
import { madeUpCsv } from './flow/made-up-csv.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');
const models = join(shop, 'models');
const orders = write('orders.csv', madeUpCsv());

const on = ['--workspace', shop, '--threads', '2', '--lang', 'en'];

beforeAll(async () => {
  const mapping = write('map.yaml', (await succeed('import', orders, '--propose', ...on)).stdout);
  await succeed('import', orders, '--map', mapping, ...on);
  await succeed('train', 'purchase', '--model', 'gbdt', '--horizon', '30d', ...on);
  await succeed('train', 'next-item', '--model', 'item-knn:repeats', ...on);
  await succeed('train', 'spend', '--model', 'tweedie', '--horizon', '30d', ...on);
}, 300_000);

/** Everybody's events as the lake has them. */
async function eventsIn(engine: Engine, source: EventSource): Promise<readonly EventRow[]> {
  const columns = Object.keys(EVENT_COLUMNS).map((column) => `"${column}"`);
  const sql = `SELECT ${columns.join(', ')} FROM ${source.events} WHERE user_id IS NOT NULL ORDER BY timestamp, event_id`;
  return (await engine.rows(sql)) as unknown as EventRow[];
}

describe.each(['purchase', 'spend'])('%s', (name) => {
  test('answers everybody as the batch does, at the end of the history and in its middle', async () => {
    const bundle = loadBundle(models, name);
    await withLake(openWorkspace(shop), { threads: 2 }, async (engine, source) => {
      const rows = await eventsIn(engine, source);
      const histories = new Map<string, EventRow[]>();
      for (const row of rows)
        histories.set(row.user_id ?? '', [...(histories.get(row.user_id ?? '') ?? []), row]);
      const users = [...histories].map(([userId, own]) => ({ userId, events: rowEvents(own) }));
      const answerer = openUserAnswerer(bundle, { zone: source.zone });
      for (const asOf of [source.lastMs, Math.round((source.firstMs + source.lastMs) / 2)]) {
        const batch = await predictBatch(engine, source, bundle, { asOf });
        const online = await answerer.answer(users, asOf);
        const { predictions } = online;
        expect([...predictions.entities].sort()).toEqual([...batch.entities].sort());
        const at = new Map(predictions.entities.map((entity, row) => [entity, row]));
        batch.entities.forEach((entity, row) => {
          const own = at.get(entity) ?? -1;
          for (const key of ['value', 'low', 'high', 'typical'] as const) {
            const expected = batch.forecast[key]?.[row];
            const got = predictions.forecast[key]?.[own];
            if (expected === undefined) expect(got).toBeUndefined();
            else
              expect(Math.abs((got as number) - expected)).toBeLessThanOrEqual(
                1e-9 * (1 + Math.abs(expected)),
              );
          }
          expect(predictions.forecast.tier?.[own]).toBe(batch.forecast.tier?.[row]);
        });
        expect(online.inexact.flat()).toEqual([]);
        expect(predictions.unit).toBe(batch.unit);
        expect(online.rows.filter((row) => row >= 0).length).toBe(batch.entities.length);
      }
    });
  });
});
describe('over HTTP', () => {
  test('an event changes the next answer, reasons add words, and what is asked wrongly is said', async () => {
    const bundle = loadBundle(models, 'purchase');
    const { zone, currency, lastMs, rows } = await withLake(
      openWorkspace(shop),
      { threads: 2 },
      async (engine, source) => ({
        zone: source.zone,
        currency: source.currency,
        lastMs: source.lastMs,
        rows: await eventsIn(engine, source),
      }),
    );
    const context = { zone };
    const state = openState({ views: [bundle.view], context });
    state.apply(rows);
    const now = () => lastMs + 60_000;
    let next = 0;
    const predictor = openPredictor({
      ...{ bundles: [bundle], context, now, newId: () => `p-${next++}` },
      find: (person) => state.find(person),
    });
    const ports = { ...samplePorts('shop'), state, predictor };
    const made = makeKey({
      kind: 'server',
      scopes: ['events:write', 'predictions:read'],
      label: 'all',
      createdMs: lastMs,
    });
    const app = createServer({
      shops: new Map([['shop', openShop(ports, { currency })]]),
      keyring: createKeyring(new Map([['shop', [made.record]]])),
      now,
      routes: predictionRoutes,
    });
    const post = async (url: string, body: unknown) => {
      const reply = await app.inject({
        ...{ method: 'POST', url, payload: JSON.stringify(body) },
        headers: { authorization: `Bearer ${made.text}`, 'content-type': 'application/json' },
      });
      return { status: reply.statusCode, body: reply.json() };
    };
    const user = String(rows.at(-1)?.user_id);
    const asked = { entities: [{ user_id: user }, { user_id: 'nobody we know' }] };
    const before = await post('/v1/predictions/purchase', asked);
    expect(before.status).toBe(200);
    const [known, unknown] = before.body.predictions;
    expect(known).toMatchObject({
      user_id: user,
      unit: 'probability',
      horizon_days: 30,
      prediction_id: 'p-0',
    });
    expect(known.value).toBeGreaterThan(0);
    expect(known.value).toBeLessThan(1);
    expect(unknown).toMatchObject({ value: null, not_asked: bundle.task.about.en });

    const buys = {
      type: 'purchase',
      user_id: user,
      item_id: 'mug',
      order_id: 'o-new',
      price: 12,
      quantity: 1,
    };
    expect((await post('/v1/events', [{ ...buys, event_id: 'n-1', timestamp: now() }])).status).toBe(200);
    const [after] = (await post('/v1/predictions/purchase', asked)).body.predictions;
    expect(after.value).not.toBe(known.value);

    const [told] = (await post('/v1/explanations/purchase', { entities: [{ user_id: user }] })).body
      .predictions;
    expect(told.value).toBeCloseTo(after.value, 9);
    expect(told.reasons.length).toBeGreaterThan(0);
    expect(told.reasons[0].zh).toMatch(/\p{Script=Han}/u);

    // The same history sent along is answered as the one that is kept, and somebody else's is not looked at.
    const own = rows.filter((row) => row.user_id === user).map((row) => sentAlong(row));
    const inline = await post('/v1/predictions/purchase', {
      entities: [{ user_id: user }],
      events: [...own, { ...buys, event_id: 'n-2', user_id: 'somebody else', timestamp: now() }],
    });
    expect(inline.body.errors).toBeUndefined();
    expect(inline.body.predictions[0].value).toBeCloseTo(known.value, 9);
    expect(state.find({ user_id: 'somebody else' })).toBeUndefined();

    expect((await post('/v1/predictions/no-such-task', asked)).status).toBe(404);
    expect((await post('/v1/predictions/purchase', { entities: [] })).status).toBe(422);
    expect((await post('/v1/predictions/purchase', { entities: [{ item_id: 'mug' }] })).status).toBe(422);
    const bad = await post('/v1/predictions/purchase', { ...asked, events: [{ type: 'nothing we know' }] });
    expect(bad.status).toBe(422);
    expect(bad.body.errors[0].pointer).toMatch(/^\/events\/0/);
  });
});

/** As a shop would send what the lake holds. */
const sentAlong = ({ price_minor, ...row }: EventRow) =>
  Object.fromEntries(
    Object.entries({
      ...row,
      price: price_minor === null || price_minor === undefined ? null : price_minor / 100,
    }).filter(([, value]) => value !== null),
  );

/** Five items of each user, as `predict next-item` writes them. */
async function offlineLists(...options: string[]): Promise<Map<string, string[]>> {
  const out = join(dir, `lists${options.join('')}.csv`);
  await succeed('predict', 'next-item', '--out', out, '--top', '5', ...options, ...on);
  const lists = new Map<string, string[]>();
  const [head, ...lines] = readFileSync(out, 'utf8').trim().split('\n');
  const at = Object.fromEntries(head.split(',').map((column, place) => [column, place]));
  for (const line of lines) {
    const cells = line.split(',');
    const own = lists.get(cells[at.user_id]) ?? [];
    lists.set(cells[at.user_id], [...own, cells[at.item_id]]);
  }
  return lists;
}

describe('lists of items', () => {
  test('online lists are those of predict next-item, and a click changes the next one', async () => {
    const offline = await offlineLists();
    const saved = loadSequence(models, {});
    const { offer, rows, lastMs, context } = await withLake(
      openWorkspace(shop),
      { threads: 2 },
      async (engine, source) => ({
        offer: await readOffer(engine, source, saved, { asOf: source.lastMs }),
        rows: await eventsIn(engine, source),
        lastMs: source.lastMs,
        context: { zone: source.zone },
      }),
    );
    const state = openState({ views: [], context, columns: ['item_id', 'session_id'] });
    state.apply(rows);
    const recommender = openRecommender({
      offer,
      ...{ find: (person) => state.find(person), now: () => lastMs, newId: () => 'r' },
    });
    const users = [...offline.keys()];
    const lists = await recommender.recommend({
      entities: users.map((user_id) => ({ user_id })),
      ...{ top: 5, asOf: lastMs },
    });
    expect(users.length).toBeGreaterThan(20);
    for (const list of lists)
      expect(list.items.map(({ item_id }) => item_id)).toEqual(offline.get(list.user_id ?? ''));
    const offlineTail = await offlineLists('--long-tail', '0.8');
    const tail = await recommender.recommend({
      entities: users.map((user_id) => ({ user_id })),
      ...{ top: 5, asOf: lastMs, longTail: 0.8 },
    });
    for (const list of tail)
      expect(list.items.map(({ item_id }) => item_id)).toEqual(offlineTail.get(list.user_id ?? ''));
    expect(tail.map(({ items }) => items[0].item_id)).not.toEqual(lists.map(({ items }) => items[0].item_id));

    const [user] = users;
    const first = lists[0].items[0].item_id;
    const without = await recommender.recommend({ entities: [{ user_id: user }], top: 5, exclude: [first] });
    expect(without[0].items.map(({ item_id }) => item_id)).not.toContain(first);
    const [only] = await recommender.recommend({ entities: [{ user_id: user }], top: 5, only: [first] });
    expect(only.items.map(({ item_id }) => item_id)).toEqual([first]);
    const bought = {
      event_id: 'b-1',
      type: 'purchase',
      timestamp: lastMs,
      user_id: user,
      item_id: first,
    } as const;
    state.apply([bought]);
    const [after] = await recommender.recommend({
      entities: [{ user_id: user }],
      ...{ top: 5, excludeSeen: 'bought' },
    });
    expect(after.items.map(({ item_id }) => item_id)).not.toContain(first);
    const [stranger] = await recommender.recommend({ entities: [{ user_id: 'nobody we know' }], top: 3 });
    expect(stranger.items.length).toBe(3);
    expect(stranger.items[0].made_by).toBe('trend');
  });
});

describe('foresell serve as a process', () => {
  const served = join(dir, 'served');
  const ask = async (url: string, key: string, path: string, body: unknown) => {
    const reply = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: reply.status, body: (await reply.json()) as Record<string, never> };
  };
  test('events that were acknowledged are there after kill -9, known as sent, and after an orderly end', async () => {
    cpSync(shop, served, { recursive: true });
    const { key } = JSON.parse((await succeed('keys', 'create', '--workspace', served, '--json')).stdout) as {
      key: string;
    };
    const event = { event_id: 'k-1', type: 'purchase', user_id: 'a new customer', item_id: 'mug' };
    const asked = { entities: [{ user_id: 'a new customer' }] };

    const first = await startServer(served);
    const none = await ask(first.url, key, '/v1/predictions/purchase', asked);
    expect(none.body.predictions).toMatchObject([{ value: null }]);
    expect((await ask(first.url, key, '/v1/events', [event])).body).toMatchObject({ accepted: 1 });
    const [before] = (await ask(first.url, key, '/v1/predictions/purchase', asked)).body
      .predictions as unknown as { value: number }[];
    expect(before.value).toBeGreaterThan(0);
    first.process.kill('SIGKILL');
    expect((await first.ended).code).toBe('SIGKILL');

    const second = await startServer(served);
    expect((await ask(second.url, key, '/v1/events', [event])).body).toMatchObject({
      accepted: 0,
      duplicates: 1,
    });
    const [after] = (await ask(second.url, key, '/v1/predictions/purchase', asked)).body
      .predictions as unknown as { value: number }[];
    expect(after.value).toBeCloseTo(before.value, 6);
    // A second server of the same shop must not open its journal.
    const other = await start(['serve', '--workspace', served, '--port', '0', '--json']).ended;
    expect(other.code).toBe(1);
    expect(JSON.parse(other.stdout).error.code).toBe('BUSY');
    second.process.kill('SIGTERM');
    expect((await second.ended).code).toBe(0);

    // From the snapshot this time; and a key that is revoked is refused by a server that runs.
    const third = await startServer(served);
    const [again] = (await ask(third.url, key, '/v1/predictions/purchase', asked)).body
      .predictions as unknown as { value: number }[];
    expect(again.value).toBeCloseTo(before.value, 6);
    await succeed('keys', 'revoke', key.split('_')[1], '--workspace', served);
    await expect
      .poll(async () => (await ask(third.url, key, '/v1/events', [event])).status, { timeout: 15_000 })
      .toBe(401);
    third.process.kill('SIGTERM');
    expect((await third.ended).code).toBe(0);
  });
});
