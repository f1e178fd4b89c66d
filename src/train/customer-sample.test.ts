import { afterAll, expect, test } from 'vitest';
import { tableSource } from '../../test/features/sources.ts';
import { DAY_MS, UTC } from '../core/time.ts';
import { openEngine } from '../data/engine.ts';
import type { EventRow } from '../data/event.ts';
import { readExamples } from '../data/read-examples.ts';
import { itemPurchase } from '../tasks/item-purchase.ts';
import { purchase } from '../tasks/purchase.ts';
import { sampleCustomers } from './customer-sample.ts';

const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());

const NOW = Date.UTC(2024, 0, 20);
const events: EventRow[] = Array.from({ length: 600 }, (_, i) => ({
  event_id: `e${i}`,
  type: 'view',
  timestamp: NOW - (i % 5) * DAY_MS,
  user_id: `u${i % 200}`,
  item_id: `i${Math.floor(i / 200)}`,
}));

const ofItem = (featureName: string) => ({
  name: featureName,
  label: { en: 'Visitors', zh: '访客' },
  unit: 'count' as const,
  group: 'product' as const,
  of: 'item' as const,
  rule: { kind: 'distinct' as const, field: 'item_id', filter: {} },
});

test('few enough are all asked', async () => {
  const source = await tableSource(engine, events, { zone: UTC });
  expect(await sampleCustomers(engine, source, { task: purchase, moments: 3, seed: 1, most: 600 })).toEqual({
    source,
    oneIn: 1,
  });
});

test('of a large shop a share of the customers is asked about their items, which keep everybody’s popularity', async () => {
  const source = await tableSource(engine, events, { zone: UTC });
  const sample = await sampleCustomers(engine, source, {
    task: itemPurchase,
    moments: 2,
    seed: 1,
    most: 300,
  });
  expect(sample.oneIn).toBe(4);
  expect(sample.source).toBe(source);
  const read = (drawn?: string) =>
    readExamples(engine, sample.source, {
      entity: 'user_item',
      view: { name: 'items', version: 1, features: [ofItem('visitors')] },
      population: itemPurchase.population,
      asOfs: [NOW],
      drawn,
    });
  const [all, some] = [await read(), await read(sample.drawn)];
  expect(all.entities.length).toBe(600);
  expect(some.entities.length).toBeGreaterThan(75);
  expect(some.entities.length).toBeLessThan(225);
  const [column] = some.frame.columns;
  expect(column.kind === 'number' && [...new Set(column.values)]).toEqual([200]);
});
