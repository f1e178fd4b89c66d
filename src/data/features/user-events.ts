// One user's events as columns: what the online fold reads, be they rows of a test or bytes of the online state.
import { compareTexts } from '../../core/text-order.ts';
import { EVENT_TYPES, type EventRow, type EventType } from '../event.ts';

/** Columns of numbers that features may read. */
export const NUMBER_COLUMNS = ['quantity', 'price_minor', 'rating', 'position'] as const;
export type NumberColumn = (typeof NUMBER_COLUMNS)[number];

/** Columns of texts that features may read. */
export const TEXT_COLUMNS = [
  'item_id',
  'order_id',
  'session_id',
  'query',
  'device',
  'channel',
  'country',
  'props',
] as const;
export type TextColumn = (typeof TEXT_COLUMNS)[number];

/** Columns may be longer than `length`; what stands behind it says nothing. */
export interface UserEvents {
  readonly length: number;
  /** UTC ms, rising; equal moments in order of `event_id`. */
  readonly times: Float64Array;
  /** Positions in `EVENT_TYPES`. */
  readonly types: Uint8Array;
  /** NaN where missing. */
  numbers(column: NumberColumn): Float64Array;
  /** Null where missing. */
  texts(column: TextColumn): readonly (string | null)[];
}

const TYPE_CODES: ReadonlyMap<string, number> = new Map(EVENT_TYPES.map((type, code) => [type, code]));

/** Position in `EVENT_TYPES`. */
export const typeCode = (type: EventType): number => TYPE_CODES.get(type) ?? EVENT_TYPES.length;

/** Rows of one user in any order, as columns. */
export function rowEvents(rows: readonly EventRow[]): UserEvents {
  const sorted = rows.toSorted((a, b) => a.timestamp - b.timestamp || compareTexts(a.event_id, b.event_id));
  return {
    length: sorted.length,
    times: Float64Array.from(sorted, ({ timestamp }) => timestamp),
    types: Uint8Array.from(sorted, ({ type }) => typeCode(type)),
    numbers: (column) => Float64Array.from(sorted, (row) => row[column] ?? Number.NaN),
    texts: (column) => sorted.map((row) => row[column] ?? null),
  };
}

/** Some of the events, in their order: those of a visit, or with an item. @param places rising */
export function takeEvents(events: UserEvents, places: ArrayLike<number>): UserEvents {
  const { length } = places;
  return {
    length,
    times: Float64Array.from(places, (at) => events.times[at]),
    types: Uint8Array.from(places, (at) => events.types[at]),
    numbers(column) {
      const values = events.numbers(column);
      return Float64Array.from(places, (at) => values[at]);
    },
    texts(column) {
      const values = events.texts(column);
      return Array.from(places, (at) => values[at]);
    },
  };
}
