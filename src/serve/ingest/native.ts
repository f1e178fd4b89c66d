// Our own events: the row's columns as JSON, one event an item line. The schema here validates, documents and types.
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { EVENT_TYPES, type EventRow } from '../../data/event.ts';
import { FieldReader } from './field-reader.ts';
import type { IngestContext, Ingested } from './outcome.ts';
import { schemaFault } from './schema-fault.ts';

const Id = (description: string) =>
  Type.Optional(Type.Union([Type.String({ maxLength: 512 }), Type.Null()], { description }));
const Text = (description: string) =>
  Type.Optional(Type.Union([Type.String(), Type.Null()], { description }));
const Moment = (description: string) =>
  Type.Optional(Type.Union([Type.Integer(), Type.String({ maxLength: 40 }), Type.Null()], { description }));
const Numeric = (description: string) =>
  Type.Optional(Type.Union([Type.Number(), Type.Null()], { description }));

export const ConsentSchema = Type.Object(
  {
    analytics: Type.Optional(Type.Boolean({ description: 'the event may be counted; false: it is refused' })),
    personalization: Type.Optional(
      Type.Boolean({ description: 'the person may be recognised; false: the event is kept without its ids' }),
    ),
  },
  { additionalProperties: false },
);

/** One event of `POST /v1/events`. */
export const EventSchema = Type.Object(
  {
    event_id: Id(
      'idempotency key; the same id is the same event. Made from the content when there is a timestamp',
    ),
    type: Type.Enum([...EVENT_TYPES], { description: 'what happened' }),
    timestamp: Moment('when: UTC milliseconds, or ISO 8601 with its zone; the moment of receipt when absent'),
    sent_at: Moment(
      "when the request was sent, by the sender's clock; a clock that is off is corrected by it",
    ),
    user_id: Id('the customer'),
    anonymous_id: Id(
      'a visitor before login; with a user_id beside it, the visitor is that user from now on',
    ),
    session_id: Id('the visit'),
    item_id: Id('the article'),
    order_id: Id('the order'),
    quantity: Numeric('pieces; 1 when there is a price and no quantity'),
    price: Type.Optional(
      Type.Union([Type.Number(), Type.String({ maxLength: 40 }), Type.Null()], {
        description: 'of one piece, in major units: 9.99',
      }),
    ),
    price_minor: Type.Optional(
      Type.Union([Type.Integer(), Type.Null()], {
        description: 'of one piece, in minor units: 999; or price',
      }),
    ),
    currency: Type.Optional(
      Type.Union([Type.String({ maxLength: 3 }), Type.Null()], {
        description: "ISO 4217; the workspace's currency when absent",
      }),
    ),
    query: Text('what was searched for'),
    rating: Numeric('stars'),
    text: Text("a review's or a message's words"),
    device: Text('mobile, desktop, …'),
    channel: Text('where the visit came from'),
    country: Text('of the visitor'),
    position: Numeric('place in a list'),
    props: Type.Optional(
      Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
        description: 'anything else, kept as JSON',
      }),
    ),
    consent: Type.Optional(Type.Union([ConsentSchema, Type.Null()])),
  },
  {
    additionalProperties: false,
    title: 'Event',
    description: 'One event and one article: an order of three articles is three events.',
  },
);

export type NativeEvent = Static<typeof EventSchema>;

const validator = Compile(EventSchema);

/**
 * @param value  one element of the array, or one line
 * @param place  its pointer in the body, such as `/3`; empty for a body that is one event
 * @param sentMs when the whole request was sent, where that is known
 */
export function readNative(value: unknown, place: string, context: IngestContext, sentMs?: number): Ingested {
  if (!validator.Check(value)) {
    const { pointer, reason } = schemaFault(validator, value);
    return { rejected: { pointer: place + pointer, reason } };
  }
  const event = value as NativeEvent;
  const reader = new FieldReader(context);
  const { type } = event;
  const stated = reader.stated(event.timestamp, 'timestamp');
  const sent = reader.stated(event.sent_at, 'sent_at') ?? sentMs;
  const isMinor = event.price_minor !== undefined && event.price_minor !== null;
  if (isMinor && event.price !== undefined && event.price !== null) reader.refuse('bad_value', 'price');
  const money = reader.money(
    isMinor ? { value: event.price_minor, at: 'price_minor', isMinor } : { value: event.price, at: 'price' },
    { value: event.currency, at: 'currency' },
    type,
  );
  const quantity = reader.quantity(event.quantity, 'quantity', type);
  const row: EventRow = {
    event_id: reader.id(event.event_id, 'event_id') ?? '',
    type,
    timestamp: reader.time(stated, sent, 'timestamp'),
    user_id: reader.id(event.user_id, 'user_id'),
    anonymous_id: reader.id(event.anonymous_id, 'anonymous_id'),
    session_id: reader.id(event.session_id, 'session_id'),
    item_id: reader.id(event.item_id, 'item_id'),
    quantity: quantity ?? (money.price_minor === null ? null : 1),
    price_minor: money.price_minor,
    currency: money.currency,
    order_id: reader.id(event.order_id, 'order_id'),
    query: reader.text(event.query, 'query'),
    rating: reader.number(event.rating, 'rating'),
    text: reader.text(event.text, 'text'),
    device: reader.text(event.device, 'device'),
    channel: reader.text(event.channel, 'channel'),
    country: reader.text(event.country, 'country'),
    position: reader.position(event.position, 'position'),
    props: reader.props(event.props, 'props'),
  };
  if (reader.fault) {
    return { rejected: { pointer: place + reader.fault.pointer, reason: reader.fault.reason } };
  }
  return {
    rows: [row],
    pointer: `${place}/consent`,
    ...(stated === undefined ? {} : { statedMs: stated }),
    ...(event.consent ? { consent: event.consent } : {}),
  };
}
