// The generator keeps its rate whatever the server does, and waits count from when a request was to go out.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { openLoop } from './open-loop.ts';
import { httpRequest, numbered, PERSON, UNIQUE } from './requests.ts';

let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

async function listening(answer: (body: string, nth: number) => number | Promise<number>): Promise<number> {
  let nth = 0;
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', async () => {
      response.writeHead(await answer(body, nth++), { 'content-length': 2 });
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

test('each request has numbers of its own and gets its own answer', async () => {
  const bodies: string[] = [];
  const port = await listening((body, nth) => {
    bodies.push(body);
    return nth % 4 === 3 ? 503 : 200;
  });
  const template = httpRequest('/x', `${UNIQUE} ${PERSON} ${UNIQUE}`, {});
  const figures = await openLoop({
    ...{ host: '127.0.0.1', port, rate: 400, seconds: 0.5, connections: 8 },
    request: numbered(template, { from: 1000, people: 7 }),
  });
  expect(figures.sent).toBe(200);
  expect(figures.statuses).toEqual({ 200: 150, 503: 50 });
  expect([figures.good.count, figures.refused.count, figures.unanswered]).toEqual([150, 50, 0]);
  expect(new Set(bodies.flatMap((body) => [body.slice(0, 12), body.slice(-12)])).size).toBe(400);
  for (const body of bodies) expect(Number(body.slice(13, 19))).toBeLessThan(7);
});

test('a server that stands still makes all that should have gone out meanwhile late', async () => {
  const port = await listening(async (_, nth) => {
    if (nth === 20) await pause(300);
    return 200;
  });
  const figures = await openLoop({
    ...{ host: '127.0.0.1', port, rate: 200, seconds: 1, connections: 1 },
    request: () => httpRequest('/x', '', {}),
  });
  expect(figures.good.count).toBe(200);
  // Sixty requests were to go out in those 300 ms; a generator that waits with the server would see one slow answer.
  expect(figures.good.maxMs).toBeGreaterThan(290);
  expect(figures.good.p90Ms).toBeGreaterThan(60);
});
