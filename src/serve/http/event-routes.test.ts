// Our own events over HTTP: what is kept, what is refused and where, and what a failing disk means.
import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { SAMPLE_NOW_MS, sampleServer } from './sample-server.ts';

const view = {
  type: 'view',
  event_id: 'e-1',
  user_id: 'ann',
  item_id: 'mug',
  price: 9.99,
  timestamp: '2026-01-15T11:59:00Z',
};

/** For tests that leave nothing behind: making a server costs more than asking it. */
const shared = sampleServer();

test('an array is accepted event by event, and twice the same is once', async () => {
  const { send, shops } = sampleServer();
  const first = await send('/v1/events', [view, { ...view, event_id: 'e-2' }]);
  expect(first.statusCode).toBe(200);
  expect(first.json()).toEqual({
    accepted: 2,
    duplicates: 0,
    rejected: 0,
    ignored: 0,
    results: [
      { status: 'accepted', event_id: 'e-1' },
      { status: 'accepted', event_id: 'e-2' },
    ],
  });
  expect((await send('/v1/events', [view])).json()).toMatchObject({ accepted: 0, duplicates: 1 });
  expect(shops[0].rows).toHaveLength(2);
  expect(shops[0].rows[0]).toMatchObject({
    user_id: 'ann',
    price_minor: 999,
    currency: 'EUR',
    quantity: 1,
    timestamp: SAMPLE_NOW_MS - 60_000,
  });
  expect(shops[0].applied).toEqual(shops[0].rows);
});

test('lines, gzip and a single event are the same events', async () => {
  const { send, shops } = sampleServer();
  const lines = `${JSON.stringify(view)}\n\n{"type":"view"\n${JSON.stringify({ ...view, event_id: 'e-2' })}`;
  const reply = await send('/v1/events', gzipSync(lines), {
    'content-type': 'application/x-ndjson',
    'content-encoding': 'gzip',
  });
  expect(reply.json()).toMatchObject({
    accepted: 2,
    rejected: 1,
    results: [{}, { status: 'rejected', reason: 'bad_json', pointer: '/1' }, {}],
  });
  expect((await send('/v1/events', { ...view, event_id: 'e-3' })).json()).toMatchObject({ accepted: 1 });
  expect(shops[0].rows.map((row) => row.event_id)).toEqual(['e-1', 'e-2', 'e-3']);
});

test.each<[string, object | number, string, string]>([
  ['no object', 5, '/1', 'not_an_object'],
  ['no type', { user_id: 'ann' }, '/1/type', 'missing_type'],
  ['another type', { type: 'viewed' }, '/1/type', 'unknown_type'],
  ['a field nobody knows', { type: 'view', userId: 'ann' }, '/1/userId', 'unknown_field'],
  ['a number for a name', { type: 'view', user_id: 5 }, '/1/user_id', 'wrong_type'],
  ['a time without zone', { type: 'view', timestamp: '2026-01-15 12:00' }, '/1/timestamp', 'bad_time'],
  ['a 30th of February', { type: 'view', timestamp: '2025-02-30T12:00:00Z' }, '/1/timestamp', 'bad_time'],
  ['a time before 1990', { type: 'view', timestamp: 86_400_000 }, '/1/timestamp', 'before_1990'],
  [
    'a time next week',
    { type: 'view', timestamp: SAMPLE_NOW_MS + 7 * 86_400_000 },
    '/1/timestamp',
    'future_date',
  ],
  ['a negative price', { type: 'purchase', price: -1 }, '/1/price', 'negative_price'],
  ['negative pieces', { type: 'purchase', quantity: -1 }, '/1/quantity', 'negative_quantity'],
  ['two prices', { type: 'purchase', price: 1, price_minor: 100 }, '/1/price', 'bad_value'],
  ['another currency', { type: 'purchase', price: 1, currency: 'USD' }, '/1/currency', 'wrong_currency'],
  ['a long id', { type: 'view', user_id: 'é'.repeat(300) }, '/1/user_id', 'text_too_long'],
  ['refusal', { type: 'view', consent: { analytics: false } }, '/1/consent', 'no_consent'],
])('%s is rejected at its place, the others are kept', async (_name, bad, pointer, reason) => {
  const reply = await shared.send('/v1/events', [{ ...view, event_id: randomUUID() }, bad]);
  expect(reply.statusCode).toBe(200);
  expect(reply.json()).toMatchObject({ accepted: 1, rejected: 1 });
  expect(reply.json().results[1]).toEqual({ status: 'rejected', pointer, reason });
});

test('when every event is rejected the answer is a problem', async () => {
  const { send } = sampleServer();
  const reply = await send('/v1/events', [{ type: 'x' }]);
  expect(reply.statusCode).toBe(422);
  expect(reply.headers['content-type']).toMatch('application/problem+json');
  expect(reply.json()).toMatchObject({
    type: 'urn:foresell:problem:rejected',
    status: 422,
    errors: [{ pointer: '/0/type', reason: 'unknown_type' }],
  });
});

test('nothing is acknowledged, applied or linked while the disk fails', async () => {
  const { send, shops } = sampleServer();
  const both = { ...view, anonymous_id: 'cookie' };
  shops[0].breakJournal(true);
  const refused = await send('/v1/events', [both]);
  expect(refused.statusCode).toBe(503);
  expect(refused.headers['retry-after']).toBe('1');
  expect([shops[0].applied, shops[0].adopted]).toEqual([[], []]);
  shops[0].breakJournal(false);
  expect((await send('/v1/events', [both])).json()).toMatchObject({ accepted: 1 });
  expect(shops[0].adopted).toEqual([['cookie', 'ann']]);
});

test('without a valid key nothing is read', async () => {
  const { app, send, key, shops } = sampleServer();
  for (const authorization of [
    undefined,
    'Bearer x',
    `Bearer ${key.slice(0, -1)}${key.endsWith('A') ? 'Q' : 'A'}`,
    'Digest a',
  ]) {
    const reply = await send('/v1/events', [view], { authorization });
    expect(reply.statusCode).toBe(401);
    expect(reply.headers['content-type']).toMatch('application/problem+json');
  }
  expect(shops[0].rows).toEqual([]);
  for (const url of [`/v1/events?key=${key}`, `/v1/events?writeKey=${key}`]) {
    const reply = await app.inject({ method: 'POST', url, payload: JSON.stringify([view]) });
    expect(reply.statusCode).toBe(200);
  }
});
