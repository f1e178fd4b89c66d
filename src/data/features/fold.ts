// The online compiler: one user's events folded into the same values that SQL gives, for serving one prediction.
import { compareTexts } from '../../core/text-order.ts';
import { localDay } from '../../core/time.ts';
import type { EventRow } from '../event.ts';
import { type Aggregate, emptyValue, filterKey } from './aggregate.ts';
import { classOf, type SequenceReading, sequenceReading } from './classes.ts';
import type { EventFilter, FeatureView, SequenceRule } from './definition.ts';
import { type FieldContext, fieldNamed } from './fields.ts';
import { filterPredicate } from './filter.ts';
import { planView } from './plan.ts';

/** A number (NaN where missing), a category (null where missing), or a sequence (null at places that are kept though missing). */
export type FeatureValue = number | string | null | readonly (string | null)[];

/** Folds events of one user, in any order, into the view's values at `asOfMs`; later events are not looked at. */
export type Fold = (events: readonly EventRow[], asOfMs: number) => FeatureValue[];

type Atom = number | string | null;

/** One user's events up to a moment, in time order, with every filter and field evaluated once. */
interface UserLog {
  readonly times: Float64Array;
  /** Positions of the events a filter lets through, ascending. */
  matching(filter: EventFilter): readonly number[];
  field(name: string): readonly (number | string | null)[];
}

/**
 * Compiles a view once for many users.
 *
 * Cost per call: events × different filters and fields, plus matching events × aggregates.
 *
 * @throws AppError BAD_DEFINITION
 */
export function compileFold(view: FeatureView, context: FieldContext): Fold {
  const plan = planView(view);
  const predicates = new Map<string, ReturnType<typeof filterPredicate>>();
  const predicateOf = (filter: EventFilter) => {
    const key = filterKey(filter);
    const predicate = predicates.get(key) ?? filterPredicate(filter);
    predicates.set(key, predicate);
    return predicate;
  };
  const evaluators = plan.aggregates.map((aggregate) => evaluator(aggregate));
  const sequences = plan.features.map((planned) =>
    planned.kind === 'sequence' ? sequenceEvaluator(planned.feature.name, planned.rule) : undefined,
  );
  return (events, asOfMs) => {
    const log = openLog(events, asOfMs, { context, predicateOf });
    const atoms = evaluators.map((evaluate) => evaluate(log, asOfMs));
    const moment = { asOfMs, day: localDay(context.zone, asOfMs) };
    return plan.features.map((planned, f): FeatureValue => {
      if (planned.kind === 'sequence') return sequences[f]?.(log, asOfMs) ?? [];
      if (planned.kind === 'category') {
        const value = atoms[planned.slots[0]];
        return typeof value === 'string' ? value : null;
      }
      return planned.formula.finish(
        planned.slots.map((slot) => atoms[slot] as number),
        moment,
      );
    });
  };
}

/** {@link compileFold} for a single call. */
export function foldUser(
  view: FeatureView,
  events: readonly EventRow[],
  asOfMs: number,
  context: FieldContext,
): FeatureValue[] {
  return compileFold(view, context)(events, asOfMs);
}

function openLog(
  events: readonly EventRow[],
  asOfMs: number,
  how: { context: FieldContext; predicateOf(filter: EventFilter): ReturnType<typeof filterPredicate> },
): UserLog {
  const known = events
    .filter((event) => event.timestamp <= asOfMs)
    .sort((a, b) => a.timestamp - b.timestamp || compareTexts(a.event_id, b.event_id));
  const matches = new Map<string, number[]>();
  const fields = new Map<string, (number | string | null)[]>();
  return {
    times: Float64Array.from(known, (event) => event.timestamp),
    matching(filter) {
      const key = filterKey(filter);
      let found = matches.get(key);
      if (!found) {
        const predicate = how.predicateOf(filter);
        found = [];
        for (let i = 0; i < known.length; i++) if (predicate(known[i], how.context)) found.push(i);
        matches.set(key, found);
      }
      return found;
    },
    field(name) {
      let values = fields.get(name);
      if (!values) {
        const field = fieldNamed(name);
        values = known.map((event) => field.read(event, how.context));
        fields.set(name, values);
      }
      return values;
    },
  };
}

type Evaluate = (log: UserLog, asOfMs: number) => Atom;

function evaluator(aggregate: Aggregate): Evaluate {
  const { op, filter, field: fieldName = '', lookbackMs, untilMs = 0 } = aggregate;
  /** Positions of the matching events inside the window. */
  const inWindow = (log: UserLog, asOfMs: number): readonly number[] => {
    const all = log.matching(filter);
    const from = lookbackMs === undefined ? Number.NEGATIVE_INFINITY : asOfMs - lookbackMs;
    const until = asOfMs - untilMs;
    return lookbackMs === undefined && untilMs === 0
      ? all
      : all.filter((i) => log.times[i] > from && log.times[i] <= until);
  };
  const present = (log: UserLog, asOfMs: number): readonly (number | string)[] => {
    const values = log.field(fieldName);
    return inWindow(log, asOfMs).flatMap((i) => values[i] ?? []);
  };
  switch (op) {
    case 'count':
      return (log, asOfMs) => inWindow(log, asOfMs).length;
    case 'present':
      return (log, asOfMs) => present(log, asOfMs).length;
    case 'sum':
      return (log, asOfMs) => total(present(log, asOfMs) as number[]);
    case 'min':
      return (log, asOfMs) => extreme(present(log, asOfMs) as number[], -1);
    case 'max':
      return (log, asOfMs) => extreme(present(log, asOfMs) as number[], 1);
    case 'distinct':
      return (log, asOfMs) => new Set(present(log, asOfMs)).size;
    case 'last':
    case 'first':
      return (log, asOfMs) => edge(log, fieldName, inWindow(log, asOfMs), op);
    case 'gap_sum':
    case 'gap_squares':
      return (log) => {
        const met = gaps(log, filter);
        return total(op === 'gap_sum' ? met : met.map((gap) => gap * gap));
      };
    case 'first_day_sum':
      return (log) => {
        const days = log.field('day');
        const values = log.field(fieldName);
        const all = log.matching(filter);
        return total(
          all.filter((i) => days[i] === days[all[0]]).map((i) => (values[i] as number | null) ?? 0),
        );
      };
    case 'sessions':
    case 'session_ms':
      return (log, asOfMs) => visits(log, aggregate, asOfMs)[op];
    case 'unanswered':
      return (log, asOfMs) => {
        const replies = log.matching(aggregate.answer ?? {});
        const last = replies.length === 0 ? Number.NEGATIVE_INFINITY : log.times[replies[replies.length - 1]];
        return inWindow(log, asOfMs).filter((i) => log.times[i] > last).length;
      };
  }
}

function total(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function extreme(values: readonly number[], sign: 1 | -1): number {
  let best = Number.NaN;
  for (const value of values) if (!(value * sign <= best * sign)) best = value;
  return best;
}

/** The value at the outermost moment; the greatest (`last`) or least (`first`) one where moments tie. */
function edge(log: UserLog, fieldName: string, positions: readonly number[], op: 'last' | 'first'): Atom {
  const values = log.field(fieldName);
  const filled = positions.filter((i) => values[i] !== null);
  if (filled.length === 0) return fieldNamed(fieldName).kind === 'text' ? null : emptyValue(op);
  const moment = log.times[filled[op === 'last' ? filled.length - 1 : 0]];
  const tied = filled.filter((i) => log.times[i] === moment).map((i) => values[i] as number | string);
  const sorted = tied.sort((a, b) =>
    typeof a === 'string' ? compareTexts(a, b as string) : a - (b as number),
  );
  return sorted[op === 'last' ? sorted.length - 1 : 0];
}

/** Gaps between local days, each day taken when first met. */
function gaps(log: UserLog, filter: EventFilter): number[] {
  const days = log.field('day') as readonly number[];
  const met = new Set<number>();
  const found: number[] = [];
  let before = Number.NaN;
  for (const i of log.matching(filter)) {
    if (met.has(days[i])) continue;
    met.add(days[i]);
    if (!Number.isNaN(before)) found.push(days[i] - before);
    before = days[i];
  }
  return found;
}

function visits(log: UserLog, { filter, gapMs = 0, lookbackMs, untilMs = 0 }: Aggregate, asOfMs: number) {
  const from = lookbackMs === undefined ? Number.NEGATIVE_INFINITY : asOfMs - lookbackMs;
  let sessions = 0;
  let sessionMs = 0;
  let before = Number.NEGATIVE_INFINITY;
  for (const i of log.matching(filter)) {
    const time = log.times[i];
    if (time === before) continue;
    const silence = time - before;
    before = time;
    if (time <= from || time > asOfMs - untilMs) continue;
    if (silence > gapMs) sessions++;
    else sessionMs += silence;
  }
  return { sessions, session_ms: sessionMs };
}

/** What the event at one of a filter's places says, or null. */
type Tell = (log: UserLog, places: readonly number[], at: number, asOfMs: number) => string | null;

function sequenceEvaluator(
  name: string,
  rule: SequenceRule,
): (log: UserLog, asOfMs: number) => (string | null)[] {
  const { filter, lookbackMs, limit, keepMissing } = rule;
  const tell = tellerOf(sequenceReading(name, rule));
  return (log, asOfMs) => {
    const from = lookbackMs === undefined ? Number.NEGATIVE_INFINITY : asOfMs - lookbackMs;
    const places = log.matching(filter);
    const told: (string | null)[] = [];
    for (let at = places.length - 1; at >= 0 && told.length < limit && log.times[places[at]] > from; at--) {
      const value = tell(log, places, at, asOfMs);
      if (keepMissing || value !== null) told.push(value);
    }
    return told.reverse();
  };
}

function tellerOf(reading: SequenceReading): Tell {
  if (reading.kind === 'text')
    return (log, places, at) => log.field(reading.field)[places[at]] as string | null;
  const { measure, field, cuts, levels } = reading;
  const named = (value: number): string => levels[classOf(cuts, value)];
  switch (measure) {
    case 'age':
      return (log, places, at, asOfMs) => named(asOfMs - log.times[places[at]]);
    case 'gap':
      return ({ times }, places, at) => (at === 0 ? null : named(times[places[at]] - times[places[at - 1]]));
    case 'value':
      return (log, places, at) => {
        const value = log.field(field)[places[at]] as number | null;
        return value === null ? null : named(value);
      };
  }
}
