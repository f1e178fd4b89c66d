// The fields a rule may name: one row per field, with its SQL and its reading of a user's events, which must agree.
import { AppError } from '../../core/errors.ts';
import { DAY_MS, HOUR_MS, offsetsAt, type ZoneOffsets } from '../../core/time.ts';
import { sqlText } from '../engine.ts';
import { EVENT_TYPES } from '../event.ts';
import { weekdayOf } from './calendar.ts';
import { localDaySql, localHourSql, localWeekdaySql } from './sql-time.ts';
import { type TextColumn, typeCode, type UserEvents } from './user-events.ts';

/** What a catalogue says of an item, as far as features care. */
export interface ItemFacts {
  readonly category?: string | null;
  readonly brand?: string | null;
  readonly price_minor?: number | null;
}

/** What reading events needs besides the events. */
export interface FieldContext {
  readonly zone: ZoneOffsets;
  readonly items?: ReadonlyMap<string, ItemFacts>;
}

interface FieldBase {
  /** Stands on the catalogue, not on the event alone. */
  readonly catalogue?: boolean;
  /** Columns of the event that must not all be empty for it to say anything. */
  readonly columns: readonly string[];
  /** Over `e` (events) and, for catalogue fields, `c` (items). */
  sql(zone: ZoneOffsets): string;
}

/** An integer: what a person calls 1 is stored as `scale`. */
export interface NumberField extends FieldBase {
  readonly kind: 'number';
  readonly scale: number;
  /** NaN where missing. */
  read(events: UserEvents, context: FieldContext): Float64Array;
}

export interface TextField extends FieldBase {
  readonly kind: 'text';
  /** Null where missing. */
  read(events: UserEvents, context: FieldContext): readonly (string | null)[];
}

export type Field = NumberField | TextField;

const LARGEST = 9007199254740991;

/** Half away from zero, like SQL's round; missing when it is no safe integer. */
function roundAway(value: number): number {
  if (!(Math.abs(value) <= LARGEST)) return Number.NaN;
  return value < 0 ? -Math.round(-value) : Math.round(value);
}

const roundSql = (expression: string): string =>
  `CASE WHEN abs(${expression}) <= ${LARGEST} THEN CAST(round(${expression}) AS BIGINT) END`;

const text = (column: TextColumn): TextField => ({
  kind: 'text',
  columns: [column],
  sql: () => `e.${column}`,
  read: (events) => events.texts(column),
});

/** One number an event. */
function each({ length }: UserEvents, make: (at: number) => number): Float64Array {
  const made = new Float64Array(length);
  for (let at = 0; at < length; at++) made[at] = make(at);
  return made;
}

const factsOf = (items: FieldContext['items'], id: string | null): ItemFacts | undefined =>
  id === null ? undefined : items?.get(id);

/** Money of each line at a price a piece. */
function lineValues(events: UserEvents, prices: Float64Array): Float64Array {
  const quantities = events.numbers('quantity');
  return each(events, (at) => roundAway(prices[at] * (Number.isNaN(quantities[at]) ? 1 : quantities[at])));
}

const paidValues = (events: UserEvents): Float64Array => lineValues(events, events.numbers('price_minor'));

function listValues(events: UserEvents, { items }: FieldContext): Float64Array {
  if (!items) return new Float64Array(events.length).fill(Number.NaN);
  const ids = events.texts('item_id');
  const prices = each(events, (at) => factsOf(items, ids[at])?.price_minor ?? Number.NaN);
  return lineValues(events, prices);
}

/** What the catalogue says of each event's item. */
const factOf =
  (fact: 'category' | 'brand'): TextField['read'] =>
  (events, { items }) => {
    const ids = events.texts('item_id');
    return Array.from({ length: events.length }, (_, at) => factsOf(items, ids[at])?.[fact] ?? null);
  };

/** Whole days since 1970-01-01 on the shop's own calendar. */
function localDays(events: UserEvents, { zone }: FieldContext): Float64Array {
  const offsets = offsetsAt(zone, events.times, events.length);
  return each(events, (at) => Math.floor((events.times[at] + offsets[at]) / DAY_MS));
}

const PURCHASE = typeCode('purchase');
const REFUND = typeCode('refund');

const VALUE_SQL = roundSql('CAST(e.price_minor AS DOUBLE) * coalesce(e.quantity, 1)');
const LIST_SQL = roundSql('CAST(c.price_minor AS DOUBLE) * coalesce(e.quantity, 1)');

/** Every field by name. `value` is the money of the whole line, in minor units; a missing quantity counts as 1. */
export const FIELDS: Readonly<Record<string, Field>> = {
  value: {
    kind: 'number',
    scale: 1,
    columns: ['price_minor'],
    sql: () => VALUE_SQL,
    read: paidValues,
  },
  /** Purchases count for, refunds against; missing on other events. */
  net_value: {
    kind: 'number',
    scale: 1,
    columns: ['price_minor'],
    sql: () => `CASE e.type WHEN 'purchase' THEN ${VALUE_SQL} WHEN 'refund' THEN -(${VALUE_SQL}) END`,
    read(events) {
      const values = paidValues(events);
      const { types } = events;
      return each(events, (at) =>
        types[at] === PURCHASE ? values[at] : types[at] === REFUND ? 0 - values[at] : Number.NaN,
      );
    },
  },
  quantity: {
    kind: 'number',
    scale: 1000,
    columns: ['quantity'],
    sql: () => roundSql('coalesce(e.quantity, 1) * 1000'),
    read(events) {
      const quantities = events.numbers('quantity');
      return each(events, (at) => (Number.isNaN(quantities[at]) ? 1000 : roundAway(quantities[at] * 1000)));
    },
  },
  rating: {
    kind: 'number',
    scale: 100,
    columns: ['rating'],
    sql: () => roundSql('e.rating * 100'),
    read(events) {
      const ratings = events.numbers('rating');
      return each(events, (at) => roundAway(ratings[at] * 100));
    },
  },
  price: {
    kind: 'number',
    scale: 1,
    columns: ['price_minor'],
    sql: () => 'e.price_minor',
    read: (events) => events.numbers('price_minor'),
  },
  position: {
    kind: 'number',
    scale: 1,
    columns: ['position'],
    sql: () => 'CAST(e.position AS BIGINT)',
    read: (events) => events.numbers('position'),
  },
  /** What the line would have cost at the catalogue's price. */
  list_value: {
    kind: 'number',
    scale: 1,
    catalogue: true,
    columns: ['item_id'],
    sql: () => LIST_SQL,
    read: listValues,
  },
  /** Catalogue value less what was paid; missing without a catalogue price or a price. */
  discount: {
    kind: 'number',
    scale: 1,
    catalogue: true,
    columns: ['item_id', 'price_minor'],
    sql: () => `(${LIST_SQL}) - (${VALUE_SQL})`,
    read(events, context) {
      const list = listValues(events, context);
      const paid = paidValues(events);
      return each(events, (at) => list[at] - paid[at]);
    },
  },
  /** The paid value of lines that have a catalogue value: what `list_value` may be compared with. */
  paid_value: {
    kind: 'number',
    scale: 1,
    catalogue: true,
    columns: ['item_id', 'price_minor'],
    sql: () => `CASE WHEN c.price_minor IS NOT NULL THEN ${VALUE_SQL} END`,
    read(events, context) {
      const list = listValues(events, context);
      const paid = paidValues(events);
      return each(events, (at) => (Number.isNaN(list[at]) ? Number.NaN : paid[at]));
    },
  },
  day: {
    kind: 'number',
    scale: 1,
    columns: ['timestamp'],
    sql: (zone) => localDaySql(zone, 'e.timestamp'),
    read: localDays,
  },
  /** 0 = Monday, on the shop's calendar. */
  weekday: {
    kind: 'number',
    scale: 1,
    columns: ['timestamp'],
    sql: (zone) => localWeekdaySql(zone, 'e.timestamp'),
    read(events, context) {
      const days = localDays(events, context);
      return each(events, (at) => weekdayOf(days[at]));
    },
  },
  /** 0–23, on the shop's clock. */
  hour: {
    kind: 'number',
    scale: 1,
    columns: ['timestamp'],
    sql: (zone) => localHourSql(zone, 'e.timestamp'),
    read(events, { zone }) {
      const offsets = offsetsAt(zone, events.times, events.length);
      // Moments before 1970 are moved to where a remainder has no sign.
      const local = (at: number) => events.times[at] + offsets[at] + 1e6 * DAY_MS;
      return each(events, (at) => Math.floor(local(at) / HOUR_MS) % 24);
    },
  },
  timestamp: {
    kind: 'number',
    scale: 1,
    columns: ['timestamp'],
    sql: () => 'e.timestamp',
    read: ({ times }) => times,
  },
  /** One order: its id, or the local day where there is none. */
  order: {
    kind: 'text',
    columns: ['timestamp'],
    sql: (zone) => `coalesce('o' || e.order_id, 'd' || ${localDaySql(zone, 'e.timestamp')})`,
    read(events, context) {
      const ids = events.texts('order_id');
      const days = localDays(events, context);
      return Array.from({ length: events.length }, (_, at) =>
        ids[at] === null ? `d${days[at]}` : `o${ids[at]}`,
      );
    },
  },
  category: {
    kind: 'text',
    catalogue: true,
    columns: ['item_id'],
    sql: () => 'c.category',
    read: factOf('category'),
  },
  brand: {
    kind: 'text',
    catalogue: true,
    columns: ['item_id'],
    sql: () => 'c.brand',
    read: factOf('brand'),
  },
  item_id: text('item_id'),
  order_id: text('order_id'),
  session_id: text('session_id'),
  query: text('query'),
  device: text('device'),
  channel: text('channel'),
  country: text('country'),
  type: {
    kind: 'text',
    columns: ['type'],
    sql: () => 'e.type',
    read: ({ types, length }) => Array.from({ length }, (_, at) => EVENT_TYPES[types[at]] ?? null),
  },
};

/** A text inside the event's `props`: `props.campaign`; anything but a JSON string there counts as missing. */
function propsField(key: string): TextField {
  const path = sqlText(`$."${key}"`);
  return {
    kind: 'text',
    columns: ['props'],
    sql: () =>
      `CASE WHEN json_valid(e.props) AND json_type(e.props, ${path}) = 'VARCHAR' THEN json_extract_string(e.props, ${path}) END`,
    read: (events) =>
      events
        .texts('props')
        .slice(0, events.length)
        .map((props) => textWithin(props, key)),
  };
}

function textWithin(props: string | null, key: string): string | null {
  if (props === null) return null;
  try {
    const value = (JSON.parse(props) as Record<string, unknown> | null)?.[key];
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}

/** @throws AppError BAD_DEFINITION listing the known names */
export function fieldNamed(fieldName: string): Field {
  if (Object.hasOwn(FIELDS, fieldName)) return FIELDS[fieldName];
  const props = /^props\.([A-Za-z0-9_-]+)$/.exec(fieldName);
  if (props) return propsField(props[1]);
  throw new AppError(
    'BAD_DEFINITION',
    `expected a field (${Object.keys(FIELDS).join(', ')} or props.NAME), got "${fieldName.slice(0, 40)}"`,
  );
}

/** @throws AppError BAD_DEFINITION when it is no number */
export function numberFieldNamed(fieldName: string): NumberField {
  const field = fieldNamed(fieldName);
  if (field.kind === 'number') return field;
  throw new AppError('BAD_DEFINITION', `expected a field that is a number, got "${fieldName}" (a text)`);
}
