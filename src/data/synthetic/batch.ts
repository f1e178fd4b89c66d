// A stretch of events as columns: codes and numbers only, so that millions of rows cost no objects.
import { EVENT_TYPES, type EventType } from '../event.ts';

/** Codes of the event types, as the `type` column holds them. */
export const TYPE_CODE = Object.fromEntries(EVENT_TYPES.map((type, code) => [type, code])) as Record<
  EventType,
  number
>;

/**
 * Events of one or more whole customers, each customer's in time order. Only the first `rows` of every column count, and
 * the batch is overwritten when the next one is asked for.
 */
export interface EventBatch {
  rows: number;
  /** Index into `EVENT_TYPES`. */
  type: Uint8Array;
  /** UTC ms. */
  timestamp: Float64Array;
  /** Whose event it truly is; a shop would not know, so it is never written. */
  owner: Int32Array;
  /** The user as the shop knows it; −1 while not logged in. */
  user: Int32Array;
  device: Uint8Array;
  channel: Uint8Array;
  country: Uint8Array;
  /** Number of the owner's visit the event belongs to, or that its order was placed in; 0 when they joined. */
  visit: Int32Array;
  /** Number of the event within that visit. */
  line: Int32Array;
  /** −1 where there is none. */
  item: Int32Array;
  /** 0 where there is none. */
  quantity: Uint8Array;
  /** −1 where there is none. */
  priceMinor: Int32Array;
  /** 1 where the event belongs to the order of its visit. */
  ordered: Uint8Array;
  /** 0 where there is none. */
  rating: Uint8Array;
  /** 1 = top of the list; 0 where there is none. */
  position: Uint8Array;
  /** Discount in percent that the price already has. */
  percentOff: Uint8Array;
  query: (string | null)[];
  text: (string | null)[];
}

const NUMERIC = {
  type: Uint8Array,
  timestamp: Float64Array,
  owner: Int32Array,
  user: Int32Array,
  device: Uint8Array,
  channel: Uint8Array,
  country: Uint8Array,
  visit: Int32Array,
  line: Int32Array,
  item: Int32Array,
  quantity: Uint8Array,
  priceMinor: Int32Array,
  ordered: Uint8Array,
  rating: Uint8Array,
  position: Uint8Array,
  percentOff: Uint8Array,
} as const;

type NumericName = keyof typeof NUMERIC;
const NUMERIC_NAMES = Object.keys(NUMERIC) as NumericName[];
const TEXT_NAMES = ['query', 'text'] as const;

export function makeBatch(capacity: number): EventBatch {
  const columns = Object.fromEntries(NUMERIC_NAMES.map((name) => [name, new NUMERIC[name](capacity)]));
  return {
    rows: 0,
    query: new Array(capacity).fill(null),
    text: new Array(capacity).fill(null),
    ...columns,
  } as unknown as EventBatch;
}

/** Adds a row that has only a type and a time, and says where; the caller fills in what else it has. */
export function addRow(batch: EventBatch, type: number, timestamp: number): number {
  if (batch.rows === batch.timestamp.length) grow(batch);
  const row = batch.rows++;
  batch.type[row] = type;
  batch.timestamp[row] = timestamp;
  batch.item[row] = -1;
  batch.quantity[row] = 0;
  batch.priceMinor[row] = -1;
  batch.ordered[row] = 0;
  batch.rating[row] = 0;
  batch.position[row] = 0;
  batch.percentOff[row] = 0;
  batch.query[row] = null;
  batch.text[row] = null;
  return row;
}

function grow(batch: EventBatch): void {
  const capacity = batch.timestamp.length * 2;
  for (const name of NUMERIC_NAMES) {
    const wider = new NUMERIC[name](capacity);
    wider.set(batch[name]);
    (batch as unknown as Record<NumericName, typeof wider>)[name] = wider;
  }
}

/** Puts rows `from …` into time order (stable; nearly sorted input is nearly free) and drops those outside the window. */
export function settleRows(batch: EventBatch, from: number, startMs: number, endMs: number): void {
  const { timestamp } = batch;
  const order: number[] = [];
  let moved = false;
  for (let row = from; row < batch.rows; row++) {
    const moment = timestamp[row];
    if (moment < startMs || moment >= endMs) {
      moved = true;
      continue;
    }
    let at = order.length;
    while (at > 0 && timestamp[order[at - 1]] > moment) at--;
    if (at === order.length) order.push(row);
    else {
      order.splice(at, 0, row);
      moved = true;
    }
  }
  if (!moved) return;
  for (const name of NUMERIC_NAMES) {
    const column = batch[name];
    const held = column.slice(from, batch.rows);
    for (let i = 0; i < order.length; i++) column[from + i] = held[order[i] - from];
  }
  for (const name of TEXT_NAMES) {
    const column = batch[name];
    const held = column.slice(from, batch.rows);
    for (let i = 0; i < order.length; i++) column[from + i] = held[order[i] - from];
  }
  batch.rows = from + order.length;
}
