// One user's events up to a moment, with every filter and field evaluated once, whichever features ask.
import { filterKey } from './aggregate.ts';
import type { EventFilter } from './definition.ts';
import { type FieldContext, fieldNamed } from './fields.ts';
import { filterPredicate } from './filter.ts';
import type { UserEvents } from './user-events.ts';

/** Values of a field, one an event: a number is NaN, a text null where it is missing. */
export type FieldValues = ArrayLike<number | string | null>;

export interface UserLog {
  /** Rising; the first `known` are up to the moment. */
  readonly times: Float64Array;
  readonly known: number;
  /** Places of the known events that the filter lets through, rising. */
  matching(filter: EventFilter): Int32Array;
  field(name: string): FieldValues;
}

/** @throws AppError BAD_DEFINITION once a filter is used that is not valid */
export type OpenLog = (events: UserEvents, untilMs: number) => UserLog;

/** Filters are compiled once, for one user after another. */
export function openLogs(context: FieldContext): OpenLog {
  const compiled = new Map<EventFilter, { key: string; predicate: ReturnType<typeof filterPredicate> }>();
  const compile = (filter: EventFilter) => {
    let found = compiled.get(filter);
    if (!found) {
      found = { key: filterKey(filter), predicate: filterPredicate(filter) };
      compiled.set(filter, found);
    }
    return found;
  };
  return (events, untilMs) => {
    const { times, types } = events;
    const known = placeAfter(times, events.length, untilMs);
    const matches = new Map<string, Int32Array>();
    const fields = new Map<string, FieldValues>();
    const field = (name: string): FieldValues => {
      let values = fields.get(name);
      if (!values) {
        values = fieldNamed(name).read(events, context) as FieldValues;
        fields.set(name, values);
      }
      return values;
    };
    return {
      times,
      known,
      field,
      matching(filter) {
        const { key, predicate } = compile(filter);
        let found = matches.get(key);
        if (!found) {
          const passes = predicate({ types, field });
          found = new Int32Array(known);
          let count = 0;
          for (let at = 0; at < known; at++) if (passes(at)) found[count++] = at;
          found = found.subarray(0, count);
          matches.set(key, found);
        }
        return found;
      },
    };
  };
}

/** How many of the first `length` rising moments are not after `ms`. */
export function placeAfter(times: Float64Array, length: number, ms: number): number {
  let from = 0;
  let to = length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (times[middle] <= ms) from = middle + 1;
    else to = middle;
  }
  return from;
}
