// A shop in service sees its models drift and tells of it, takes signed orders, and forgets visitors who never came back.
import { createHmac } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS } from '../src/core/time.ts';
import { nodeJournalDisk } from '../src/data/journal/journal-disk.ts';
import { withLake } from '../src/data/lake/open.ts';
import { openWorkspace } from '../src/data/workspace.ts';
import { isSigned, type SignedHeaders } from '../src/monitor/alerts/webhook.ts';
import { succeed, testFolder } from './flow/command.ts';
import { madeUpCsv } from './flow/made-up-csv.ts';
import { type ServedShop, serveShop } from './flow/served-shop.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');
const on = ['--workspace', shop, '--threads', '1', '--lang', 'en'];
const SECRET = `whsec_${Buffer.alloc(32, 'alert canary').toString('base64')}`;
const SHOPIFY = 'shopify-canary-secret';
let now = 0;
let served: ServedShop | undefined;
let receiver: Server;
const heard: { readonly headers: SignedHeaders; readonly body: string }[] = [];
/** What the receiver answers next; 204 when there is nothing left. */
const answers: number[] = [];

beforeAll(async () => {
  const orders = write('orders.csv', madeUpCsv({ customers: 250 }));
  const mapping = write('map.yaml', (await succeed('import', orders, '--propose', ...on)).stdout);
  await succeed('import', orders, '--map', mapping, ...on);
  await succeed('train', 'purchase', '--model', 'logistic', '--horizon', '30d', ...on);
  now = await withLake(openWorkspace(shop), { threads: 1 }, async (_, { lastMs }) => lastMs + 60_000);
  receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (bytes) => {
      body += bytes;
    });
    request.on('end', () => {
      heard.push({ headers: request.headers as unknown as SignedHeaders, body });
      response.writeHead(answers.shift() ?? 204).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  write(
    'shop/keys/webhooks.yaml',
    `incoming:\n  - { id: main-store, source: shopify, secret: ${SHOPIFY} }\nalerts:\n  - { url: 'http://127.0.0.1:${port}/hook', secret: ${SECRET} }\n`,
  );
  chmodSync(join(shop, 'keys', 'webhooks.yaml'), 0o600);
}, 120_000);
afterEach(async () => {
  await served?.close();
  served = undefined;
});
afterAll(() => void receiver.close());

const serve = async (): Promise<ServedShop> => {
  served = await serveShop({ dir: shop, now: () => now });
  return served;
};
/** One turn of all that the server's monitor does again and again. */
const turn = async ({ monitor }: ServedShop): Promise<void> => {
  for (const { run } of monitor.tasks) await run();
};

test('drift is found, shown, and told to a webhook that is asked again until it has it', async () => {
  write('shop/serve.yaml', 'alerts:\n  - { name: model-old, off: true }\n');
  const own = await serve();
  const users = await withLake(openWorkspace(shop), { threads: 1 }, (engine, { events }) =>
    engine.rows<{ user_id: string }>(`SELECT DISTINCT user_id FROM ${events} ORDER BY user_id`),
  );
  const entities = users.map(({ user_id }) => ({ user_id }));
  const ask = async (hours: number): Promise<void> => {
    for (let hour = 0; hour < hours; hour++) {
      await own.send('POST', '/v1/predictions/purchase', { entities });
      now += HOUR_MS;
    }
    // What was answered is looked at in later turns of the loop.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await turn(own);
    // Alerts look at the figures as the turn before has left them.
    await turn(own);
  };
  const active = () =>
    own.figure('foresell_drift_active{foresell_workspace="shop",foresell_task="purchase"}');
  await ask(1);
  expect(await active()).toBe(0);
  expect(heard).toEqual([]);
  // Nobody has bought for two months: hardly anybody looks as in training.
  now += 60 * DAY_MS;
  answers.push(500);
  await ask(26);
  expect(await active()).toBeGreaterThan(0);
  const { text } = await own.send('GET', '/metrics');
  const psi = [...text.matchAll(/^foresell_drift_psi\{.*foresell_feature="([^"]+)"\} (\S+)$/gm)];
  expect(psi.map(([, feature]) => feature)).toContain('score');
  expect(Math.max(...psi.map(([, , value]) => Number(value)))).toBeGreaterThan(0.25);
  await expect.poll(() => heard.length, { timeout: 5000 }).toBe(2);
  const [first, second] = heard;
  expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
  expect(isSigned(SECRET, second.headers, second.body, now)).toBe(true);
  expect(isSigned(SECRET, second.headers, second.body.replace('drift', 'quiet'), now)).toBe(false);
  expect(JSON.parse(second.body)).toMatchObject({ type: 'alert.firing', data: { alert: 'drift' } });
  await expect
    .poll(() => own.figure('foresell_webhook_deliveries_total{foresell_outcome="delivered"}'))
    .toBe(1);
  const log = own.lines.join('');
  expect(log).toContain('an alert fires');
  expect(log).not.toMatch(/canary|whsec_|127\.0\.0\.1/);
}, 60_000);

test('an order signed with the secret of the file comes in, by another it does not', async () => {
  const own = await serve();
  const order = JSON.stringify({
    id: 9001,
    created_at: new Date(now - 1000).toISOString(),
    currency: 'EUR',
    financial_status: 'paid',
    customer: { id: 77 },
    line_items: [{ id: 1, product_id: 5, quantity: 1, price: '9.00' }],
  });
  const post = (secret: string) =>
    own.send('POST', '/v1/webhooks/shopify/main-store', order, {
      'x-shopify-topic': 'orders/paid',
      'x-shopify-hmac-sha256': createHmac('sha256', secret).update(order).digest('base64'),
    });
  expect((await post('another secret')).status).toBe(401);
  const reply = await post(SHOPIFY);
  expect(reply.status).toBe(200);
  expect(reply.body.results).toHaveLength(1);
  await own.close();
  served = undefined;
  chmodSync(join(shop, 'keys', 'webhooks.yaml'), 0o644);
  const refused = await serveShop({ dir: shop, now: () => now }).catch((error: Error) => error);
  expect((refused as Error).message).toMatch(/chmod 600/);
  expect((refused as Error).message).not.toContain('canary');
  chmodSync(join(shop, 'keys', 'webhooks.yaml'), 0o600);
});

test('visitors who never came back leave the state after as long as the file says', async () => {
  write('shop/serve.yaml', 'visitors: { keep: 7d }\n');
  const own = await serve();
  const view = { type: 'view', anonymous_id: 'passer-by', item_id: 's1' };
  await own.send('POST', '/v1/events', [{ ...view, event_id: `p-${now}` }]);
  await turn(own);
  const visitor = () => own.service.state.find({ anonymous_id: 'passer-by' });
  expect(visitor()?.events.length).toBe(1);
  now += 8 * DAY_MS;
  await turn(own);
  expect(visitor()).toBeUndefined();
  expect(own.service.state.find({ user_id: 'c1' })).toBeDefined();
  rmSync(join(shop, 'serve.yaml'));
});

test('a sync that fails makes the server unready for a while, and loses nothing that was acknowledged', async () => {
  const disk = nodeJournalDisk(join(shop, 'journal'));
  let isBroken = false;
  const broken = async (): Promise<void> => {
    if (isBroken) throw Object.assign(new Error('simulated'), { code: 'EIO' });
  };
  served = await serveShop({
    ...{ dir: shop, now: () => now },
    journalDisk: {
      ...disk,
      async create(name) {
        await broken();
        const file = await disk.create(name);
        return { ...file, datasync: () => broken().then(file.datasync) };
      },
    },
  });
  const { send, service } = served;
  const event = (id: string) => ({
    type: 'view',
    event_id: id,
    user_id: 'faulty',
    item_id: 's1',
    timestamp: now,
  });
  const known = () => service.state.find({ user_id: 'faulty' })?.events.length ?? 0;
  expect((await send('POST', '/v1/events', [event('before')])).status).toBe(200);
  isBroken = true;
  const refused = await send('POST', '/v1/events', [event('during')]);
  expect([refused.status, refused.body.code]).toEqual([503, 'not_ready']);
  expect((await send('GET', '/readyz')).status).toBe(503);
  expect(known()).toBe(1);
  isBroken = false;
  await expect.poll(async () => (await send('GET', '/readyz')).status, { timeout: 15_000 }).toBe(200);
  // Sent again it is kept once, whether the disk had it or not.
  const again = await send('POST', '/v1/events', [event('before'), event('during'), event('after')]);
  expect(again.body.rejected).toBe(0);
  expect(again.body.results[0].status).toBe('duplicate');
  expect(known()).toBe(3);
  expect(served.lines.join('')).toMatch(/the disk refused the journal.*the journal is open again/s);
});
