// The official Segment client for Node, unchanged, over a real socket.
import { Analytics } from '@segment/analytics-node';
import { afterEach, expect, test } from 'vitest';
import { sampleServer } from './sample-server.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const { close } of open.splice(0)) await close();
});

async function listening() {
  const server = sampleServer({ parts: { now: Date.now } });
  const host = await server.app.listen({ host: '127.0.0.1', port: 0 });
  open.push({ close: () => server.app.close() });
  return { ...server, host };
}

test('its calls become events, and its batches are accepted', async () => {
  const { host, key, shops } = await listening();
  const analytics = new Analytics({ writeKey: key, host, flushAt: 10, maxRetries: 0 });
  const replies: number[] = [];
  const failures: unknown[] = [];
  analytics.on('http_response', ({ status }) => replies.push(status));
  analytics.on('error', (error) => failures.push(error));
  analytics.track({
    anonymousId: 'v',
    event: 'Product Viewed',
    properties: { product_id: 'mug', price: 9.99 },
  });
  analytics.identify({ userId: 'ann', anonymousId: 'v', traits: { plan: 'gold' } });
  analytics.page({ userId: 'ann', name: 'Home' });
  analytics.alias({ userId: 'ann', previousId: 'w' });
  analytics.track({
    userId: 'ann',
    event: 'Order Completed',
    properties: {
      order_id: 'o-1',
      currency: 'EUR',
      products: [{ product_id: 'mug', price: 9.99, quantity: 2 }],
    },
  });
  await analytics.closeAndFlush();
  expect(failures).toEqual([]);
  expect(replies).toEqual([200]);
  expect(
    shops[0].rows.map(({ type, user_id, anonymous_id, item_id, price_minor }) => [
      type,
      user_id,
      anonymous_id,
      item_id,
      price_minor,
    ]),
  ).toEqual([
    ['view', null, 'v', 'mug', 999],
    ['identify', 'ann', 'v', null, null],
    ['identify', 'ann', 'w', null, null],
    ['purchase', 'ann', null, 'mug', 999],
  ]);
  expect(shops[0].adopted).toEqual([
    ['v', 'ann'],
    ['w', 'ann'],
  ]);
  for (const { timestamp } of shops[0].rows) expect(Math.abs(timestamp - Date.now())).toBeLessThan(60_000);
});

test('it comes again when the disk was full a moment ago, and nothing is twice', async () => {
  const { host, key, shops } = await listening();
  shops[0].breakJournal(true);
  const analytics = new Analytics({ writeKey: key, host, maxRetries: 3 });
  const replies: number[] = [];
  analytics.on('http_response', ({ status }) => {
    replies.push(status);
    shops[0].breakJournal(false);
  });
  analytics.track({ userId: 'ann', event: 'Product Clicked', properties: { product_id: 'mug' } });
  await analytics.closeAndFlush();
  expect(replies).toEqual([503, 200]);
  expect(shops[0].rows).toHaveLength(1);
});
