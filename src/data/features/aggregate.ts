// The atoms every feature is made of: integers over one user's events, the same whichever engine adds them up.
import type { EventFilter } from './definition.ts';

/**
 * What is computed over the events of `filter` in `(asOf − lookbackMs, asOf − untilMs]`.
 *
 * - `count` events; `present` events in which the field is present
 * - `sum`, `min`, `max` of a field; `distinct` values of a field
 * - `last`, `first` value of a field (ties: greatest, least)
 * - `gap_sum`, `gap_squares` of the gaps between local days, each taken when first met
 * - `first_day_sum` of a field on the local day of the first event
 * - `sessions` opened, `session_ms` inside sessions, cut at `gapMs` of silence
 * - `unanswered` events with no event of `answer` at the same moment or later by `asOf`
 *
 * Counts and sums are 0 and the others NaN when nothing matches.
 */
export interface Aggregate {
  readonly op:
    | 'count'
    | 'present'
    | 'sum'
    | 'min'
    | 'max'
    | 'distinct'
    | 'last'
    | 'first'
    | 'gap_sum'
    | 'gap_squares'
    | 'first_day_sum'
    | 'sessions'
    | 'session_ms'
    | 'unanswered';
  readonly filter: EventFilter;
  readonly field?: string;
  readonly lookbackMs?: number;
  readonly untilMs?: number;
  readonly gapMs?: number;
  readonly answer?: EventFilter;
}

/** What an aggregate is where nothing matches. */
export function emptyValue(op: Aggregate['op']): number {
  return op === 'min' || op === 'max' || op === 'last' || op === 'first' ? Number.NaN : 0;
}

/** Equal filters have equal keys, whatever the order of their types and conditions. */
export function filterKey(filter: EventFilter): string {
  const types = filter.types ? [...filter.types].sort().join(',') : '*';
  const where = (filter.where ?? []).map(({ field, is, value }) =>
    JSON.stringify([field, is, value ?? null]),
  );
  return `${types}?${where.sort().join('&')}`;
}

/** Equal aggregates have equal keys, so each is computed once. */
export function aggregateKey(aggregate: Aggregate): string {
  const { op, field, lookbackMs, untilMs, gapMs, answer } = aggregate;
  return [
    op,
    field ?? '',
    lookbackMs ?? 'all',
    untilMs ?? 0,
    gapMs ?? '',
    answer ? filterKey(answer) : '',
    filterKey(aggregate.filter),
  ].join('|');
}
