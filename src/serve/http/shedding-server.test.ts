// A refusal in front of the framework is a whole answer: the connection goes on after it, whatever came with the request.
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createPressure, DEFAULT_PRESSURE } from './pressure.ts';
import type { Route } from './route.ts';
import { sampleServer } from './sample-server.ts';
import { sheddingServer } from './shedding-server.ts';

let isOpen = false;
const server = sheddingServer((_request, response) => response.end('answered'), {
  pressure: { ...createPressure(DEFAULT_PRESSURE), arrive: () => isOpen },
  lane: () => false,
  keepAliveTimeout: 65_000,
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => server.close());

/** What comes back on one connection for pieces sent one after the other, until it is `done`. */
const exchange = (pieces: readonly string[], done: (text: string) => boolean) =>
  new Promise<string>((resolve, reject) => {
    let text = '';
    const socket = connect({ port: (server.address() as AddressInfo).port, noDelay: true });
    const finish = () => {
      socket.destroy();
      resolve(text);
    };
    socket.on('error', reject).on('end', finish);
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      if (done(text)) finish();
    });
    const send = ([piece, ...others]: typeof pieces): void => {
      if (piece !== undefined) socket.write(piece, () => setImmediate(send, others));
    };
    socket.on('connect', () => send(pieces));
  });

const BODY = 'x'.repeat(100_000);
const post = (body: string) =>
  `POST /v1/events HTTP/1.1\r\nhost: shop\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);

test('after a refusal the same connection is answered, its body read to the end or not yet', async () => {
  isOpen = false;
  const whole = post(BODY);
  const text = await exchange(
    [whole.slice(0, 50_000), whole.slice(50_000), post('y'), post('z') + post('z')],
    (all) => statuses(all).length === 4,
  );
  expect(statuses(text)).toEqual(['503', '503', '503', '503']);
  isOpen = true;
  const answered = await exchange([whole + post('y')], (all) => statuses(all).length === 2);
  expect(statuses(answered)).toEqual(['200', '200']);
});

test('a refusal says the same however the connection is to go on', async () => {
  isOpen = false;
  const usual = await exchange([post('y')], (all) => all.endsWith('}'));
  const last = await exchange(
    ['POST /v1/events HTTP/1.1\r\nhost: shop\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'],
    () => false,
  );
  const [head, body] = usual.split('\r\n\r\n');
  expect(body).toBe(last.split('\r\n\r\n')[1]);
  expect(JSON.parse(body)).toMatchObject({ status: 503, code: 'overloaded' });
  const linesOf = (text: string) =>
    text
      .split('\r\n')
      .map((line) => line.toLowerCase())
      .filter((line) => !/^(date|connection|keep-alive):/.test(line));
  expect(linesOf(head)).toEqual(linesOf(last.split('\r\n\r\n')[0]));
  expect(head.toLowerCase()).toMatch(/retry-after: 1\r\n/);
  expect(head.toLowerCase()).toMatch(/connection: keep-alive\r\nkeep-alive: timeout=65/);
  const noBody = await exchange(['HEAD / HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n'], () => false);
  expect(noBody.split('\r\n\r\n')[1]).toBe('');
});

test('health is answered while all else is refused', async () => {
  isOpen = false;
  for (const path of ['/livez', '/readyz', '/metrics', '/v2/health/live', '/v2/health/ready'])
    expect(
      await exchange([`GET ${path} HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n`], () => false),
    ).toContain('answered');
});

test('questions that all wait too long are refused before their bodies, and events are not', async () => {
  const now = vi.spyOn(performance, 'now');
  try {
    let ms = 0;
    now.mockImplementation(() => ms);
    let answer = () => {};
    let asked = 0;
    let allAsked = () => {};
    const underWay = new Promise<void>((resolve) => {
      allAsked = resolve;
    });
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const ask: Route = {
      ...{ method: 'POST', path: '/ask', tag: 'Predictions', summary: 'Ask', replies: {} },
      ...{ access: { kind: 'key', scope: 'predictions:read' }, body: { 'application/json': { schema: {} } } },
      handle() {
        if (++asked === 20) allAsked();
        return held.then(() => '{}');
      },
    };
    const { send, app } = sampleServer({ parts: { routes: [ask] } });
    const waiting = Array.from({ length: 20 }, () => send('/ask', {}));
    await underWay;
    ms = 600;
    const refused = await send('/ask', {});
    expect(refused.statusCode).toBe(503);
    expect(refused.headers['retry-after']).toBe('1');
    expect(refused.body).toContain('overloaded');
    expect((await send('/v1/events', { type: 'view', user_id: 'ann', item_id: 'mug' })).statusCode).toBe(200);
    answer();
    for (const { statusCode } of await Promise.all(waiting)) expect(statusCode).toBe(200);
    ms = 1200;
    await send('/ask', {});
    ms = 1800;
    expect((await send('/ask', {})).statusCode).toBe(200);
    await app.close();
  } finally {
    now.mockRestore();
  }
});
