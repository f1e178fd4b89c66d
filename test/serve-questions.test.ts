// Questions over HTTP to a shop that is served whole: people, texts, searches, and the Open Inference Protocol.
import { join } from 'node:path';
import type { Static } from 'typebox';
import Schema from 'typebox/schema';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import { createClient } from '../sdk/client.ts';
import { pseudonym, readPseudonymKey } from '../src/data/pseudonym.ts';
import type { Prediction, RerankedSearch, UserProfile } from '../src/serve/api.ts';
import type { PredictionSchema } from '../src/serve/http/prediction-schema.ts';
import type { RerankedSchema } from '../src/serve/http/search-routes.ts';
import { ProfileSchema } from '../src/serve/http/user-routes.ts';
import { succeed, testFolder } from './flow/command.ts';
import {
  makeShop,
  type ServedShops,
  SHOP_NOW_MS,
  SMALL_SATISFACTION,
  serveShops,
} from './flow/served-shops.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');
let served: ServedShops;
let buyer: string;

beforeAll(async () => {
  await makeShop(shop, write, {
    mark: 'a',
    tasks: [
      ['purchase', '--model', 'gbdt', '--horizon', '30d'],
      ['spend', '--model', 'tweedie', '--horizon', '30d'],
      ['next-item', '--model', 'item-knn'],
      SMALL_SATISFACTION,
    ],
  });
  served = await serveShops([shop]);
  buyer = 'ac3';
}, 400_000);
afterAll(() => served?.close());

const post = async (url: string, body: unknown) => {
  const reply = await served.ask('POST', url, { body });
  return { status: reply.statusCode, body: reply.json() };
};
const get = async (url: string) => {
  const reply = await served.ask('GET', url);
  return { status: reply.statusCode, body: reply.json() };
};
const event = (id: string, more: Record<string, unknown>) => ({
  ...{ event_id: id, type: 'view', timestamp: SHOP_NOW_MS - 60_000 },
  ...more,
});

test('what clients are told by type is what the schemas let through', () => {
  expectTypeOf<Static<typeof PredictionSchema>>().toExtend<Prediction>();
  expectTypeOf<Static<typeof ProfileSchema>>().toExtend<UserProfile>();
  expectTypeOf<Static<typeof RerankedSchema>>().toExtend<RerankedSearch>();
  expectTypeOf<keyof Prediction>().toEqualTypeOf<keyof Static<typeof PredictionSchema>>();
  expectTypeOf<keyof UserProfile>().toEqualTypeOf<keyof Static<typeof ProfileSchema>>();
});

describe('GET /v1/users/{id}', () => {
  test('tells what somebody did, what models are told of it, and what each answers', async () => {
    const { status, body } = await get(`/v1/users/${buyer}?events=3&reasons=2`);
    expect(status).toBe(200);
    expect(Schema.Compile(ProfileSchema).Check(body)).toBe(true);
    expect(body).toMatchObject({ id: buyer, known_as: 'user', as_of: SHOP_NOW_MS });
    const times = body.events.timeline.map(({ timestamp }: { timestamp: number }) => timestamp);
    expect(times).toEqual(times.toSorted((a: number, b: number) => b - a));
    expect(body.events.timeline[0]).toMatchObject({
      type: 'purchase',
      item_id: expect.stringMatching(/^as/),
    });
    const lines = body.features.find(({ name }: { name: string }) => name === 'items_bought');
    expect(lines).toMatchObject({
      en: expect.stringContaining('Different products bought'),
      zh: expect.stringContaining('购买过的商品种数'),
      unit: 'count',
    });
    expect(lines.tasks.toSorted()).toEqual(['purchase', 'spend']);
    const asked = await post('/v1/predictions/purchase', { entities: [{ user_id: buyer }] });
    const own = body.predictions.find(({ task }: { task: string }) => task === 'purchase');
    expect(own.value).toBe(asked.body.predictions[0].value);
    expect(own.reasons.length).toBeGreaterThan(0);
    expect(own).not.toHaveProperty('user_id');
    const spends = body.predictions.find(({ task }: { task: string }) => task === 'spend');
    expect(body.segments).toContainEqual(expect.objectContaining({ task: 'spend', tier: spends.tier }));
  });

  test('pages meet every event once, also while newer ones come', async () => {
    const { body: whole } = await get(`/v1/users/${buyer}?events=1000`);
    expect(whole.events.next).toBeUndefined();
    expect(whole.events.timeline.length).toBe(whole.events.kept);
    const met: unknown[] = [];
    let next: string | undefined = '';
    for (let page = 0; next !== undefined; page++) {
      const before: string = next === '' ? '' : `&before=${next}`;
      const { body } = await get(`/v1/users/${buyer}?events=2${before}`);
      met.push(...body.events.timeline);
      next = body.events.next;
      if (page === 1)
        await post('/v1/events', [event('page-1', { user_id: buyer, item_id: 'as1', type: 'view' })]);
    }
    expect(met).toEqual(whole.events.timeline);
  });

  test('knows visitors by their anonymous id and sessions by theirs, and a visitor who became a customer', async () => {
    await post('/v1/events', [
      event('v-1', { anonymous_id: 'ck-1', item_id: 'as2' }),
      event('v-2', { session_id: 'sess-1', item_id: 'as3' }),
    ]);
    const visitor = await get('/v1/users/ck-1');
    expect(visitor.body).toMatchObject({ known_as: 'visitor', events: { kept: 1 } });
    expect(visitor.body).not.toHaveProperty('is_linked');
    expect(visitor.body.predictions.map(({ task }: { task: string }) => task)).toContain('purchase');
    expect((await get('/v1/users/sess-1')).body).toMatchObject({ known_as: 'session' });
    expect((await get('/v1/users/sess-1?as=user')).status).toBe(404);
    await post('/v1/events', [event('v-3', { type: 'identify', anonymous_id: 'ck-1', user_id: 'new one' })]);
    expect((await get('/v1/users/ck-1')).body).toMatchObject({ known_as: 'visitor', is_linked: true });
    expect((await get('/v1/users/new%20one')).body.events.kept).toBe(2);
  });

  test('nobody known is not found, and parameters that cannot be are said', async () => {
    for (const id of ['nobody', '%00', '__proto__', 'constructor', 'x'.repeat(900)])
      expect((await get(`/v1/users/${id}`)).status).toBe(404);
    for (const query of [
      'events=-1',
      'events=1001',
      'events=x',
      'before=yesterday',
      'as=dog',
      'as=user&as=visitor',
    ])
      expect(await get(`/v1/users/${buyer}?${query}`)).toMatchObject({
        status: 400,
        body: { code: 'bad_query' },
      });
    const reply = await served.ask('GET', `/v1/users/${buyer}`, { key: served.keys['a/predictions:read'] });
    expect(reply.statusCode).toBe(403);
  });
});

describe('texts', () => {
  test('are answered as they come, good ones above bad ones, with the words that mattered', async () => {
    const texts = ['a lovely coat, perfect sleeve', 'a shabby coat, torn sleeve'];
    const { status, body } = await post('/v1/explanations/satisfaction', { texts });
    expect(status).toBe(200);
    const [good, bad] = body.predictions;
    expect(good).toMatchObject({ task: 'satisfaction', unit: 'probability', horizon_days: 0 });
    expect(good.value).toBeGreaterThan(bad.value);
    expect(good.words.map(({ word }: { word: string }) => word)).toEqual(
      expect.arrayContaining([expect.stringMatching(/lovely|perfect/)]),
    );
    const alone = await post('/v1/predictions/satisfaction', { texts: [texts[1]] });
    expect(alone.body.predictions[0].value).toBeCloseTo(bad.value, 6);
    expect(alone.body.predictions[0]).not.toHaveProperty('words');
  });

  test('what is asked of the wrong kind is said', async () => {
    const entities = [{ user_id: buyer }];
    const wrong = async (task: string, body: unknown) => (await post(`/v1/predictions/${task}`, body)).status;
    expect(await wrong('satisfaction', { entities })).toBe(422);
    expect(await wrong('purchase', { texts: ['x'] })).toBe(422);
    expect(await wrong('purchase', { texts: ['x'], entities })).toBe(422);
    expect(await wrong('query-purchase', { texts: ['x'] })).toBe(404);
    expect(await wrong('next-item', { entities })).toBe(404);
    expect(await wrong('session-purchase', { entities })).toBe(404);
    const many = { texts: Array.from({ length: 21 }, () => 'x') };
    expect((await post('/v1/explanations/satisfaction', many)).status).toBe(422);
  });
});

describe('POST /v1/search/rerank', () => {
  test('searches the shop’s own items by words, and this person’s list moves what is bought up', async () => {
    const { status, body } = await post('/v1/search/rerank', { query: 'red lamp', top: 5, weight: 0 });
    expect(status).toBe(200);
    expect(body).toMatchObject({ relevance_by: 'words', weights: { intent: 0 }, unknown: [] });
    expect(body.items).toHaveLength(5);
    expect(body.items[0]).toMatchObject({ rank: 1, relevance: 1, intent_by: 'popularity' });
    // Lamps are 1, 5, 9 …; each is red.
    expect(Number(body.items[0].item_id.slice(2)) % 4).toBe(1);
    const mine = await post('/v1/search/rerank', { query: 'red lamp', user_id: buyer, weight: 10, top: 5 });
    expect(mine.body.items[0].intent_by).toBe('next-item');
    const chances = mine.body.items.map(({ intent }: { intent: number }) => intent);
    expect(chances).toEqual(chances.toSorted((a: number, b: number) => b - a));
    expect(mine.body.items).not.toEqual(body.items);
  });

  test('puts candidates in order, those nothing is known of at the end and named', async () => {
    const items = ['as3', 'unheard of', 'as1', 'as5', 'as3'];
    const { body } = await post('/v1/search/rerank', { query: 'lamp', items, user_id: buyer });
    expect(body.items).toHaveLength(4);
    expect(body.items[3]).toEqual({ item_id: 'unheard of', rank: 4 });
    expect(body.unknown).toEqual(['unheard of']);
    expect(new Set(body.items.slice(0, 2).map(({ item_id }: { item_id: string }) => item_id))).toEqual(
      new Set(['as1', 'as5']),
    );
    const given = await post('/v1/search/rerank', {
      items: [
        { item_id: 'as1', relevance: 1 },
        { item_id: 'elsewhere', relevance: 4 },
      ],
      weight: 0,
    });
    expect(given.body).toMatchObject({ relevance_by: 'given', unknown: [] });
    expect(given.body.items.map((own: { relevance: number }) => own.relevance)).toEqual([1, 0.25]);
    expect(given.body.items[0].item_id).toBe('elsewhere');
  });

  test('filters by the catalogue, and says what cannot be asked', async () => {
    const { body } = await post('/v1/search/rerank', { query: 'red', filter: "category = 'rug'" });
    for (const { item_id } of body.items) expect(Number(item_id.slice(2)) % 4).toBe(2);
    const wrong = async (asked: unknown) => (await post('/v1/search/rerank', asked)).status;
    expect(await wrong({ user_id: buyer })).toBe(422);
    expect(await wrong({ query: 'x', filter: 'colour = 3' })).toBe(422);
    expect(await wrong({ items: ['as1', { item_id: 'as2', relevance: 1 }] })).toBe(422);
    expect(await wrong({ query: 'x', weight: -1 })).toBe(422);
  });

  test('a catalogue indexed for the workspace is taken without a restart', async () => {
    await succeed(
      'catalogue',
      'index',
      '--workspace',
      shop,
      '--out',
      join(shop, 'catalogue'),
      '--lang',
      'en',
    );
    const { changes, faults } = await served.services[0].refresh();
    expect(faults).toEqual([]);
    expect(changes.map(({ task }) => task)).toEqual(['catalogue']);
    expect((await post('/v1/search/rerank', { query: 'blue mug', top: 1 })).body.items).toHaveLength(1);
  });
});

describe('Open Inference Protocol', () => {
  const users = (data: unknown, shape: readonly number[] = [2]) => ({
    id: '42',
    inputs: [{ name: 'user_id', shape, datatype: 'BYTES', data }],
  });

  test('says what it is and what its models take', async () => {
    expect((await get('/v2')).body).toMatchObject({ name: 'foresell', extensions: [] });
    expect((await get('/v2/')).status).toBe(200);
    expect((await get('/v2/health/live')).body).toEqual({ live: true });
    expect((await get('/v2/health/ready')).body).toEqual({ live: true, ready: true });
    const { body } = await get('/v2/models/purchase');
    expect(body).toMatchObject({ name: 'purchase', platform: 'foresell' });
    expect(body.inputs[0]).toEqual({ name: 'user_id', datatype: 'BYTES', shape: [-1] });
    const [version] = body.versions;
    expect((await get(`/v2/models/purchase/versions/${version}/ready`)).body).toEqual({
      ...{ name: 'purchase', ready: true },
    });
    expect((await get('/v2/models/purchase/versions/v9/ready')).status).toBe(404);
  });

  test('answers what predictions answer, flat or a list a row, with a version or without', async () => {
    const ids = [buyer, 'nobody'];
    const { status, body } = await post('/v2/models/purchase/infer', users(ids));
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: '42', model_name: 'purchase', parameters: { unit: 'probability' } });
    const tensor = (name: string) => body.outputs.find((own: { name: string }) => own.name === name);
    const asked = await post('/v1/predictions/purchase', {
      entities: ids.map((user_id) => ({ user_id })),
    });
    expect(tensor('value')).toEqual({
      ...{ name: 'value', shape: [2], datatype: 'FP64' },
      data: [asked.body.predictions[0].value, null],
    });
    expect(tensor('asked').data).toEqual([true, false]);
    const rows = await post(`/v2/models/purchase/versions/${body.model_version}/infer`, {
      ...users(
        ids.map((id) => [id]),
        [2, 1],
      ),
      outputs: [{ name: 'value' }],
    });
    expect(rows.body.outputs).toEqual([tensor('value')]);
    const texts = { inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', data: ['a lovely coat'] }] };
    expect((await post('/v2/models/satisfaction/infer', texts)).body.outputs[0].data).toHaveLength(1);
  });

  test('errors are its own form, whatever went wrong', async () => {
    const wrong = async (url: string, body: unknown) => {
      const reply = await post(url, body);
      expect(reply.body).toEqual({ error: expect.any(String) });
      return reply.status;
    };
    expect(await wrong('/v2/models/nothing/infer', users(['x'], [1]))).toBe(404);
    expect(await wrong('/v2/models/purchase/infer', users(['x'], [2]))).toBe(400);
    expect(await wrong('/v2/models/purchase/infer', users(['x', 'y'], [1, 2]))).toBe(400);
    expect(await wrong('/v2/models/purchase/infer', users([''], [1]))).toBe(400);
    expect(await wrong('/v2/models/purchase/infer', { inputs: [] })).toBe(400);
    expect(await wrong('/v2/models/purchase/infer', '{')).toBe(400);
    expect(await wrong('/v2/models/satisfaction/infer', users(['x'], [1]))).toBe(400);
    expect(
      await wrong('/v2/models/purchase/infer', { ...users(['x'], [1]), outputs: [{ name: 'none' }] }),
    ).toBe(400);
    expect(await wrong('/v2/elsewhere', {})).toBe(404);
    const keyless = await served.ask('GET', '/v2/models/purchase', { key: '' });
    expect([keyless.statusCode, keyless.json()]).toEqual([401, { error: expect.any(String) }]);
    const binary = await served.ask('POST', '/v2/models/purchase/infer', {
      body: users(['x'], [1]),
      headers: { 'inference-header-content-length': '10' },
    });
    expect(binary.statusCode).toBe(415);
  });
});

test('a shop that keeps pseudonyms knows people by its own ids and by the pseudonym, and shows none it was not asked for', async () => {
  const secret = join(dir, 'secret');
  await makeShop(secret, write, {
    ...{ mark: 'z', customers: 20, pseudonyms: true },
    copied: [{ from: shop, task: 'purchase' }],
  });
  const hidden = await serveShops([secret]);
  try {
    const sent = [event('z-1', { anonymous_id: 'ck-9', item_id: 'zs2' })];
    expect((await hidden.ask('POST', '/v1/events', { body: sent })).statusCode).toBe(200);
    const own = await hidden.ask('GET', '/v1/users/zc3');
    expect(own.json()).toMatchObject({ id: 'zc3', known_as: 'user' });
    const stored = pseudonym(readPseudonymKey(secret), 'zc3');
    expect(own.body).not.toContain(stored);
    const same = await hidden.ask('GET', `/v1/users/${stored}`);
    expect(same.json().events).toEqual(own.json().events);
    expect((await hidden.ask('GET', '/v1/users/ck-9')).json()).toMatchObject({ known_as: 'visitor' });
    expect((await hidden.ask('GET', '/v1/users/zc999')).statusCode).toBe(404);
  } finally {
    await hidden.close();
  }
});

test('the client asks all of it', async () => {
  const client = createClient({
    url: 'http://shop.test',
    key: served.keys['a/all'],
    fetch: async (url, init) => {
      const { statusCode, headers, payload } = await served.app.inject({
        ...{ url: url.replace('http://shop.test', ''), method: init.method as 'GET' },
        headers: init.headers as Record<string, string>,
        ...(typeof init.body === 'string' && { payload: init.body }),
      });
      return new Response(payload, { status: statusCode, headers: headers as Record<string, string> });
    },
  });
  expect((await client.user(buyer, { events: 1 }))?.events.timeline).toHaveLength(1);
  expect(await client.user('nobody')).toBeUndefined();
  expect(await client.predictTexts('satisfaction', ['a lovely coat'], { words: true })).toHaveLength(1);
  expect((await client.rerank({ query: 'lamp', top: 2 })).items).toHaveLength(2);
  expect((await client.recommend({ entities: [{ user_id: buyer }], top: 2 }))[0].items).toHaveLength(2);
});
