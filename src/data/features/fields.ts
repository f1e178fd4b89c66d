// The fields a rule may name: one row per field, with its SQL and its reading of a single event, which must agree.
import { AppError } from '../../core/errors.ts';
import { DAY_MS, HOUR_MS, localDay, offsetAt, type ZoneOffsets } from '../../core/time.ts';
import { sqlText } from '../engine.ts';
import type { EventRow } from '../event.ts';
import { weekdayOf } from './calendar.ts';
import { localDaySql, localHourSql, localWeekdaySql } from './sql-time.ts';

/** What a catalogue says of an item, as far as features care. */
export interface ItemFacts {
  readonly category?: string | null;
  readonly brand?: string | null;
  readonly price_minor?: number | null;
}

/** What reading an event needs besides the event. */
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
  read(event: EventRow, context: FieldContext): number | null;
}

export interface TextField extends FieldBase {
  readonly kind: 'text';
  read(event: EventRow, context: FieldContext): string | null;
}

export type Field = NumberField | TextField;

const LARGEST = 9007199254740991;

/** Half away from zero, like SQL's round; missing when it is no safe integer. */
function roundAway(value: number | null | undefined): number | null {
  if (value === null || value === undefined || !(Math.abs(value) <= LARGEST)) return null;
  return value < 0 ? -Math.round(-value) : Math.round(value);
}

const roundSql = (expression: string): string =>
  `CASE WHEN abs(${expression}) <= ${LARGEST} THEN CAST(round(${expression}) AS BIGINT) END`;

const text = (column: keyof EventRow & string): TextField => ({
  kind: 'text',
  columns: [column],
  sql: () => `e.${column}`,
  read: (event) => (event[column] as string | null | undefined) ?? null,
});

const pieces = (event: EventRow): number => event.quantity ?? 1;

const lineValue = (event: EventRow): number | null =>
  event.price_minor === null || event.price_minor === undefined
    ? null
    : roundAway(event.price_minor * pieces(event));

const listValue = (event: EventRow, { items }: FieldContext): number | null => {
  const price = event.item_id ? items?.get(event.item_id)?.price_minor : null;
  return price === null || price === undefined ? null : roundAway(price * pieces(event));
};

const VALUE_SQL = roundSql('CAST(e.price_minor AS DOUBLE) * coalesce(e.quantity, 1)');
const LIST_SQL = roundSql('CAST(c.price_minor AS DOUBLE) * coalesce(e.quantity, 1)');

/** Every field by name. `value` is the money of the whole line, in minor units; a missing quantity counts as 1. */
export const FIELDS: Readonly<Record<string, Field>> = {
  value: {
    kind: 'number',
    scale: 1,
    columns: ['price_minor'],
    sql: () => VALUE_SQL,
    read: lineValue,
  },
  /** Purchases count for, refunds against; missing on other events. */
  net_value: {
    kind: 'number',
    scale: 1,
    columns: ['price_minor'],
    sql: () => `CASE e.type WHEN 'purchase' THEN ${VALUE_SQL} WHEN 'refund' THEN -(${VALUE_SQL}) END`,
    read(event) {
      const value = lineValue(event);
      if (value === null || (event.type !== 'purchase' && event.type !== 'refund')) return null;
      return event.type === 'purchase' ? value : 0 - value;
    },
  },
  quantity: {
    kind: 'number',
    scale: 1000,
    columns: ['quantity'],
    sql: () => roundSql('coalesce(e.quantity, 1) * 1000'),
    read: (event) => roundAway(pieces(event) * 1000),
  },
  rating: {
    kind: 'number',
    scale: 100,
    columns: ['rating'],
    sql: () => roundSql('e.rating * 100'),
    read: (event) => (typeof event.rating === 'number' ? roundAway(event.rating * 100) : null),
  },
  price: {
    kind: 'number',
    scale: 1,
    columns: ['price_minor'],
    sql: () => 'e.price_minor',
    read: (event) => event.price_minor ?? null,
  },
  position: {
    kind: 'number',
    scale: 1,
    columns: ['position'],
    sql: () => 'CAST(e.position AS BIGINT)',
    read: (event) => event.position ?? null,
  },
  /** What the line would have cost at the catalogue's price. */
  list_value: {
    kind: 'number',
    scale: 1,
    catalogue: true,
    columns: ['item_id'],
    sql: () => LIST_SQL,
    read: listValue,
  },
  /** Catalogue value less what was paid; missing without a catalogue price or a price. */
  discount: {
    kind: 'number',
    scale: 1,
    catalogue: true,
    columns: ['item_id', 'price_minor'],
    sql: () => `(${LIST_SQL}) - (${VALUE_SQL})`,
    read(event, context) {
      const list = listValue(event, context);
      const paid = lineValue(event);
      return list === null || paid === null ? null : list - paid;
    },
  },
  /** The paid value of lines that have a catalogue value: what `list_value` may be compared with. */
  paid_value: {
    kind: 'number',
    scale: 1,
    catalogue: true,
    columns: ['item_id', 'price_minor'],
    sql: () => `CASE WHEN c.price_minor IS NOT NULL THEN ${VALUE_SQL} END`,
    read: (event, context) => (listValue(event, context) === null ? null : lineValue(event)),
  },
  day: {
    kind: 'number',
    scale: 1,
    columns: ['timestamp'],
    sql: (zone) => localDaySql(zone, 'e.timestamp'),
    read: (event, { zone }) => localDay(zone, event.timestamp),
  },
  /** 0 = Monday, on the shop's calendar. */
  weekday: {
    kind: 'number',
    scale: 1,
    columns: ['timestamp'],
    sql: (zone) => localWeekdaySql(zone, 'e.timestamp'),
    read: (event, { zone }) => weekdayOf(localDay(zone, event.timestamp)),
  },
  /** 0–23, on the shop's clock. */
  hour: {
    kind: 'number',
    scale: 1,
    columns: ['timestamp'],
    sql: (zone) => localHourSql(zone, 'e.timestamp'),
    read: (event, { zone }) => {
      const local = event.timestamp + offsetAt(zone, event.timestamp) + 1e6 * DAY_MS;
      return Math.floor(local / HOUR_MS) % 24;
    },
  },
  timestamp: {
    kind: 'number',
    scale: 1,
    columns: ['timestamp'],
    sql: () => 'e.timestamp',
    read: (event) => event.timestamp,
  },
  /** One order: its id, or the local day where there is none. */
  order: {
    kind: 'text',
    columns: ['timestamp'],
    sql: (zone) => `coalesce('o' || e.order_id, 'd' || ${localDaySql(zone, 'e.timestamp')})`,
    read: (event, { zone }) =>
      event.order_id === null || event.order_id === undefined
        ? `d${localDay(zone, event.timestamp)}`
        : `o${event.order_id}`,
  },
  category: {
    kind: 'text',
    catalogue: true,
    columns: ['item_id'],
    sql: () => 'c.category',
    read: (event, { items }) => (event.item_id ? (items?.get(event.item_id)?.category ?? null) : null),
  },
  brand: {
    kind: 'text',
    catalogue: true,
    columns: ['item_id'],
    sql: () => 'c.brand',
    read: (event, { items }) => (event.item_id ? (items?.get(event.item_id)?.brand ?? null) : null),
  },
  item_id: text('item_id'),
  order_id: text('order_id'),
  session_id: text('session_id'),
  query: text('query'),
  device: text('device'),
  channel: text('channel'),
  country: text('country'),
  type: text('type'),
};

/** A text inside the event's `props`: `props.campaign`; anything but a JSON string there counts as missing. */
function propsField(key: string): TextField {
  const path = sqlText(`$."${key}"`);
  return {
    kind: 'text',
    columns: ['props'],
    sql: () =>
      `CASE WHEN json_valid(e.props) AND json_type(e.props, ${path}) = 'VARCHAR' THEN json_extract_string(e.props, ${path}) END`,
    read(event) {
      try {
        const props: unknown = JSON.parse(event.props ?? '');
        const value = (props as Record<string, unknown> | null)?.[key];
        return typeof value === 'string' ? value : null;
      } catch {
        return null;
      }
    },
  };
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
