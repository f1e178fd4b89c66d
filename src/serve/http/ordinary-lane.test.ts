// The short way answers as the long one does: the same requests, with and without a query, which only the long way takes.
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKeyring, makeKey, type Scope } from './api-key.ts';
import { type SampleServer, sampleServer } from './sample-server.ts';

const view = { type: 'view', event_id: 'e-1', user_id: 'ann', item_id: 'mug', price: 9.99 };
const json = { 'content-type': 'application/json' };
const lines = { 'content-type': 'application/x-ndjson' };

interface Asked {
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly key?: string | null;
  readonly method?: string;
  /** Without a length. */
  readonly isChunked?: boolean;
  /** The port of another server. */
  readonly on?: number;
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const LIMITS = { bodyBytes: 50_000, unpackedBytes: 100_000, events: 20 };
const counted: [string, number][] = [];
let server: SampleServer;
let port = 0;

beforeAll(async () => {
  server = sampleServer({
    parts: {
      limits: LIMITS,
      observer: {
        answered: (route, status) => void counted.push([route, status]),
        ingested: () => {},
        failed: () => {},
      },
    },
  });
  await server.app.listen({ port: 0, host: '127.0.0.1' });
  port = (server.app.server.address() as AddressInfo).port;
});
afterAll(() => server.app.close());

const ask = (path: string, { body, headers = json, key, method = 'POST', isChunked, on = port }: Asked) =>
  new Promise<Answered>((resolve, reject) => {
    const shown = key === undefined ? server.key : key;
    const sent = httpRequest(
      {
        ...{ port: on, path, method, agent: false },
        headers: {
          ...(shown !== null && { authorization: `Bearer ${shown}` }),
          ...headers,
          ...(!isChunked && body !== undefined && { 'content-length': Buffer.byteLength(body) }),
        },
      },
      (reply) => {
        let text = '';
        reply.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: text }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });

const table: [string, () => Asked, number][] = [
  ['one event', () => ({ body: JSON.stringify(view) }), 200],
  ['an array', () => ({ body: JSON.stringify([view, { ...view, event_id: 'e-2' }]) }), 200],
  ['lines', () => ({ body: `${JSON.stringify(view)}\n\n{"type"\n`, headers: lines }), 200],
  [
    'gzip',
    () => ({ body: gzipSync(JSON.stringify(view)), headers: { ...json, 'content-encoding': 'gzip' } }),
    200,
  ],
  [
    'csv',
    () => ({
      body: 'USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\nann,mug,1768478400,view\n',
      headers: { 'content-type': 'text/csv' },
    }),
    200,
  ],
  [
    'a key in X-Api-Key',
    () => ({ body: JSON.stringify(view), key: null, headers: { ...json, 'x-api-key': server.key } }),
    200,
  ],
  [
    'a type with a charset',
    () => ({ body: JSON.stringify(view), headers: { 'content-type': 'application/json; charset=utf-8' } }),
    200,
  ],
  ['no length', () => ({ body: JSON.stringify(view), isChunked: true }), 200],
  ['a body in many pieces', () => ({ body: JSON.stringify([{ ...view, text: 'x'.repeat(40_000) }]) }), 200],
  ['no events', () => ({ body: '[]' }), 200],
  ['no body', () => ({ body: '' }), 400],
  ['no JSON', () => ({ body: '{"type":' }), 400],
  ['no UTF-8', () => ({ body: Buffer.from([0x22, 0xff, 0x22]) }), 400],
  ['no gzip', () => ({ body: 'plain', headers: { ...json, 'content-encoding': 'gzip' } }), 400],
  ['another encoding', () => ({ body: 'plain', headers: { ...json, 'content-encoding': 'br' } }), 415],
  ['every event wrong', () => ({ body: '[{"type":"viewed"}]' }), 422],
  [
    'a constructor for a type',
    () => ({ body: JSON.stringify(view), headers: { 'content-type': 'constructor' } }),
    415,
  ],
  ['too many events', () => ({ body: JSON.stringify(Array(21).fill(view)) }), 413],
  ['too large', () => ({ body: `[${' '.repeat(50_000)}]` }), 413],
  [
    'a bomb',
    () => ({ body: gzipSync(Buffer.alloc(200_000, 32)), headers: { ...json, 'content-encoding': 'gzip' } }),
    413,
  ],
  ['no key', () => ({ body: JSON.stringify(view), key: null }), 401],
  [
    'a wrong key',
    () => ({
      body: JSON.stringify(view),
      key: `${server.key.slice(0, -1)}${server.key.endsWith('A') ? 'B' : 'A'}`,
    }),
    401,
  ],
  ['a browser’s key', () => ({ body: JSON.stringify(view), key: server.keys['shop/browser'] }), 200],
  [
    'a page',
    () => ({ body: JSON.stringify(view), headers: { ...json, origin: 'https://shop.example' } }),
    200,
  ],
  ['another method', () => ({ method: 'PUT', body: JSON.stringify(view) }), 405],
];

const told = ({ headers, ...answer }: Answered) => {
  const { date, ...rest } = headers;
  return { ...answer, headers: rest };
};

test.each(table)('%s is answered alike on both ways', async (_, asked, status) => {
  counted.length = 0;
  // The same event twice: the second is a duplicate on both.
  await ask('/v1/events', asked());
  const short = await ask('/v1/events', asked());
  const long = await ask('/v1/events?', asked());
  expect(short.status).toBe(status);
  expect(told(short)).toEqual(told(long));
  await expect.poll(() => counted.length).toBe(3);
  expect(new Set(counted.map(String)).size).toBe(1);
});

test('a key that may not send events is refused, one that calls too often waits', async () => {
  const own = (scopes: readonly Scope[]) => makeKey({ kind: 'server', scopes, label: 'own', createdMs: 0 });
  const [reader, writer] = [own(['users:read']), own(['events:write'])];
  const { app } = sampleServer({
    parts: {
      keyring: createKeyring(new Map([['shop', [reader.record, writer.record]]])),
      rates: { server: { perSecond: 0.001, burst: 2 } },
    },
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const other = (app.server.address() as AddressInfo).port;
  const asked = { body: JSON.stringify(view), on: other };
  for (const path of ['/v1/events', '/v1/events?'])
    expect((await ask(path, { ...asked, key: reader.text })).status).toBe(403);
  const replies = [];
  for (let nth = 0; nth < 4; nth++) replies.push(await ask('/v1/events', { ...asked, key: writer.text }));
  await app.close();
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 429, 429]);
  expect(Number(replies[3].headers['retry-after'])).toBeGreaterThan(1);
});

test('a disk that refuses is told as a problem, and nothing is counted as kept', async () => {
  server.shops[0].breakJournal(true);
  const asked = { body: JSON.stringify({ ...view, event_id: 'never kept' }) };
  const [short, long] = [await ask('/v1/events', asked), await ask('/v1/events?', asked)];
  server.shops[0].breakJournal(false);
  expect(short.status).toBe(503);
  expect(told(short)).toEqual(told(long));
  expect(server.shops[0].rows.some(({ event_id }) => event_id === 'never kept')).toBe(false);
});
