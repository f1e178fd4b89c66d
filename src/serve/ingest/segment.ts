// Segment's HTTP API: track, identify, page, screen, group and alias, alone or in a batch, read by its e-commerce events.
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { EVENT_TYPES, type EventRow, type EventType } from '../../data/event.ts';
import { FieldReader } from './field-reader.ts';
import { firstGiven, isGiven, type JsonObject, listOf, member, objectOf, othersThan } from './json-value.ts';
import { type Line, rowsOf } from './order-lines.ts';
import type { ConsentStatement, IngestContext, Ingested } from './outcome.ts';
import { schemaFault } from './schema-fault.ts';

const MESSAGE_TYPES = ['track', 'identify', 'page', 'screen', 'group', 'alias'] as const;

export type SegmentType = (typeof MESSAGE_TYPES)[number];

const Id = Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Null()]));
const Moment = Type.Optional(Type.Union([Type.String(), Type.Number(), Type.Null()]));
const Members = Type.Optional(Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]));

/** One message; fields we have no use for may stand in it. */
export const SegmentMessageSchema = Type.Object(
  {
    type: Type.Optional(Type.Enum([...MESSAGE_TYPES])),
    event: Type.Optional(Type.Union([Type.String({ description: 'name of a tracked event' }), Type.Null()])),
    messageId: Id,
    userId: Id,
    anonymousId: Id,
    previousId: Id,
    timestamp: Moment,
    originalTimestamp: Moment,
    sentAt: Moment,
    properties: Members,
    traits: Members,
    context: Members,
  },
  { title: 'SegmentMessage', description: "A message of Segment's HTTP tracking API" },
);

export const SegmentBatchSchema = Type.Object({
  batch: Type.Array(SegmentMessageSchema),
  sentAt: Moment,
  context: Members,
  writeKey: Type.Optional(Type.String({ description: 'the key, for senders that have no header' })),
});

const validator = Compile(SegmentMessageSchema);

/** Names of Segment's e-commerce specification → ours. Names are compared in lower case, with single blanks. */
const EVENT_NAMES: ReadonlyMap<string, EventType> = new Map<string, EventType>([
  ...EVENT_TYPES.map((type) => [type.replaceAll('_', ' '), type] as const),
  ['products searched', 'search'],
  ['product list viewed', 'impression'],
  ['product list filtered', 'impression'],
  ['product clicked', 'click'],
  ['product viewed', 'view'],
  ['product added', 'add_to_cart'],
  ['wishlist product added to cart', 'add_to_cart'],
  ['product removed', 'remove_from_cart'],
  ['product added to wishlist', 'wishlist'],
  ['checkout started', 'begin_checkout'],
  ['order completed', 'purchase'],
  ['order refunded', 'refund'],
  ['product reviewed', 'review'],
]);

const nameKey = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[\s_]+/g, ' ')
    .trim();

/** Members of `properties` that have a column, or repeat one. */
const TAKEN: ReadonlySet<string> = new Set(
  'product_id sku id products price quantity currency position query order_id session_id rating review_body revenue total value'.split(
    ' ',
  ),
);

/** Traits that name a person. The lake knows customers by id alone. */
const PERSONAL: ReadonlySet<string> = new Set(
  'address avatar birthday email firstName lastName first_name last_name name phone username title description website id'.split(
    ' ',
  ),
);

/** What a whole request says for each of its messages. */
export interface SegmentEnvelope {
  /** The type the address stands for; a message's own comes first. */
  readonly type?: SegmentType;
  readonly sentAt?: unknown;
  readonly context?: unknown;
}

/** @param place pointer to the message in the body, such as `/batch/3` */
export function readSegment(
  value: unknown,
  place: string,
  context: IngestContext,
  envelope: SegmentEnvelope = {},
): Ingested {
  if (!validator.Check(value)) {
    const { pointer, reason } = schemaFault(validator, value);
    return { rejected: { pointer: place + pointer, reason } };
  }
  const message = value as JsonObject;
  const reader = new FieldReader(context);
  const about = objectOf(message.context ?? envelope.context);
  const properties = objectOf(message.properties);
  const kind = (message.type ?? envelope.type) as SegmentType | undefined;
  if (kind === undefined) return { rejected: { pointer: `${place}/type`, reason: 'missing_type' } };
  const type = typeOf(kind, message, context);
  if (type === undefined) {
    return kind === 'track' && !isGiven(message.event)
      ? { rejected: { pointer: `${place}/event`, reason: 'missing_field' } }
      : { ignored: 'not_a_shop_event', pointer: place };
  }
  const statedAt = isGiven(message.originalTimestamp) ? 'originalTimestamp' : 'timestamp';
  const stated = reader.stated(message[statedAt], statedAt);
  const sent = reader.stated(message.sentAt ?? envelope.sentAt, 'sentAt');
  const common: EventRow = {
    event_id: reader.id(message.messageId, 'messageId') ?? '',
    type,
    timestamp: reader.time(stated, sent, statedAt),
    user_id: reader.id(message.userId, 'userId'),
    anonymous_id:
      kind === 'alias'
        ? reader.id(message.previousId, 'previousId')
        : reader.id(message.anonymousId, 'anonymousId'),
    session_id: reader.id(
      firstGiven(member(properties, 'session_id'), member(about, 'sessionId')),
      'properties/session_id',
    ),
    order_id: reader.id(member(properties, 'order_id'), 'properties/order_id'),
    query: reader.text(member(properties, 'query'), 'properties/query'),
    rating: reader.number(member(properties, 'rating'), 'properties/rating'),
    text: reader.text(member(properties, 'review_body'), 'properties/review_body'),
    device: reader.text(member(objectOf(about.device), 'type'), 'context/device/type'),
    channel: reader.text(member(objectOf(about.campaign), 'medium'), 'context/campaign/medium'),
    country: reader.text(member(objectOf(about.location), 'country'), 'context/location/country'),
    position: reader.position(member(properties, 'position'), 'properties/position'),
    props:
      kind === 'identify'
        ? reader.props(othersThan(objectOf(message.traits), PERSONAL), 'traits')
        : reader.props(othersThan(properties, TAKEN), 'properties'),
  };
  if (type === 'identify' && common.user_id === null && common.anonymous_id === null) {
    reader.refuse('missing_field', 'userId');
  }
  const currency = { value: member(properties, 'currency'), at: 'properties/currency' };
  const rows = rowsOf(reader, common, linesOf(reader, properties, type), currency);
  if (reader.fault) {
    return { rejected: { pointer: place + reader.fault.pointer, reason: reader.fault.reason } };
  }
  const consent = consentOf(about);
  return {
    rows,
    pointer: `${place}/context/consent`,
    ...(stated === undefined ? {} : { statedMs: stated }),
    ...(consent ? { consent } : {}),
  };
}

function typeOf(kind: SegmentType, message: JsonObject, context: IngestContext): EventType | undefined {
  if (kind === 'identify' || kind === 'alias') return 'identify';
  if (kind === 'track') {
    const name = message.event;
    if (typeof name !== 'string') return undefined;
    return Object.hasOwn(context.eventNames, name)
      ? context.eventNames[name]
      : EVENT_NAMES.get(nameKey(name));
  }
  // A page says something about an article only where it names one.
  const properties = objectOf(message.properties);
  const isProduct = kind !== 'group' && isGiven(firstGiven(properties.product_id, properties.sku));
  return isProduct ? 'view' : undefined;
}

/** One line a product; else the event's own article, or the amount of the whole order. */
function linesOf(reader: FieldReader, properties: JsonObject, type: EventType): readonly Line[] {
  const products = listOf(member(properties, 'products'));
  if (products.length === 0) {
    const own = lineOf(reader, properties, 'properties');
    if (isGiven(own.price.value) || (type !== 'purchase' && type !== 'refund')) return [own];
    const amount = ['revenue', 'total', 'value'].find((name) => isGiven(member(properties, name))) ?? 'total';
    return [{ ...own, price: { value: member(properties, amount), at: `properties/${amount}` } }];
  }
  return products.map((product, index) => {
    const at = `properties/products/${index}`;
    if (typeof product !== 'object' || product === null) reader.refuse('wrong_type', at);
    const line = lineOf(reader, objectOf(product), at);
    return { ...line, position: reader.position(member(objectOf(product), 'position'), `${at}/position`) };
  });
}

function lineOf(reader: FieldReader, product: JsonObject, at: string): Line {
  const key = ['product_id', 'sku', 'id'].find((name) => isGiven(member(product, name))) ?? 'product_id';
  return {
    itemId: reader.id(member(product, key), `${at}/${key}`),
    quantity: { value: member(product, 'quantity'), at: `${at}/quantity` },
    price: { value: member(product, 'price'), at: `${at}/price` },
  };
}

/** Consent categories by the names consent managers give them, in lower case. */
const ANALYTICS = ['analytics', 'performance', 'statistics', 'c0002'];
const PERSONALIZATION = [
  'personalization',
  'personalisation',
  'advertising',
  'targeting',
  'marketing',
  'c0004',
];

function consentOf(context: JsonObject): ConsentStatement | undefined {
  const preferences = objectOf(objectOf(context.consent).categoryPreferences);
  let analytics: boolean | undefined;
  let personalization: boolean | undefined;
  for (const [category, agreed] of Object.entries(preferences)) {
    if (typeof agreed !== 'boolean') continue;
    const name = category.toLowerCase();
    // Of several categories that mean the same, every one must agree.
    if (ANALYTICS.includes(name)) analytics = agreed && analytics !== false;
    if (PERSONALIZATION.includes(name)) personalization = agreed && personalization !== false;
  }
  if (analytics === undefined && personalization === undefined) return undefined;
  return {
    ...(analytics === undefined ? {} : { analytics }),
    ...(personalization === undefined ? {} : { personalization }),
  };
}
