// The log seen by other owners than customers: the same events, keyed by item, by customer and item, or by customer and category.
import { sqlText } from '../engine.ts';
import type { ExampleOptions } from '../examples.ts';
import type { EventSource } from '../source.ts';

/** Stands between the two parts of a key; a character made for it, which no id holds. */
const BETWEEN = '\u001f';

export const pairKey = (user: string, item: string): string => `${user}${BETWEEN}${item}`;

export function splitPairKey(key: string): readonly [user: string, item: string] {
  const at = key.indexOf(BETWEEN);
  return [key.slice(0, at), key.slice(at + 1)];
}

/** Only what the customers asked about did. */
export function ofCustomers(source: EventSource, { onlyEntities, drawn }: Asked): EventSource {
  const where = customersSql({ onlyEntities, drawn });
  return where === '' ? source : { ...source, events: `(SELECT * FROM ${source.events} WHERE ${where})` };
}

/** Who is asked about. */
export type Asked = Pick<ExampleOptions, 'onlyEntities' | 'drawn'>;

/** A condition on `user_id`; '' for everybody. */
export function customersSql({ onlyEntities, drawn }: Asked): string {
  const named = onlyEntities && `user_id IN (${onlyEntities.map(sqlText).join(', ') || 'NULL'})`;
  return [named, drawn].filter((part) => part !== undefined).join(' AND ');
}

/**
 * Everybody's events with an item, the item standing where the customer stands and the other way round: `distinct item_id`
 * counts customers. The catalogue is left out, which knows items by the other column.
 */
export const everybodysItems = ({ items: _, ...source }: EventSource, afterMs: number): EventSource => ({
  ...source,
  events: `(SELECT * REPLACE (item_id AS user_id, user_id AS item_id) FROM ${source.events} WHERE item_id IS NOT NULL AND timestamp > ${afterMs})`,
});

/** A customer's events with one item. */
export const pairLog = (source: EventSource, afterMs: number): EventSource => ({
  ...source,
  events: `(SELECT * REPLACE (user_id || '${BETWEEN}' || item_id AS user_id) FROM ${source.events} WHERE user_id IS NOT NULL AND item_id IS NOT NULL AND timestamp > ${afterMs})`,
});

/** A customer's events with the items of one category of the catalogue. */
export const categoryLog = (source: EventSource, afterMs: number): EventSource => ({
  ...source,
  events: `(SELECT e.* REPLACE (e.user_id || '${BETWEEN}' || k.category AS user_id) FROM ${source.events} AS e JOIN ${categoriesSql(source)} AS k ON k.item_id = e.item_id WHERE e.user_id IS NOT NULL AND e.timestamp > ${afterMs})`,
});

/** SELECT of `item_id` and `category`, one row an item that has one. */
export const categoriesSql = ({ items }: EventSource): string =>
  items
    ? `(SELECT item_id, min(category) AS category FROM ${items} WHERE item_id IS NOT NULL AND category IS NOT NULL GROUP BY item_id)`
    : '(SELECT NULL::VARCHAR AS item_id, NULL::VARCHAR AS category WHERE false)';
