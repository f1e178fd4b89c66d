// Visits cut the slow way, one event after another, sharing no code with the compiler.
import { compareTexts } from '../../src/core/text-order.ts';
import type { EventRow } from '../../src/data/event.ts';

const HALF_HOUR = 30 * 60 * 1000;
const ON_A_VISIT = new Set([
  'view',
  'search',
  'click',
  'add_to_cart',
  'remove_from_cart',
  'wishlist',
  'begin_checkout',
  'purchase',
]);

export interface BruteVisit {
  readonly visitor: string;
  /** The session id, or when it began. */
  readonly session: string;
  /** In time order. */
  readonly events: readonly EventRow[];
}

export const visitorOf = (row: EventRow): string | null =>
  row.user_id ?? row.anonymous_id ?? row.session_id ?? null;

/** In time order; equal moments by id. */
export const inTime = (rows: readonly EventRow[]): EventRow[] =>
  [...rows].sort((a, b) => a.timestamp - b.timestamp || compareTexts(a.event_id, b.event_id));

export function bruteVisits(rows: readonly EventRow[]): BruteVisit[] {
  const visits: { visitor: string; session: string; events: EventRow[] }[] = [];
  const visitors = new Set(rows.flatMap((row) => visitorOf(row) ?? []));
  for (const visitor of visitors) {
    const own = inTime(rows.filter((row) => visitorOf(row) === visitor && ON_A_VISIT.has(row.type)));
    const named = new Map<string, EventRow[]>();
    let unnamed: EventRow[] = [];
    let open: EventRow | undefined;
    for (const row of own) {
      if (row.session_id != null) open = row;
      const session =
        row.session_id ??
        (open && row.timestamp - open.timestamp <= HALF_HOUR ? (open.session_id as string) : undefined);
      if (session !== undefined) {
        const events = named.get(session) ?? [];
        if (events.length === 0) visits.push({ visitor, session, events });
        events.push(row);
        named.set(session, events);
        continue;
      }
      const before = unnamed.at(-1);
      if (!before || row.timestamp - before.timestamp > HALF_HOUR) {
        unnamed = [];
        visits.push({ visitor, session: new Date(row.timestamp).toISOString(), events: unnamed });
      }
      unnamed.push(row);
    }
  }
  return visits;
}
