// Shopify's order webhooks, read into the same events, with the same ids, as the orders CSV gives by the ready mapping.
import type { EventRow } from '../../data/event.ts';
import { FieldReader } from './field-reader.ts';
import { firstGiven, isGiven, type JsonObject, listOf, member, objectOf } from './json-value.ts';
import { type Line, rowsOf, splitEvenly } from './order-lines.ts';
import type { IngestContext, Ingested } from './outcome.ts';

/** Topics that carry a whole order. Each update carries the refunds so far, too, with the customer. */
const ORDER_TOPICS = /^orders\/(?:create|paid|updated|edited|cancelled|fulfilled|partially_fulfilled)$/;

/** Orders that never became sales. */
const NEVER_PAID: ReadonlySet<unknown> = new Set(['voided', 'expired']);

/**
 * One order: its lines as purchases, then its refunds.
 *
 * @param topic value of `X-Shopify-Topic`
 * @returns one outcome for the purchases and one a refund, or a single one that says why there is none
 */
export function readShopify(topic: string, body: unknown, context: IngestContext): readonly Ingested[] {
  if (topic.startsWith('refunds/')) return [{ ignored: 'names_no_customer', pointer: '' }];
  if (!ORDER_TOPICS.test(topic)) return [{ ignored: 'not_a_shop_event', pointer: '' }];
  const order = objectOf(body);
  if (order !== body) return [{ rejected: { pointer: '', reason: 'not_an_object' } }];
  if (order.test === true || NEVER_PAID.has(order.financial_status)) {
    return [{ ignored: 'not_paid', pointer: '/financial_status' }];
  }
  const purchases = readLines(order, context);
  return [...purchases, ...readRefunds(order, context)];
}

/** What every row of the order shares. The export names customers by their e-mail address, and so do we. */
function commonRow(reader: FieldReader, order: JsonObject): EventRow {
  const email = firstGiven(order.email, order.contact_email, member(objectOf(order.customer), 'email'));
  const stated = reader.stated(order.created_at, 'created_at');
  if (!isGiven(order.created_at)) reader.refuse('missing_time', 'created_at');
  const name = reader.id(order.name, 'name');
  if (name === null) reader.refuse('missing_field', 'name');
  return {
    event_id: '',
    type: 'purchase',
    timestamp: reader.time(stated, undefined, 'created_at'),
    user_id: reader.id(typeof email === 'string' ? email.toLowerCase() : undefined, 'email'),
    order_id: name,
    country: reader.text(
      member(objectOf(order.billing_address), 'country_code'),
      'billing_address/country_code',
    ),
  };
}

function readLines(order: JsonObject, context: IngestContext): readonly Ingested[] {
  const reader = new FieldReader(context);
  const common = commonRow(reader, order);
  const currency = { value: order.currency, at: 'currency' };
  const rows = listOf(order.line_items).flatMap((element, index) => {
    const line = objectOf(element);
    const at = `line_items/${index}`;
    const sku = reader.id(line.sku, `${at}/sku`);
    const name = reader.text(line.name, `${at}/name`);
    // As the mapping writes it: join('/', Name, sku, name, price, quantity), absent ones left out.
    const id = [common.order_id, sku, name, line.price, line.quantity].filter(isGiven).join('/');
    return rowsOf(
      reader,
      { ...common, event_id: reader.id(id, at) ?? '' },
      [
        {
          itemId: reader.id(sku ?? name, `${at}/sku`),
          quantity: { value: line.quantity, at: `${at}/quantity` },
          price: { value: line.price, at: `${at}/price` },
          props: reader.props(namedProps(line), at),
        },
      ],
      currency,
    );
  });
  if (reader.fault) return [{ rejected: reader.fault }];
  return rows.length === 0 ? [] : [{ rows, pointer: '' }];
}

/** Names of the export's columns, so that a feature reads both alike. */
function namedProps(line: JsonObject): JsonObject {
  return {
    ...(isGiven(line.name) ? { 'Lineitem name': line.name } : {}),
    ...(isGiven(line.vendor) ? { Vendor: line.vendor } : {}),
  };
}

/** The order's refunds, oldest first. The first row of the first has the id the export's one refund has. */
function readRefunds(order: JsonObject, context: IngestContext): readonly Ingested[] {
  let count = 0;
  const nextId = (orderId: string | null | undefined) =>
    `${orderId}/refund${count++ === 0 ? '' : `/${count}`}`;
  return listOf(order.refunds).flatMap((element, index): readonly Ingested[] => {
    const refund = objectOf(element);
    const reader = new FieldReader(context);
    const at = `refunds/${index}`;
    const stated = reader.stated(firstGiven(refund.processed_at, refund.created_at), `${at}/created_at`);
    const shared = commonRow(reader, order);
    const common: EventRow = {
      ...shared,
      type: 'refund',
      timestamp: stated === undefined ? shared.timestamp : reader.time(stated, undefined, `${at}/created_at`),
    };
    const currency = { value: order.currency, at: 'currency' };
    const lines = refundLines(reader, { refund, at, currency: order.currency });
    const rows = lines.flatMap((line) =>
      rowsOf(reader, { ...common, event_id: nextId(common.order_id) }, [line], currency),
    );
    if (reader.fault) return [{ rejected: reader.fault }];
    return rows.length === 0 ? [] : [{ rows, pointer: `/${at}` }];
  });
}

/** Articles given back; where there are none, the money that went back. */
function refundLines(
  reader: FieldReader,
  { refund, at, currency }: { readonly refund: JsonObject; readonly at: string; readonly currency: unknown },
): readonly Line[] {
  const lakeCurrency = reader.context.currency;
  const lines = listOf(refund.refund_line_items).map((element, index) => {
    const line = objectOf(element);
    const item = objectOf(line.line_item);
    const place = `${at}/refund_line_items/${index}`;
    const split = splitEvenly(line.subtotal, line.quantity, { currency, lakeCurrency });
    return {
      itemId: reader.id(firstGiven(item.sku, item.name), `${place}/line_item/sku`),
      quantity: { value: split === undefined ? 1 : line.quantity, at: `${place}/quantity` },
      price: { value: split ?? line.subtotal, at: `${place}/subtotal`, isMinor: split !== undefined },
    };
  });
  if (lines.length > 0) return lines;
  return listOf(refund.transactions).flatMap((element, index) => {
    const { kind, status, amount } = objectOf(element);
    return kind === 'refund' && (status === undefined || status === 'success')
      ? [
          {
            itemId: null,
            quantity: { value: 1, at: '' },
            price: { value: amount, at: `${at}/transactions/${index}/amount` },
          },
        ]
      : [];
  });
}
