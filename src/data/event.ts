// The event row: one row per event × item line. Every other room of `data` speaks of these columns.

export const EVENT_TYPES = [
  'impression',
  'view',
  'search',
  'click',
  'add_to_cart',
  'remove_from_cart',
  'wishlist',
  'begin_checkout',
  'purchase',
  'refund',
  'review',
  'message',
  'identify',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/**
 * Columns of the events lake with their DuckDB types, in file order.
 *
 * `event_id` is the idempotency key of the row. `timestamp` is UTC ms. `price_minor` is the price of one piece, in minor
 * units of `currency`, never negative: a refund is an event type, not a sign. `props` is JSON.
 */
export const EVENT_COLUMNS = {
  event_id: 'VARCHAR',
  type: 'VARCHAR',
  timestamp: 'BIGINT',
  user_id: 'VARCHAR',
  anonymous_id: 'VARCHAR',
  session_id: 'VARCHAR',
  item_id: 'VARCHAR',
  quantity: 'DOUBLE',
  price_minor: 'BIGINT',
  currency: 'VARCHAR',
  order_id: 'VARCHAR',
  query: 'VARCHAR',
  rating: 'DOUBLE',
  text: 'VARCHAR',
  device: 'VARCHAR',
  channel: 'VARCHAR',
  country: 'VARCHAR',
  position: 'INTEGER',
  props: 'VARCHAR',
} as const;

export type EventColumn = keyof typeof EVENT_COLUMNS;

/** `attributes` is JSON; `available_from` and `available_to` are UTC ms. */
export const ITEM_COLUMNS = {
  item_id: 'VARCHAR',
  title: 'VARCHAR',
  description: 'VARCHAR',
  category: 'VARCHAR',
  brand: 'VARCHAR',
  price_minor: 'BIGINT',
  currency: 'VARCHAR',
  image: 'VARCHAR',
  attributes: 'VARCHAR',
  available_from: 'BIGINT',
  available_to: 'BIGINT',
} as const;

/** `attributes` is JSON. */
export const USER_COLUMNS = { user_id: 'VARCHAR', attributes: 'VARCHAR', consent: 'VARCHAR' } as const;

/** One event as an object: for a handful of events (an online request, a test), never for a log. */
export interface EventRow {
  readonly event_id: string;
  readonly type: EventType;
  /** UTC ms. */
  readonly timestamp: number;
  readonly user_id: string | null;
  readonly anonymous_id?: string | null;
  readonly session_id?: string | null;
  readonly item_id?: string | null;
  readonly quantity?: number | null;
  readonly price_minor?: number | null;
  readonly currency?: string | null;
  readonly order_id?: string | null;
  readonly query?: string | null;
  readonly rating?: number | null;
  readonly text?: string | null;
  readonly device?: string | null;
  readonly channel?: string | null;
  readonly country?: string | null;
  readonly position?: number | null;
  readonly props?: string | null;
}
