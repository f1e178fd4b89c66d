// The server as a whole: who may do what, what is too much, and that its own description is true.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import Schema from 'typebox/schema';
import { expect, test } from 'vitest';
import { createKeyring, makeKey } from './api-key.ts';
import { ProblemSchema } from './openapi.ts';
import { SAMPLE_NOW_MS, sampleServer } from './sample-server.ts';

const EVENT = { type: 'view', user_id: 'ann', item_id: 'mug' };
const shared = sampleServer();

test('a browser’s key writes and does nothing else, and only from its own pages', async () => {
  const page = 'https://shop.example';
  const make = (origins?: readonly string[]) =>
    makeKey({
      kind: 'browser',
      scopes: ['admin', 'events:write'],
      label: '',
      createdMs: 0,
      ...(origins ? { origins } : {}),
    });
  const [anywhere, own] = [make(), make([page])];
  expect(anywhere.record.scopes).toEqual(['events:write']);
  // Whoever edits the file by hand gains nothing.
  const forged = { ...own.record, scopes: ['admin', 'events:write'] as const };
  const keyring = createKeyring(new Map([['shop', [anywhere.record, forged]]]));
  const { app } = sampleServer({
    parts: {
      keyring,
      routes: [
        {
          method: 'GET',
          path: '/v1/secret',
          tag: 'Test',
          summary: 'Needs more than writing',
          access: { kind: 'key', scope: 'admin' },
          replies: {},
          handle: () => '{}',
        },
      ],
    },
  });
  const call = (url: string, key: string, origin?: string) =>
    app.inject({
      method: url === '/v1/secret' ? 'GET' : 'POST',
      url,
      headers: { authorization: `Bearer ${key}`, ...(origin ? { origin } : {}) },
      ...(url === '/v1/secret' ? {} : { payload: JSON.stringify(EVENT) }),
    });
  expect((await call('/v1/secret', own.text, page)).statusCode).toBe(403);
  expect((await call('/v1/events', own.text, page)).headers['access-control-allow-origin']).toBe(page);
  expect((await call('/v1/events', own.text, 'https://thief.example')).statusCode).toBe(403);
  expect((await call('/v1/events', own.text)).statusCode).toBe(403);
  expect((await call('/v1/events', anywhere.text)).statusCode).toBe(200);
  const preflight = await app.inject({ method: 'OPTIONS', url: '/v1/events', headers: { origin: page } });
  expect([preflight.statusCode, preflight.headers['access-control-allow-origin']]).toEqual([204, page]);
});

test('a key ends when it expires, and keeps nothing of its secret', () => {
  const { text, record } = makeKey({
    kind: 'server',
    scopes: ['admin'],
    label: '',
    createdMs: 0,
    expiresMs: 1000,
  });
  const ring = createKeyring(new Map([['shop', [record]]]));
  expect(ring.recognise(text, 999)).toMatchObject({ workspace: 'shop', keyId: record.id });
  expect(ring.recognise(text, 1000)).toBeUndefined();
  const secret = text.split('_')[2];
  expect(JSON.stringify(record)).not.toContain(secret);
  expect(record.hash).toBe(createHash('sha256').update(secret).digest('hex'));
});

test('events of one shop’s key reach that shop alone', async () => {
  const { send, shops, keys } = sampleServer({ names: ['one', 'two'] });
  await send('/v1/events', EVENT, { authorization: `Bearer ${keys['two/server']}` });
  expect(shops.map(({ rows }) => rows.length)).toEqual([0, 1]);
});

test.each<[string, object, string, number]>([
  ['a bomb', { 'content-encoding': 'gzip' }, 'too_large', 413],
  ['half a gzip', { 'content-encoding': 'gzip' }, 'bad_encoding', 400],
  ['brotli', { 'content-encoding': 'br' }, 'unsupported_media', 415],
  ['other bytes', {}, 'not_utf8', 400],
  ['too many bytes', {}, 'too_large', 413],
  ['too many events', {}, 'too_many_events', 413],
  ['NaN', {}, 'bad_json', 400],
  ['nothing', {}, 'bad_json', 400],
])('%s is refused', async (name, headers, code, status) => {
  const bodies: Record<string, string | Buffer> = {
    'a bomb': gzipSync(Buffer.alloc(64 * 2 ** 20)),
    'half a gzip': gzipSync(JSON.stringify([EVENT])).subarray(0, 20),
    brotli: 'x',
    'other bytes': Buffer.from([0x22, 0xff, 0x22]),
    'too many bytes': Buffer.alloc(9 * 2 ** 20, 0x20),
    'too many events': `[${'0,'.repeat(10_000)}0]`,
    NaN: '[NaN]',
    nothing: '',
  };
  const reply = await shared.send('/v1/events', bodies[name], headers as Record<string, string>);
  expect(reply.json()).toMatchObject({ code, status });
  expect(reply.statusCode).toBe(status);
});

test('who calls too often, or guesses keys, is told when to come again', async () => {
  const { send } = sampleServer({
    parts: { rates: { server: { perSecond: 10, burst: 2 }, failures: { perSecond: 1, burst: 3 } } },
  });
  const statuses = [];
  for (let i = 0; i < 3; i++) statuses.push(await send('/v1/events', EVENT));
  expect(statuses.map(({ statusCode }) => statusCode)).toEqual([200, 200, 429]);
  expect(statuses[2].headers['retry-after']).toBe('1');
  const guesses = [];
  for (let i = 0; i < 5; i++)
    guesses.push(
      (await send('/v1/events', EVENT, { authorization: `Bearer fsk_${'a'.repeat(12)}_${'b'.repeat(43)}` }))
        .statusCode,
    );
  expect(guesses).toEqual([401, 401, 401, 429, 429]);
});

test('more requests at once than there are places are refused, and the places come back', async () => {
  const { send, shops } = sampleServer({ parts: { pressure: { requests: 2 } } });
  const release = shops[0].holdJournal();
  const waiting = [send('/v1/events', EVENT), send('/v1/events', EVENT)];
  const refused = await send('/v1/events', EVENT);
  expect(refused.statusCode).toBe(503);
  expect(refused.headers['retry-after']).toBe('1');
  release();
  expect((await Promise.all(waiting)).map(({ statusCode }) => statusCode)).toEqual([200, 200]);
  expect((await send('/v1/events', EVENT)).statusCode).toBe(200);
});

test('alive and ready are two things', async () => {
  const { app, shops } = sampleServer();
  const status = async (url: string) => (await app.inject({ url })).statusCode;
  expect([await status('/livez'), await status('/readyz')]).toEqual([200, 200]);
  shops[0].breakJournal(true);
  expect([await status('/livez'), await status('/readyz')]).toEqual([200, 503]);
});

test('every answer carries the headers that keep browsers from guessing', async () => {
  for (const url of ['/livez', '/nowhere', '/docs', '/openapi.json']) {
    const { headers } = await shared.app.inject({ url });
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    expect(headers['content-security-policy']).toMatch(/default-src 'none'/);
  }
});

test('an address that is not there, and a method it does not take, are problems', async () => {
  const validator = Schema.Compile(ProblemSchema);
  const replies = [
    await shared.app.inject({ url: '/nowhere' }),
    await shared.app.inject({ url: '/v1/events' }),
    await shared.app.inject({ url: '/%zz' }),
  ];
  expect(replies.map(({ statusCode }) => statusCode)).toEqual([404, 405, 400]);
  for (const reply of replies) {
    expect(reply.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(validator.Check(reply.json())).toBe(true);
  }
});

test('GA4’s debug address says what is wrong, and keeps nothing', async () => {
  const { send, shops } = sampleServer();
  const events = [
    {
      name: 'purchase',
      params: {
        currency: 'EUR',
        items: [
          { item_id: 'a', price: 1 },
          { item_id: 'b', price: 'x' },
        ],
      },
    },
  ];
  const ask = async (body: object) => (await send('/debug/mp/collect', body)).json().validationMessages;
  expect(await ask({ client_id: '1.2', events })).toMatchObject([
    { fieldPath: 'events[0].params.items[1].price', validationCode: 'VALUE_INVALID' },
  ]);
  expect(await ask({ events })).toMatchObject([{ fieldPath: 'client_id', validationCode: 'VALUE_REQUIRED' }]);
  expect(await ask({ client_id: '1.2', events: Array(26).fill(events[0]) })).toMatchObject([
    { fieldPath: 'events', validationCode: 'EXCEEDED_MAX_ENTITIES' },
  ]);
  expect(shops[0].rows).toEqual([]);
});

test('a key may stand in a body, where Segment’s browser client puts it', async () => {
  const { app, key } = sampleServer();
  const call = (writeKey: unknown) =>
    app.inject({
      method: 'POST',
      url: '/v1/t',
      headers: { 'content-type': 'text/plain' },
      payload: JSON.stringify({ writeKey, event: 'Product Viewed', userId: 'ann', messageId: 'm' }),
    });
  expect((await call(key)).json()).toMatchObject({ accepted: 1 });
  expect((await call('fsk_x')).statusCode).toBe(401);
  expect((await call(undefined)).statusCode).toBe(401);
});

test('the docs page runs only its own script, and asks nobody else for anything', async () => {
  const { body, headers } = await shared.app.inject({ url: '/docs' });
  const [, script] = /<script>([\s\S]*)<\/script>/.exec(body) ?? [];
  const hash = createHash('sha256').update(script).digest('base64');
  expect(headers['content-security-policy']).toContain(`script-src 'sha256-${hash}'`);
  expect(body).not.toMatch(/(?:src|href)=|https?:\/\/(?!shop\.example)/);
  // The document inside is the one at its own address.
  const [, data] = /<script type="application\/json" id="document">([\s\S]*?)<\/script>/.exec(body) ?? [];
  expect(JSON.parse(data)).toEqual((await shared.app.inject({ url: '/openapi.json' })).json());
});

test('the description names every route, resolves its references, and its examples are accepted', async () => {
  const document = (await shared.app.inject({ url: '/openapi.json' })).json();
  expect(document.openapi).toBe('3.1.0');
  const references = JSON.stringify(document).match(/#\/components\/schemas\/\w+/g) ?? [];
  expect(references.length).toBeGreaterThan(10);
  for (const reference of references)
    expect(document.components.schemas).toHaveProperty(reference.split('/').at(-1) ?? '');
  const ids = new Set<string>();
  let tried = 0;
  for (const [path, methods] of Object.entries<Record<string, never>>(document.paths)) {
    for (const [method, operation] of Object.entries<{
      operationId: string;
      requestBody?: { content: Record<string, { example?: unknown }> };
      responses: object;
    }>(methods)) {
      ids.add(operation.operationId);
      expect(
        shared.app.hasRoute({
          method: method.toUpperCase() as 'GET',
          url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
        }),
      ).toBe(true);
      for (const [type, { example }] of Object.entries(operation.requestBody?.content ?? {})) {
        if (example === undefined) continue;
        tried++;
        const reply = await shared.send(
          path,
          typeof example === 'string' ? example : JSON.stringify(example),
          { 'content-type': type },
        );
        expect(reply.statusCode, `${path}: ${reply.body}`).toBeLessThan(300);
        expect(operation.responses).toHaveProperty(String(reply.statusCode));
      }
    }
  }
  expect(ids.size).toBe(
    Object.values<object>(document.paths).flatMap((methods) => Object.keys(methods)).length,
  );
  expect(tried).toBeGreaterThan(5);
});

test('a bug of ours is a 500 that says nothing, heard by the observer', async () => {
  const heard: unknown[] = [];
  const { app } = sampleServer({
    parts: {
      observer: {
        answered: () => {},
        ingested: () => {},
        failed: (route, error) => heard.push(route, (error as Error).message),
      },
      routes: [
        {
          method: 'GET',
          path: '/bug',
          tag: 'Test',
          summary: 'Breaks',
          access: { kind: 'open' },
          replies: {},
          handle: () => {
            throw new Error('secret of ann');
          },
        },
      ],
    },
  });
  const reply = await app.inject({ url: '/bug' });
  expect(reply.statusCode).toBe(500);
  expect(reply.body).not.toContain('ann');
  expect(heard).toEqual(['/bug', 'secret of ann']);
});

test('signatures: the right secret, the one before, and nothing else', async () => {
  const { createHmac } = await import('node:crypto');
  const { app } = sampleServer({
    parts: { webhooks: [{ id: 'shop', source: 'shopify', workspace: 'shop', secrets: ['new', 'old'] }] },
  });
  const body = JSON.stringify({
    name: '#1',
    created_at: new Date(SAMPLE_NOW_MS).toISOString(),
    line_items: [],
  });
  const call = async (url: string, signature: string | undefined, payload = body) =>
    (
      await app.inject({
        method: 'POST',
        url,
        headers: {
          'x-shopify-topic': 'orders/create',
          ...(signature ? { 'x-shopify-hmac-sha256': signature } : {}),
        },
        payload,
      })
    ).statusCode;
  const sign = (secret: string) => createHmac('sha256', secret).update(body).digest('base64');
  const url = '/v1/webhooks/shopify/shop';
  expect(await call(url, sign('new'))).toBe(200);
  expect(await call(url, sign('old'))).toBe(200);
  expect(await call(url, sign('other'))).toBe(401);
  expect(await call(url, undefined)).toBe(401);
  expect(await call(url, '')).toBe(401);
  expect(await call(url, sign('new'), `${body} `)).toBe(401);
  expect(await call('/v1/webhooks/shopify/nobody', sign('no such endpoint'))).toBe(401);
  expect(await call('/v1/webhooks/woocommerce/shop', sign('new'))).toBe(401);
  // What WooCommerce sends when a webhook is saved.
  expect(await call('/v1/webhooks/woocommerce/shop', undefined, 'webhook_id=12')).toBe(200);
});
