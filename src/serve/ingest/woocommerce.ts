// WooCommerce's order webhooks, read into the same events, with the same ids, as an orders CSV gives by the ready mapping.
import type { EventRow } from '../../data/event.ts';
import { FieldReader } from './field-reader.ts';
import { firstGiven, isGiven, type JsonObject, listOf, member, objectOf } from './json-value.ts';
import { rowsOf } from './order-lines.ts';
import type { IngestContext, Ingested } from './outcome.ts';

const ORDER_TOPICS = /^order\.(?:created|updated|restored)$/;

/** Orders that are not sales, or not yet; an update tells when they are. */
const NOT_PAID: ReadonlySet<string> = new Set(
  'cancelled failed pending checkout-draft draft auto-draft trash'.split(' '),
);

/**
 * One order: its lines as purchases, and what was given back.
 *
 * @param topic value of `X-WC-Webhook-Topic`
 */
export function readWooCommerce(topic: string, body: unknown, context: IngestContext): readonly Ingested[] {
  if (!ORDER_TOPICS.test(topic)) return [{ ignored: 'not_a_shop_event', pointer: '' }];
  const order = objectOf(body);
  if (order !== body) return [{ rejected: { pointer: '', reason: 'not_an_object' } }];
  const status = String(order.status).replace(/^wc-/, '');
  if (NOT_PAID.has(status)) return [{ ignored: 'not_paid', pointer: '/status' }];
  const reader = new FieldReader(context);
  const common = commonRow(reader, order);
  const purchases = lineRows(reader, order, common);
  const refunds = listOf(order.refunds);
  // Orders refunded by changing their status alone have no refunds: then every line went back.
  const returned =
    refunds.length > 0
      ? refunds.flatMap((refund, index) => refundRow(reader, objectOf(refund), { order, common, index }))
      : status === 'refunded'
        ? purchases.map((row) => asReturned(row, common, readChange(reader, order)))
        : [];
  if (reader.fault) return [{ rejected: reader.fault }];
  return [
    ...(purchases.length > 0 ? [{ rows: purchases, pointer: '' }] : []),
    ...(returned.length > 0 ? [{ rows: returned, pointer: '/refunds' }] : []),
  ];
}

function commonRow(reader: FieldReader, order: JsonObject): EventRow {
  const billing = objectOf(order.billing);
  const email = member(billing, 'email');
  const number = reader.id(firstGiven(order.number, order.id), 'number');
  if (number === null) reader.refuse('missing_field', 'number');
  const customer = reader.number(order.customer_id, 'customer_id');
  // Guests have customer 0; then the e-mail address names them, as in the mapping.
  const userId =
    customer !== null && customer > 0
      ? order.customer_id
      : typeof email === 'string'
        ? email.toLowerCase()
        : undefined;
  const isGmt = isGiven(order.date_created_gmt);
  const at = isGmt ? 'date_created_gmt' : 'date_created';
  if (!isGiven(order[at])) reader.refuse('missing_time', at);
  return {
    event_id: '',
    type: 'purchase',
    timestamp: reader.time(readGmt(reader, order[at], at, isGmt), undefined, at),
    user_id: reader.id(userId, 'customer_id'),
    order_id: number,
    country: reader.text(member(billing, 'country'), 'billing/country'),
  };
}

/** `date_created_gmt` is UTC and does not say so; `date_created` is the shop's own clock, whose zone the body does not say. */
function readGmt(reader: FieldReader, value: unknown, at: string, isGmt: boolean): number | undefined {
  const text =
    isGmt && typeof value === 'string' && !/(?:Z|[+-]\d{2}:?\d{2})$/.test(value) ? `${value}Z` : value;
  return reader.stated(text, at);
}

const readChange = (reader: FieldReader, order: JsonObject): number =>
  reader.time(
    readGmt(reader, order.date_modified_gmt, 'date_modified_gmt', true),
    undefined,
    'date_modified_gmt',
  );

function lineRows(reader: FieldReader, order: JsonObject, common: EventRow): readonly EventRow[] {
  return listOf(order.line_items).flatMap((element, index) => {
    const line = objectOf(element);
    const at = `line_items/${index}`;
    const sku = reader.id(line.sku, `${at}/sku`);
    const name = reader.text(line.name, `${at}/name`);
    // As the mapping writes it: join('/', number, item #, SKU, name), items counted from 1.
    const id = [common.order_id, index + 1, sku, name].filter(isGiven).join('/');
    return rowsOf(
      reader,
      { ...common, event_id: reader.id(id, at) ?? '' },
      [
        {
          itemId: reader.id(sku ?? name, `${at}/sku`),
          quantity: { value: line.quantity, at: `${at}/quantity` },
          price: { value: line.price, at: `${at}/price` },
          props: reader.props(isGiven(line.name) ? { 'Item Name': line.name } : undefined, at),
        },
      ],
      { value: order.currency, at: 'currency' },
    );
  });
}

/** A refund says its amount, below zero, and not the articles. */
function refundRow(
  reader: FieldReader,
  refund: JsonObject,
  { order, common, index }: { readonly order: JsonObject; readonly common: EventRow; readonly index: number },
): readonly EventRow[] {
  const at = `refunds/${index}`;
  const id = reader.id(refund.id, `${at}/id`) ?? String(index + 1);
  const row: EventRow = {
    ...common,
    event_id: `${common.order_id}/refund/${id}`,
    type: 'refund',
    timestamp: readChange(reader, order),
  };
  const line = {
    itemId: null,
    quantity: { value: 1, at },
    price: { value: refund.total, at: `${at}/total` },
  };
  return rowsOf(reader, row, [line], { value: order.currency, at: 'currency' });
}

const asReturned = (row: EventRow, common: EventRow, timestamp: number): EventRow => ({
  ...row,
  event_id: `${common.order_id}/refund/${row.event_id}`,
  type: 'refund',
  timestamp,
});
