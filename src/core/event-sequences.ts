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
