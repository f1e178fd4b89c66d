// What may become of one event of a request, and the words for why it is refused.
import type { EventRow } from '../../data/event.ts';

/** Why an event is refused; the first that holds counts. Words shared with the import mean the same there. */
export const REJECT_REASONS = {
  bad_json: 'the line is not JSON',
  not_an_object: 'an event is a JSON object',
  too_deep: 'properties are nested more than 32 deep',
  unknown_field: 'there is no field of this name',
  missing_field: 'a field that is needed is missing',
  wrong_type: 'the value is not of the type the field has',
  bad_value: 'the value is not one the field may have',
  bad_text: 'the text holds half a surrogate pair, which no encoding can keep',
  text_too_long: 'a text is longer than 1 MiB, or an id longer than 512 bytes',
  missing_time: 'there is no time',
  bad_time: 'the time is neither UTC milliseconds nor ISO 8601 with its zone',
  before_1990: 'the time is before 1990',
  future_date: 'the time is more than a day in the future',
  missing_type: 'there is no event type',
  unknown_type: 'the event type is none of ours',
  bad_number: 'a quantity, price, rating or position is no number, or too large',
  negative_price: 'the price is negative and the event is no refund',
  negative_quantity: 'the quantity is negative and the event is no refund',
  missing_currency: 'there is a price, and neither the event nor the workspace says in which currency',
  wrong_currency: 'the price is in a currency the workspace has no exchange rate for',
  bad_quoting: 'a quote opens or closes where none may',
  ragged_row: 'the line has more or fewer cells than the header',
  no_consent: 'the person has not agreed to be counted',
} as const;

export type RejectReason = keyof typeof REJECT_REASONS;

/** Why an event is left alone: it is understood, and it says nothing the lake has a place for. */
export const IGNORE_REASONS = {
  not_a_shop_event: 'the event says nothing about a shop; map its name if it does',
  not_paid: 'the order is not a sale (yet): pending, failed, cancelled, void or a test',
  names_no_customer:
    'the message does not name the customer; the update of the order carries the same with them',
} as const;

export type IgnoreReason = keyof typeof IGNORE_REASONS;

/** `pointer` is a JSON pointer (RFC 6901) into the body as it was sent. */
export interface Rejection {
  readonly pointer: string;
  readonly reason: RejectReason;
}

/** What the person agreed to, as far as the event says. */
export interface ConsentStatement {
  /** The event may be counted. */
  readonly analytics?: boolean;
  /** The person may be recognised, and predictions made about them. */
  readonly personalization?: boolean;
}

/** An event that was understood: its rows (one an item line), not yet stitched, pseudonymised or filtered by consent. */
export interface Understood {
  /** `event_id` is empty in each row when the sender gave none. Otherwise already one of a kind in each. */
  readonly rows: readonly EventRow[];
  /** The time as the sender's clock said, before any correction; undefined when it said none. */
  readonly statedMs?: number;
  /** How an id is made of a row as the lake keeps it, where the sender gave none and the usual way is not to be used. */
  readonly idOf?: (row: EventRow) => string;
  readonly consent?: ConsentStatement;
  /** Where consent stands in the body. */
  readonly pointer: string;
}

export type Ingested =
  | Understood
  | { readonly rejected: Rejection }
  | { readonly ignored: IgnoreReason; readonly pointer: string };

/** What a format needs to know besides the body. */
export interface IngestContext {
  /** When the server had the request, UTC ms. */
  readonly receivedMs: number;
  /** The lake's currency; empty while none is decided. */
  readonly currency: string;
  /** Other currencies that may come, and what one unit is worth in the lake's, as decimal text. */
  readonly exchange: Readonly<Record<string, string>>;
  /** The shop's own names of events → ours, besides those of the format. */
  readonly eventNames: Readonly<Record<string, EventRow['type']>>;
}
