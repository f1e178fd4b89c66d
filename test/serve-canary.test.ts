// A canary secret never appears in any log, error, metric, page, audit entry or record: sent everywhere, looked for everywhere.
import { createHmac } from 'node:crypto';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { listFiles } from '../src/data/disk.ts';
import { withLake } from '../src/data/lake/open.ts';
import { openWorkspace } from '../src/data/workspace.ts';
import { succeed, testFolder } from './flow/command.ts';
import { madeUpCsv } from './flow/made-up-csv.ts';
import { type Reply, serveShop } from './flow/served-shop.ts';

const { dir, write } = testFolder();
const shop = join(dir, 'shop');
const on = ['--workspace', shop, '--threads', '1', '--lang', 'en'];
const CANARY = 'Zq7canaryXw4';
const MAIL = `${CANARY}@shop.example`;
const HOOK = `hook-${CANARY}`;
const ALERT = `whsec_${Buffer.alloc(32, CANARY).toString('base64')}`;
let now = 0;

beforeAll(async () => {
  const orders = write('orders.csv', madeUpCsv({ customers: 200 }));
  const mapping = write('map.yaml', (await succeed('import', orders, '--propose', ...on)).stdout);
  await succeed('import', orders, '--map', mapping, ...on);
  await succeed('train', 'purchase', '--model', 'logistic', '--horizon', '30d', ...on);
  await succeed('train', 'next-item', '--model', 'item-knn', ...on);
  now = await withLake(openWorkspace(shop), { threads: 1 }, async (_, { lastMs }) => lastMs + 60_000);
  write(
    'shop/keys/webhooks.yaml',
    `incoming:\n  - { id: main, source: shopify, secret: ${HOOK} }\n  - { id: other, source: woocommerce, secret: ${HOOK} }\nalerts:\n  - { url: 'http://127.0.0.1:9/${CANARY}', secret: ${ALERT} }\n`,
  );
  chmodSync(join(shop, 'keys', 'webhooks.yaml'), 0o600);
}, 120_000);

/** Every way in which the canary might be written. */
const spellings = (secret: string): RegExp =>
  new RegExp(
    [secret, Buffer.from(secret).toString('hex'), encodeURIComponent(secret)]
      .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('|'),
    'i',
  );

/** Bodies in which the canary stands where somebody's data stand, some of which nobody can read. */
const bodies: readonly (readonly [string, string])[] = [
  [
    'application/json',
    JSON.stringify({ type: 'view', event_id: CANARY, user_id: CANARY, props: { mail: MAIL } }),
  ],
  ['application/json', JSON.stringify([{ type: CANARY, user_id: CANARY, price: CANARY, timestamp: CANARY }])],
  ['application/json', JSON.stringify({ entities: [{ user_id: CANARY }], top: 3 })],
  ['application/json', JSON.stringify({ entities: [{ user_id: CANARY }], filter: `category = '${CANARY}` })],
  [
    'application/json',
    JSON.stringify({ entities: [{ user_id: CANARY }], events: [{ type: 'view', price: CANARY }] }),
  ],
  [
    'application/json',
    JSON.stringify({
      batch: [{ type: 'track', event: 'Product Viewed', userId: CANARY, properties: { price: CANARY } }],
    }),
  ],
  [
    'application/json',
    JSON.stringify({
      type: 'track',
      event: 'Order Completed',
      userId: CANARY,
      messageId: CANARY,
      properties: { email: MAIL, products: CANARY },
    }),
  ],
  [
    'application/json',
    JSON.stringify({ client_id: CANARY, events: [{ name: 'view_item', params: { items: CANARY } }] }),
  ],
  [
    'application/json',
    JSON.stringify({ query: CANARY, user_id: CANARY, texts: [MAIL], inputs: CANARY, writeKey: CANARY }),
  ],
  ['application/json', `{"user_id":"${CANARY}"`],
  ['application/x-ndjson', `{"type":"view","user_id":"${CANARY}"}\n{${CANARY}\n`],
  ['text/csv', `USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\n${CANARY},${CANARY},${CANARY},view\n`],
  [CANARY, CANARY],
];

test('a canary secret is nowhere but where customers’ data are kept', async () => {
  const own = await serveShop({ dir: shop, now: () => now, level: 'debug' });
  const [, , secret] = own.key.split('_');
  const shown: string[] = [];
  const errors: string[] = [];
  const note = (route: string, { status, text, headers }: Reply): void => {
    const head = [...headers].map((pair) => pair.join(': ')).join('\n');
    if (status >= 400) errors.push(`${route} ${status}\n${head}\n${text}`);
    else shown.push(head);
  };
  const document = (await own.send('GET', '/openapi.json')).body as {
    paths: Record<string, Record<string, unknown>>;
  };
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path] as const),
  );
  expect(routes.length).toBeGreaterThan(20);
  const keys: readonly Record<string, string>[] = [
    {},
    { authorization: `Bearer ${CANARY}` },
    {
      authorization: `Bearer fsk_0123456789abcdef_${CANARY.repeat(4)}`,
      'user-agent': CANARY,
      referer: `https://${CANARY}/`,
    },
    { authorization: `Basic ${Buffer.from(`${CANARY}:`).toString('base64')}`, origin: `https://${CANARY}` },
  ];
  for (const [method, path] of routes) {
    // Last, so that what is asked about is still there.
    if (method === 'DELETE') continue;
    for (const id of ['purchase', CANARY]) {
      const place = path.replaceAll(/\{[^}]+\}/g, path.includes('webhooks') ? 'main' : id);
      for (const headers of keys) {
        if (method === 'GET')
          note(
            path,
            await own.send(
              method,
              `${place}?key=${CANARY}&as=${CANARY}&before=${CANARY}`,
              undefined,
              headers,
            ),
          );
        else
          for (const [type, body] of headers.authorization ? bodies.slice(0, 2) : bodies)
            note(
              path,
              await own.send(method, place, body, {
                'content-type': type,
                'content-encoding': 'identity',
                'x-request-id': CANARY,
                ...headers,
              }),
            );
      }
      if (!path.includes('{')) break;
    }
  }
  const signed = (text: string, by: string) => ({
    'x-shopify-topic': CANARY,
    'x-shopify-hmac-sha256': createHmac('sha256', by).update(text).digest('base64'),
  });
  for (const [, body] of bodies) {
    note('webhook', await own.send('POST', '/v1/webhooks/shopify/main', body, signed(body, HOOK)));
    note('webhook', await own.send('POST', '/v1/webhooks/shopify/main', body, signed(body, CANARY)));
  }
  for (const path of [`/${CANARY}`, `/v1/${CANARY}?x=${CANARY}`, `/v1/users/%${CANARY}`, `/docs/${CANARY}`])
    for (const method of ['GET', 'POST', 'DELETE', 'PUT']) note('nowhere', await own.send(method, path));
  // A bug of ours, whose message holds what it choked on.
  const { predictor } = own.service.shop.ports;
  Object.assign(predictor as object, {
    predict: async () => {
      throw new TypeError(`cannot read properties of "${CANARY}"`, { cause: new Error(MAIL) });
    },
  });
  const bug = await own.send('POST', '/v1/predictions/purchase', { entities: [{ user_id: CANARY }] });
  expect(bug.status).toBe(500);
  note('bug', bug);
  note('erase', await own.send('DELETE', `/v1/users/${CANARY}-nobody`));
  for (const { run } of own.monitor.tasks) await run();
  await own.service.settle();
  const pages = [];
  for (const path of ['/metrics', '/docs', '/openapi.json', '/readyz', '/livez'])
    pages.push((await own.send('GET', path)).text);
  await own.close();

  const found = (text: string, what: RegExp): string | undefined => {
    const at = text.search(what);
    return at < 0 ? undefined : text.slice(Math.max(0, at - 200), at + 60);
  };
  expect(errors.length).toBeGreaterThan(200);
  expect(own.lines.join('')).toMatch(/a bug of ours met a request/);
  for (const one of [CANARY, secret, HOOK, ALERT.slice('whsec_'.length)]) {
    const what = spellings(one);
    expect(errors.map((text) => found(text, what)).filter((hit) => hit !== undefined)).toEqual([]);
    expect(found(own.lines.join(''), what)).toBeUndefined();
    for (const page of [...pages, ...shown]) expect(found(page, what)).toBeUndefined();
    for (const file of listFiles(shop)) {
      if (/^(journal|lake|quarantine|state)\//.test(file) || file === 'keys/webhooks.yaml') continue;
      expect([file, found(readFileSync(join(shop, file), 'latin1'), what)]).toEqual([file, undefined]);
    }
  }
  // The same search finds it where it may be.
  const kept = listFiles(shop).filter((file) => /^(journal|state)\//.test(file));
  expect(kept.some((file) => found(readFileSync(join(shop, file), 'latin1'), spellings(CANARY)))).toBe(true);
}, 120_000);
