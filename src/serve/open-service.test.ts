// What a service knew before it ended it knows after it starts again, wherever it had been written down.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sampleShop } from '../data/import/sample-shop.ts';
import { readNative } from './ingest/native.ts';
import { openService, type ShopService } from './open-service.ts';

const NOW_MS = Date.UTC(2026, 0, 5, 12);

function admit(service: ShopService, ...events: readonly Record<string, unknown>[]) {
  const { door, reading } = service.shop;
  const context = { ...reading, receivedMs: NOW_MS };
  const read = events.map((event, place) => readNative(event, `/${place}`, context));
  return door.admit(read, 'native');
}

test('links of visitors and refusals that are in the lake by now hold after a start from the snapshot', async () => {
  const made = sampleShop({ currency: 'EUR' });
  onTestFinished(made.remove);
  let ids = 0;
  const options = { name: 'shop', threads: 1, now: () => NOW_MS, newId: () => `id-${ids++}` };
  const first = await openService(made.workspace, options);
  const timestamp = NOW_MS - 60_000;
  await admit(
    first,
    { event_id: '1', type: 'view', anonymous_id: 'ck-1', item_id: 'mug', timestamp },
    { event_id: '2', type: 'identify', anonymous_id: 'ck-1', user_id: 'ann', timestamp },
    { event_id: '3', type: 'identify', user_id: 'bob', consent: { analytics: false }, timestamp },
  );
  // Into the lake, and out of the journal: nothing of it is read from there again.
  await first.settle();
  expect(first.journal.journal.start).toBe(first.journal.journal.end);
  await first.close();

  const second = await openService(made.workspace, options);
  expect(second.started.from).toBe('snapshot');
  const [view, refused] = await admit(
    second,
    { event_id: '4', type: 'view', anonymous_id: 'ck-1', item_id: 'bowl', timestamp },
    { event_id: '5', type: 'view', user_id: 'bob', item_id: 'bowl', timestamp },
  );
  expect(view).toMatchObject({ status: 'accepted' });
  expect(refused).toMatchObject({ status: 'rejected', reason: 'no_consent' });
  await second.close();
  const rows = await made.rows('events', 'event_id, user_id, anonymous_id');
  expect(rows.find(({ event_id }) => event_id === '4')).toMatchObject({
    user_id: 'ann',
    anonymous_id: 'ck-1',
  });
  expect(rows.map(({ event_id }) => event_id)).toEqual(['1', '2', '3', '4']);
});

test('on a shared device the first user has what was done before, and the last one what comes, also after a start from the lake', async () => {
  const made = sampleShop({ currency: 'EUR' });
  onTestFinished(made.remove);
  let ids = 0;
  const options = { name: 'shop', threads: 1, now: () => NOW_MS, newId: () => `id-${ids++}` };
  const first = await openService(made.workspace, options);
  const at = (minute: number) => NOW_MS - 3_600_000 + minute * 60_000;
  await admit(
    first,
    { event_id: '1', type: 'view', anonymous_id: 'ck', item_id: 'mug', timestamp: at(0) },
    { event_id: '2', type: 'identify', anonymous_id: 'ck', user_id: 'zoe', timestamp: at(1) },
    { event_id: '3', type: 'identify', anonymous_id: 'ck', user_id: 'ann', timestamp: at(2) },
  );
  const known = (service: ShopService) =>
    ['zoe', 'ann'].map((user_id) => service.state.find({ user_id })?.events.length);
  expect(known(first)).toEqual([2, 1]);
  await first.close();

  rmSync(join(made.workspace.dir, 'state'), { recursive: true });
  const second = await openService(made.workspace, options);
  expect(second.started.from).toBe('lake');
  expect(known(second)).toEqual([2, 1]);
  await admit(second, { event_id: '4', type: 'view', anonymous_id: 'ck', item_id: 'bowl', timestamp: at(3) });
  expect(known(second)).toEqual([2, 2]);
  await second.close();
});
