// The columns in which a customer's newest events stand side by side: the names under which data gives and models read them.

/**
 * Sequence columns of a frame, place k of each telling of the same event. Times, prices and amounts are levels named by
 * the number they begin at (milliseconds, minor units), or `below` all.
 */
export const EVENT_SEQUENCES = {
  types: 'event_types',
  items: 'event_items',
  categories: 'event_categories',
  /** Since the event before. */
  gaps: 'event_gaps',
  /** From the event to the moment of the row. */
  ages: 'event_ages',
  prices: 'event_prices',
  amounts: 'event_amounts',
} as const;

export type EventSequence = keyof typeof EVENT_SEQUENCES;

/**
 * Beside them where an answer is to be told in words, read by no model: the day of each event, by the age of the midnight
 * that ended it (milliseconds before the moment of the row), `below` for the day of the row itself.
 */
export const EVENT_DAYS = 'event_days';

/** Classes of days there are; what happened before the last began has no day of its own. */
export const MOST_EVENT_DAYS = 1826;
