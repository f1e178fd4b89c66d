// What somebody did, newest first, a page at a time: the events that are kept of them, as JSON.
import { isRecord } from '../../core/canonical-json.ts';
import { minorPerMajor } from '../../core/money.ts';
import { EVENT_TYPES } from '../../data/event.ts';
import type { UserEvents } from '../../data/features/user-events.ts';
import { placeAfter } from '../../data/features/user-log.ts';
import type { TimelineEvent } from '../api.ts';

/** Where a page ends: a moment, and how many of its events were shown by then. */
export const CURSOR = /^\d{1,16}\.\d{1,9}$/;

export interface TimelinePage {
  readonly kept: number;
  readonly timeline: readonly TimelineEvent[];
  readonly next?: string;
}

/**
 * Pages stay in step while newer events come: a cursor names a moment, not a place.
 *
 * @param before the `next` of the page before; the newest page where absent
 */
export function readTimeline(
  events: UserEvents,
  {
    asOfMs,
    most,
    before,
    currency,
  }: {
    readonly asOfMs: number;
    readonly most: number;
    readonly before?: string;
    readonly currency: string;
  },
): TimelinePage {
  const { times, length } = events;
  const kept = placeAfter(times, length, asOfMs);
  let end = kept;
  if (before !== undefined) {
    const [ms, shown] = before.split('.').map(Number);
    end = Math.max(0, Math.min(kept, placeAfter(times, length, ms) - shown));
  }
  const start = Math.max(0, end - most);
  const read = cellReader(events, minorPerMajor(currency));
  const timeline = Array.from({ length: end - start }, (_, i) => read(end - 1 - i));
  if (start === 0 || most === 0) return { kept, timeline };
  const oldest = times[start];
  return { kept, timeline, next: `${oldest}.${placeAfter(times, length, oldest) - start}` };
}

const TEXTS = ['item_id', 'order_id', 'session_id', 'query', 'device', 'channel', 'country'] as const;
const NUMBERS = ['quantity', 'rating', 'position'] as const;

function cellReader(events: UserEvents, perMajor: number): (at: number) => TimelineEvent {
  const texts = TEXTS.map((column) => [column, events.texts(column)] as const);
  const numbers = NUMBERS.map((column) => [column, events.numbers(column)] as const);
  const prices = events.numbers('price_minor');
  const props = events.texts('props');
  return (at) => {
    const told = propsOf(props[at]);
    return {
      type: EVENT_TYPES[events.types[at]],
      timestamp: events.times[at],
      ...Object.fromEntries(texts.flatMap(([column, own]) => (own[at] === null ? [] : [[column, own[at]]]))),
      ...Object.fromEntries(
        numbers.flatMap(([column, own]) => (Number.isNaN(own[at]) ? [] : [[column, own[at]]])),
      ),
      ...(!Number.isNaN(prices[at]) && { price: prices[at] / perMajor }),
      ...(told && { props: told }),
    };
  };
}

function propsOf(text: string | null): TimelineEvent['props'] | undefined {
  if (text === null || text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    // An import keeps what it found; what is no JSON is not shown.
    return undefined;
  }
}
