// What comes over HTTP and is imported from an export later is the same event: same id, same meaning.
import { afterAll, expect, test } from 'vitest';
import type { EventRow } from '../../data/event.ts';
import { type SampleShop, sampleShop } from '../../data/import/sample-shop.ts';
import type { Ingested } from './outcome.ts';
import { readPersonalizeCsv } from './personalize-csv.ts';
import { readShopify } from './shopify.ts';
import { readWooCommerce } from './woocommerce.ts';

const shops: SampleShop[] = [];
afterAll(() => {
  for (const shop of shops) shop.remove();
});

const context = { receivedMs: Date.UTC(2026, 0, 15), currency: 'EUR', exchange: {}, eventNames: {} };

const COLUMNS = [
  'event_id',
  'type',
  'timestamp',
  'user_id',
  'item_id',
  'order_id',
  'quantity',
  'price_minor',
  'currency',
  'country',
  'props',
] as const;

async function imported(csv: string, mapping: string): Promise<readonly object[]> {
  const shop = sampleShop({ currency: 'EUR', zone: 'UTC' });
  shops.push(shop);
  const counts = await shop.import(shop.write('export.csv', csv), mapping);
  expect(counts.quarantined).toEqual({});
  return (await shop.rows('events', COLUMNS.join(', '))).map(bare).sort(byId);
}

const bare = (row: object): object =>
  Object.fromEntries(
    COLUMNS.map((column) => [column, (row as Record<string, unknown>)[column]]).filter(
      ([, value]) => value !== null && value !== undefined,
    ),
  );

const byId = (a: object, b: object): number => ((a as EventRow).event_id < (b as EventRow).event_id ? -1 : 1);

const rowsOf = (events: readonly Ingested[]): readonly object[] =>
  events
    .flatMap((event) =>
      'rows' in event
        ? event.rows.map((row) => (event.idOf ? { ...row, event_id: event.idOf(row) } : row))
        : [],
    )
    .map(bare)
    .sort(byId);

test('lines of Personalize', async () => {
  const csv = [
    'USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE',
    'ann,mug,1717236000,Watch,5',
    'ann,"plate, ""large""",1717236001,purchase,',
    'bob,été,1717236002,AddToCart,0.25',
    '',
  ].join('\n');
  const read = readPersonalizeCsv(csv, context, 100);
  const ours = rowsOf('events' in read ? read.events : []);
  expect(ours).toHaveLength(3);
  expect(ours).toEqual(await imported(csv, 'personalize'));
});

test('orders of Shopify, and the first refund of one', async () => {
  const csv = [
    'Name,Email,Financial Status,Paid at,Currency,Refunded Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Country,Cancelled at,Vendor',
    '#1002,Ann@Shop.example,refunded,2025-05-01 10:31:00 -0400,EUR,5.50,2025-05-01 10:30:00 -0400,2,Mug - Blue,10.00,MUG-B,US,2025-05-03 12:00:00 -0400,Acme',
    '#1002,Ann@Shop.example,,,,,2025-05-01 10:30:00 -0400,1,"Plate, large",15.00,,,,Acme',
    '',
  ].join('\n');
  const order = {
    name: '#1002',
    email: 'Ann@Shop.example',
    financial_status: 'refunded',
    created_at: '2025-05-01T10:30:00-04:00',
    currency: 'EUR',
    billing_address: { country_code: 'US' },
    line_items: [
      { sku: 'MUG-B', name: 'Mug - Blue', quantity: 2, price: '10.00', vendor: 'Acme' },
      { sku: null, name: 'Plate, large', quantity: 1, price: '15.00', vendor: 'Acme' },
    ],
    refunds: [
      {
        created_at: '2025-05-03T12:00:00-04:00',
        refund_line_items: [],
        transactions: [{ kind: 'refund', status: 'success', amount: '5.50' }],
      },
    ],
  };
  const ours = rowsOf(readShopify('orders/updated', order, context));
  const theirs = await imported(csv, 'shopify');
  expect(ours).toHaveLength(3);
  // The export repeats the first line's names beside the refund; the money and the person are the same.
  const withoutProps = (rows: readonly object[]) => rows.map((row) => ({ ...row, props: undefined }));
  expect(withoutProps(ours)).toEqual(withoutProps(theirs));
});

test('orders of WooCommerce', async () => {
  const csv = [
    'Order Number,Order Status,Order Date,Customer User ID,Email (Billing),Currency,Country Code (Billing),Item #,Item Name,SKU,Quantity,Item Cost',
    '11,Completed,2025-05-01 12:00,5,ann@shop.example,EUR,DE,1,Mug,MUG,2,9.90',
    '11,,,,,,,2,Pen,,1,1.10',
    '',
  ].join('\n');
  const order = {
    number: '11',
    status: 'completed',
    date_created_gmt: '2025-05-01T12:00:00',
    customer_id: 5,
    currency: 'EUR',
    billing: { email: 'ann@shop.example', country: 'DE' },
    line_items: [
      { name: 'Mug', sku: 'MUG', quantity: 2, price: 9.9 },
      { name: 'Pen', sku: '', quantity: 1, price: 1.1 },
    ],
  };
  const ours = rowsOf(readWooCommerce('order.created', order, context));
  expect(ours).toHaveLength(2);
  expect(ours).toEqual(await imported(csv, 'woocommerce'));
});
