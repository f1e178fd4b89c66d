// Each ready mapping, on a small written sample of the export it is for.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { loadMapping, readyMappingNames } from './mapping.ts';
import { type SampleShop, sampleShop } from './sample-shop.ts';

const shops: SampleShop[] = [];
const shop = (...args: Parameters<typeof sampleShop>): SampleShop => {
  const made = sampleShop(...args);
  shops.push(made);
  return made;
};
afterEach(() => {
  for (const made of shops.splice(0)) made.remove();
});

test('every ready mapping loads, by its name or a beginning of it', () => {
  for (const name of readyMappingNames()) expect(loadMapping(name).name).toBe(name);
  expect(loadMapping('shopify').name).toBe('shopify-orders');
  expect(() => loadMapping('magento')).toThrow(/ready mappings \(.*shopify-orders/);
});

const utc = (text: string) => Date.parse(text);

test('shopify: blank cells of an order are filled, unpaid orders left out, a refunded amount is a refund', async () => {
  const { write, import: load, rows } = shop({ zone: 'America/New_York' });
  const header =
    'Name,Email,Financial Status,Paid at,Currency,Subtotal,Refunded Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Country,Cancelled at,Vendor';
  const csv = [
    header,
    '#1002,Ann@Shop.example,paid,2024-05-01 10:31:00 -0400,USD,35.00,0.00,2024-05-01 10:30:00 -0400,2,Mug - Blue,10.00,MUG-B,US,,Acme',
    '#1002,Ann@Shop.example,,,,,,2024-05-01 10:30:00 -0400,1,"Plate, large",15.00,,,,Acme',
    '#1001,,refunded,2024-04-01 09:00:00 -0400,USD,8.00,5.50,2024-04-01 09:00:00 -0400,1,Pen,8.00,PEN,GB,2024-04-03 12:00:00 -0400,Acme',
    '#1000,bob@shop.example,voided,,USD,8.00,0.00,2024-03-01 09:00:00 -0500,1,Pen,8.00,PEN,US,,Acme',
  ].join('\n');
  expect(await load(write('orders_export.csv', `${csv}\n`), 'shopify')).toMatchObject({
    accepted: 4,
    skipped: 1,
    anonymous: 2,
    quarantined: {},
    currency: 'USD',
  });
  expect(
    await rows('events', 'timestamp, type, user_id, order_id, item_id, quantity, price_minor, country'),
  ).toEqual([
    {
      timestamp: utc('2024-04-01T13:00:00Z'),
      type: 'purchase',
      user_id: null,
      order_id: '#1001',
      item_id: 'PEN',
      quantity: 1,
      price_minor: 800,
      country: 'GB',
    },
    {
      timestamp: utc('2024-04-03T16:00:00Z'),
      type: 'refund',
      user_id: null,
      order_id: '#1001',
      item_id: null,
      quantity: 1,
      price_minor: 550,
      country: 'GB',
    },
    {
      timestamp: utc('2024-05-01T14:30:00Z'),
      type: 'purchase',
      user_id: 'ann@shop.example',
      order_id: '#1002',
      item_id: 'MUG-B',
      quantity: 2,
      price_minor: 1000,
      country: 'US',
    },
    {
      timestamp: utc('2024-05-01T14:30:00Z'),
      type: 'purchase',
      user_id: 'ann@shop.example',
      order_id: '#1002',
      item_id: 'Plate, large',
      quantity: 1,
      price_minor: 1500,
      country: 'US',
    },
  ]);
});

test('woocommerce: guests go by e-mail, local times by the shop’s zone, failed orders are left out', async () => {
  const { write, import: load, rows } = shop({ zone: 'Europe/Berlin' });
  const csv = [
    'Order Number,Order Status,Order Date,Customer User ID,Email (Billing),Currency,Country Code (Billing),Item #,Item Name,SKU,Quantity,Item Cost',
    '11,Completed,2024-07-01 12:00,5,ann@shop.example,EUR,DE,1,Mug,MUG,2,9.90',
    '11,,,,,,,2,Pen,,1,1.10',
    '12,Refunded,2024-07-02 12:00,0,Guest@shop.example,EUR,AT,1,Mug,MUG,1,9.90',
    '13,Failed,2024-07-03 12:00,5,ann@shop.example,EUR,DE,1,Mug,MUG,1,9.90',
  ].join('\n');
  expect(await load(write('orders.csv', `${csv}\n`), 'woocommerce')).toMatchObject({
    accepted: 3,
    skipped: 1,
    quarantined: {},
  });
  expect(await rows('events', 'timestamp, item_id, type, user_id, quantity, price_minor')).toEqual([
    {
      timestamp: utc('2024-07-01T10:00:00Z'),
      item_id: 'MUG',
      type: 'purchase',
      user_id: '5',
      quantity: 2,
      price_minor: 990,
    },
    {
      timestamp: utc('2024-07-01T10:00:00Z'),
      item_id: 'Pen',
      type: 'purchase',
      user_id: '5',
      quantity: 1,
      price_minor: 110,
    },
    {
      timestamp: utc('2024-07-02T10:00:00Z'),
      item_id: 'MUG',
      type: 'refund',
      user_id: 'guest@shop.example',
      quantity: 1,
      price_minor: 990,
    },
  ]);
});

test('ga4: each item is a row, parameters are looked up, and twice the same export is once', async () => {
  const { write, import: load, rows } = shop();
  const base = {
    user_pseudo_id: 'cookie.1',
    device: { category: 'mobile' },
    geo: { country: 'France' },
    traffic_source: { medium: 'cpc' },
  };
  const param = (key: string, value: object) => ({ key, value });
  const events = [
    {
      ...base,
      event_name: 'purchase',
      event_timestamp: '1717236000000000',
      event_bundle_sequence_id: '1',
      user_id: 'ann',
      event_params: [param('ga_session_id', { int_value: '77' }), param('currency', { string_value: 'EUR' })],
      ecommerce: { transaction_id: 'T1' },
      items: [
        { item_id: 'A', price: 9.99, quantity: '2' },
        { item_id: 'B', price: 1, quantity: '1' },
      ],
    },
    {
      ...base,
      event_name: 'view_search_results',
      event_timestamp: '1717235000000000',
      event_bundle_sequence_id: '2',
      user_id: null,
      event_params: [
        param('search_term', { string_value: 'mug' }),
        param('currency', { string_value: 'EUR' }),
      ],
      items: [],
    },
    {
      ...base,
      event_name: 'session_start',
      event_timestamp: '1717234000000000',
      event_bundle_sequence_id: '3',
      event_params: [],
    },
  ];
  const path = write(
    'events_20240601.ndjson',
    `${events.map((event) => JSON.stringify(event)).join('\n')}\n`,
  );
  // The first try is refused: an event without the currency parameter would count as US dollars.
  await expect(load(path, 'ga4')).rejects.toThrow(/EUR, USD/);
  const one = write(
    'one.ndjson',
    `${events
      .slice(0, 2)
      .map((event) => JSON.stringify(event))
      .join('\n')}\n`,
  );
  expect(await load(one, 'ga4')).toMatchObject({
    accepted: 3,
    anonymous: 1,
    quarantined: {},
    currency: 'EUR',
  });
  expect(await load(one, 'ga4')).toMatchObject({ accepted: 0, duplicates: 3 });
  expect(
    await rows(
      'events',
      'timestamp, item_id, type, user_id, session_id, order_id, quantity, price_minor, query, device, channel',
    ),
  ).toEqual([
    {
      timestamp: 1717235000000,
      item_id: null,
      type: 'search',
      user_id: null,
      session_id: null,
      order_id: null,
      quantity: null,
      price_minor: null,
      query: 'mug',
      device: 'mobile',
      channel: 'cpc',
    },
    {
      timestamp: 1717236000000,
      item_id: 'A',
      type: 'purchase',
      user_id: 'ann',
      session_id: 'cookie.1.77',
      order_id: 'T1',
      quantity: 2,
      price_minor: 999,
      query: null,
      device: 'mobile',
      channel: 'cpc',
    },
    {
      timestamp: 1717236000000,
      item_id: 'B',
      type: 'purchase',
      user_id: 'ann',
      session_id: 'cookie.1.77',
      order_id: 'T1',
      quantity: 1,
      price_minor: 100,
      query: null,
      device: 'mobile',
      channel: 'cpc',
    },
  ]);
});

test('personalize: seconds, words for types, the value kept aside', async () => {
  const { write, import: load, rows } = shop();
  const csv =
    'USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE\n1,10,1717236000,Watch,0.5\n1,11,1717236060,Purchased,\n2,11,1717236060,Shared,\n';
  expect(await load(write('interactions.csv', csv), 'personalize')).toMatchObject({
    accepted: 2,
    quarantined: { unknown_type: 1 },
  });
  expect(await rows('events', 'timestamp, user_id, item_id, type, props')).toEqual([
    { timestamp: 1717236000000, user_id: '1', item_id: '10', type: 'view', props: '{"EVENT_VALUE":"0.5"}' },
    {
      timestamp: 1717236060000,
      user_id: '1',
      item_id: '11',
      type: 'purchase',
      props: '{"EVENT_VALUE":null}',
    },
  ]);
});

const data = (path: string) =>
  join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..', 'shared', 'data', path);
const RETAIL = join(
  dirname(fileURLToPath(import.meta.url)),
  '../../../examples/online-retail/online-retail.csv.gz',
);
const CDNOW = data('cdnow_sample/CDNOW_sample.txt.gz');
const TAOBAO = data('taobao_users/events_share.csv.gz');

test('online retail has the customers and buyers its description counts', async () => {
  const { import: load, rows, quarantine } = shop({ zone: 'Europe/London' });
  const report = await load(RETAIL, 'online-retail');
  const rejected = Object.values(report.quarantined).reduce((sum, count) => sum + count, 0);
  expect(report.accepted + report.duplicates + report.skipped + rejected).toBe(334_054);
  expect((await quarantine()).map(({ line }) => line)).toEqual([299_985, 299_986]);
  // The description counts up to the end of 13 March.
  const [known] = await rows(
    'events',
    "count(DISTINCT user_id) FILTER (type = 'purchase' AND timestamp <= epoch_ms(DATE '2011-03-14')) AS customers",
  );
  expect(known.customers).toBe(1866);
  const [later] = await rows(
    'events',
    "count(DISTINCT user_id) FILTER (type = 'purchase' AND timestamp <= epoch_ms(DATE '2011-06-11')) AS customers",
  );
  expect(later.customers).toBe(2811);
});

test.skipIf(!existsSync(CDNOW))('cdnow has every customer, to the cent (needs ../shared/data)', async () => {
  const { import: load, rows } = shop();
  expect(await load(CDNOW, 'cdnow')).toMatchObject({ accepted: 6898, duplicates: 21, quarantined: {} });
  expect(await rows('events', 'count(DISTINCT user_id) AS customers')).toEqual([{ customers: 2357 }]);
  expect(
    await rows('events', 'price_minor').then((all) => all.every((row) => Number.isInteger(row.price_minor))),
  ).toBe(true);
});

test.skipIf(!existsSync(TAOBAO))('taobao has every event and purchase (needs ../shared/data)', async () => {
  const { import: load, rows } = shop();
  expect(await load(TAOBAO, 'taobao')).toMatchObject({ accepted: 68_431, quarantined: {}, currency: '' });
  expect(await rows('events', "count(*) FILTER (type = 'purchase') AS purchases")).toEqual([
    { purchases: 1470 },
  ]);
});
