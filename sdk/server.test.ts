// The tracker and the client against our own server, over a real socket.
import { afterEach, describe, expect, it } from 'vitest';
import { sampleServer } from '../src/serve/http/sample-server.ts';
import { createClient } from './client.ts';
import { createNodeTracker } from './node.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const { close } of open.splice(0)) await close();
});

async function listening() {
  const server = sampleServer({ parts: { now: Date.now } });
  const url = await server.app.listen({ host: '127.0.0.1', port: 0 });
  open.push({ close: () => server.app.close() });
  return { ...server, url };
}

describe('against the server', () => {
  it('events of the tracker arrive whole, once, under the right person', async () => {
    const { url, keys, shops } = await listening();
    const tracker = createNodeTracker({ url, key: keys['shop/browser'] });
    tracker.track('view', { item_id: 'mug' });
    tracker.identify('ann', { plan: 'gold' });
    tracker.track('purchase', { item_id: 'mug', price: 9.99, currency: 'EUR', order_id: 'o-1', quantity: 2 });
    await tracker.close();
    expect(tracker.waiting).toBe(0);
    expect(
      shops[0].rows.map(({ type, user_id, item_id, price_minor }) => [type, user_id, item_id, price_minor]),
    ).toEqual([
      ['view', null, 'mug', null],
      ['identify', 'ann', null, null],
      ['purchase', 'ann', 'mug', 999],
    ]);
    expect(shops[0].adopted).toEqual([[shops[0].rows[0].anonymous_id, 'ann']]);
  });

  it('while the disk is broken events wait, and arrive when it is mended', async () => {
    const { url, key, shops } = await listening();
    const soon: (() => void)[] = [];
    const tracker = createNodeTracker(
      { url, key },
      {
        later(work) {
          soon.push(work);
          return () => void soon.splice(soon.indexOf(work), 1);
        },
      },
    );
    shops[0].breakJournal(true);
    tracker.track('view', { item_id: 'mug' });
    await tracker.flush();
    expect(tracker.waiting).toBe(1);
    shops[0].breakJournal(false);
    for (const work of soon.splice(0)) work();
    await tracker.flush();
    expect(tracker.waiting).toBe(0);
    expect(shops[0].rows).toHaveLength(1);
  });

  it('an event without consent to be recognised is kept without ids', async () => {
    const { url, key, shops } = await listening();
    const tracker = createNodeTracker({ url, key, consent: 'ask' });
    tracker.consent({ analytics: true, personalization: false });
    tracker.track('view', { item_id: 'mug' });
    await tracker.close();
    expect(shops[0].rows[0]).toMatchObject({ item_id: 'mug', user_id: null, anonymous_id: null });
  });

  it('the client sends, and says what was wrong', async () => {
    const { url, key } = await listening();
    const client = createClient({ url, key });
    const fates = await client.sendEvents([
      { type: 'view', event_id: 'e-1', user_id: 'ann', item_id: 'mug' },
      { type: 'view', event_id: 'e-1', user_id: 'ann', item_id: 'mug' },
    ]);
    expect(fates).toMatchObject({ accepted: 1, duplicates: 1, rejected: 0 });
    await expect(createClient({ url, key: 'wrong' }).sendEvents([])).rejects.toMatchObject({
      name: 'ApiProblem',
      status: 401,
      type: 'urn:foresell:problem:unauthorized',
    });
    await expect(client.call('GET', '/nowhere')).rejects.toMatchObject({ status: 404 });
  });
});
