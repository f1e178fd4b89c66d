// GA4's Measurement Protocol: up to 25 events of one visitor in a body.
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { EventRow, EventType } from '../../data/event.ts';
import { FieldReader } from './field-reader.ts';
import { isGiven, type JsonObject, listOf, member, objectOf, othersThan } from './json-value.ts';
import { type Line, rowsOf } from './order-lines.ts';
import type { ConsentStatement, IngestContext, Ingested, Rejection } from './outcome.ts';
import { schemaFault } from './schema-fault.ts';

/** Bounds of the protocol itself. */
export const GA4_MAX_EVENTS = 25;

const Micros = Type.Optional(Type.Union([Type.Integer(), Type.String({ pattern: '^\\d{1,17}$' })]));
const Members = Type.Record(Type.String(), Type.Unknown());

export const Ga4BodySchema = Type.Object(
  {
    client_id: Type.Optional(Type.String({ description: 'the browser; or app_instance_id' })),
    app_instance_id: Type.Optional(Type.String()),
    user_id: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    timestamp_micros: Micros,
    consent: Type.Optional(Members),
    non_personalized_ads: Type.Optional(Type.Boolean()),
    user_location: Type.Optional(Members),
    device: Type.Optional(Members),
    events: Type.Array(
      Type.Object({
        name: Type.String({ minLength: 1 }),
        params: Type.Optional(Members),
        timestamp_micros: Micros,
      }),
      { minItems: 1, maxItems: GA4_MAX_EVENTS },
    ),
  },
  { title: 'Ga4Body', description: 'A body of the GA4 Measurement Protocol' },
);

const validator = Compile(Ga4BodySchema);

/** As in the ready mapping of the GA4 export, and `search`, which only this protocol sends. */
const EVENT_NAMES: ReadonlyMap<string, EventType> = new Map<string, EventType>([
  ['view_item', 'view'],
  ['view_item_list', 'impression'],
  ['select_item', 'click'],
  ['view_search_results', 'search'],
  ['search', 'search'],
  ['add_to_cart', 'add_to_cart'],
  ['remove_from_cart', 'remove_from_cart'],
  ['add_to_wishlist', 'wishlist'],
  ['begin_checkout', 'begin_checkout'],
  ['purchase', 'purchase'],
  ['refund', 'refund'],
  ['login', 'identify'],
  ['sign_up', 'identify'],
]);

const TAKEN: ReadonlySet<string> = new Set(
  'items currency value transaction_id search_term session_id medium engagement_time_msec'.split(' '),
);

/** The body's events in order; or the one fault that spoils the whole body. */
export function readGa4(
  body: unknown,
  context: IngestContext,
): { readonly fault: Rejection } | { readonly events: readonly Ingested[] } {
  if (!validator.Check(body)) return { fault: schemaFault(validator, body) };
  const whole = body as JsonObject;
  if (!isGiven(whole.client_id) && !isGiven(whole.app_instance_id)) {
    return { fault: { pointer: '/client_id', reason: 'missing_field' } };
  }
  return {
    events: listOf(whole.events).map((event, index) =>
      readEvent(whole, objectOf(event), `/events/${index}`, context),
    ),
  };
}

function readEvent(whole: JsonObject, event: JsonObject, place: string, context: IngestContext): Ingested {
  const name = event.name as string;
  const type = Object.hasOwn(context.eventNames, name) ? context.eventNames[name] : EVENT_NAMES.get(name);
  if (type === undefined) return { ignored: 'not_a_shop_event', pointer: place };
  const reader = new FieldReader(context);
  const params = objectOf(event.params);
  const micros = event.timestamp_micros ?? whole.timestamp_micros;
  const stated = micros === undefined ? undefined : Math.floor(Number(micros) / 1000);
  const visitor = reader.id(firstId(whole), 'client_id');
  const session = reader.id(member(params, 'session_id'), 'params/session_id');
  const common: EventRow = {
    event_id: '',
    type,
    timestamp: reader.time(stated, undefined, 'timestamp_micros'),
    user_id: reader.id(whole.user_id, 'user_id'),
    anonymous_id: visitor,
    session_id: session === null ? null : `${visitor}.${session}`,
    order_id: reader.id(member(params, 'transaction_id'), 'params/transaction_id'),
    query: reader.text(member(params, 'search_term'), 'params/search_term'),
    device: reader.text(member(objectOf(whole.device), 'category'), 'device/category'),
    channel: reader.text(member(params, 'medium'), 'params/medium'),
    country: reader.text(member(objectOf(whole.user_location), 'country_id'), 'user_location/country_id'),
    props: reader.props(othersThan(params, TAKEN), 'params'),
  };
  const rows = rowsOf(reader, common, linesOf(reader, params, type), {
    value: member(params, 'currency'),
    at: 'params/currency',
  });
  if (reader.fault) {
    const { pointer, reason } = reader.fault;
    // What stands in the body's head is wrong for each of its events.
    const isHead = /^\/(?:client_id|user_id|device|user_location)/.test(pointer);
    return { rejected: { pointer: isHead ? pointer : place + pointer, reason } };
  }
  const consent = consentOf(whole);
  return {
    rows,
    pointer: '/consent',
    ...(stated === undefined ? {} : { statedMs: stated }),
    ...(consent ? { consent } : {}),
  };
}

const firstId = (whole: JsonObject): unknown =>
  isGiven(whole.client_id) ? whole.client_id : whole.app_instance_id;

function linesOf(reader: FieldReader, params: JsonObject, type: EventType): readonly Line[] {
  const items = listOf(member(params, 'items'));
  if (items.length === 0) {
    const hasAmount = type === 'purchase' || type === 'refund';
    return [
      {
        itemId: null,
        quantity: { value: undefined, at: '' },
        price: { value: hasAmount ? member(params, 'value') : undefined, at: 'params/value' },
      },
    ];
  }
  return items.map((element, index) => {
    const at = `params/items/${index}`;
    if (typeof element !== 'object' || element === null) reader.refuse('wrong_type', at);
    const item = objectOf(element);
    return {
      itemId: reader.id(member(item, 'item_id'), `${at}/item_id`),
      quantity: { value: member(item, 'quantity'), at: `${at}/quantity` },
      price: { value: member(item, 'price'), at: `${at}/price` },
      position: reader.position(member(item, 'index'), `${at}/index`),
    };
  });
}

function consentOf(whole: JsonObject): ConsentStatement | undefined {
  const said = member(objectOf(whole.consent), 'ad_personalization');
  if (said === 'DENIED' || whole.non_personalized_ads === true) return { personalization: false };
  return said === 'GRANTED' ? { personalization: true } : undefined;
}
