// What an aggregate has made of the events so far: a few values that later events are added to, one after the other.
import { compareTexts } from '../../core/text-order.ts';
import { type Aggregate, emptyValue } from './aggregate.ts';
import type { EventFilter } from './definition.ts';
import { fieldNamed } from './fields.ts';
import type { UserLog } from './user-log.ts';

export type Atom = number | string | null;

/** Plain values, so that they can be written to a file; what each means is its aggregate's to know. */
export type Digest = Atom[];

/** An aggregate as a left fold over events in time order. */
export interface Digester {
  start(): Digest;
  /** Adds the log's events of the window that ends at `asOfMs`; none of them is earlier than what was added before. */
  add(digest: Digest, log: UserLog, asOfMs: number): void;
  value(digest: Digest): Atom;
  /** Events may also be added late, after others that followed them. */
  readonly inAnyOrder: boolean;
}

/** Which of the matching events lie in a window, the end not included. */
interface Places {
  readonly places: Int32Array;
  readonly from: number;
  readonly to: number;
}

type Pick = (log: UserLog, asOfMs: number) => Places;

function picker({ filter, lookbackMs, untilMs = 0 }: Aggregate): Pick {
  return (log, asOfMs) => {
    const places = log.matching(filter);
    const from = lookbackMs === undefined ? 0 : countUntil(log, places, asOfMs - lookbackMs);
    const to = untilMs === 0 ? places.length : countUntil(log, places, asOfMs - untilMs);
    return { places, from, to };
  };
}

/** How many of the places are of events not after `ms`. */
function countUntil({ times }: UserLog, places: Int32Array, ms: number): number {
  let from = 0;
  let to = places.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (times[places[middle]] <= ms) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** @throws AppError BAD_DEFINITION */
export function digesterOf(aggregate: Aggregate): Digester {
  const { op, field = '', filter } = aggregate;
  const pick = picker(aggregate);
  switch (op) {
    case 'count':
      return adding((log, asOfMs) => {
        const { from, to } = pick(log, asOfMs);
        return to - from;
      });
    case 'present':
      return adding((log, asOfMs) => {
        const { places, from, to } = pick(log, asOfMs);
        const values = log.field(field);
        let count = 0;
        for (let k = from; k < to; k++) if (isThere(values[places[k]])) count++;
        return count;
      });
    case 'sum':
      return adding((log, asOfMs) => sumOf(log.field(field), pick(log, asOfMs)));
    case 'min':
      return extreme(field, pick, -1);
    case 'max':
      return extreme(field, pick, 1);
    case 'distinct':
      return distinct(field, pick);
    case 'last':
      return edge(field, pick, 1);
    case 'first':
      return edge(field, pick, -1);
    case 'gap_sum':
    case 'gap_squares':
      return gaps(filter, op);
    case 'first_day_sum':
      return firstDaySum(field, filter);
    case 'sessions':
    case 'session_ms':
      return sessions(aggregate, op);
    case 'unanswered':
      return unanswered(aggregate, pick);
  }
}

const isThere = (value: Atom): boolean => value !== null && !Number.isNaN(value);

function sumOf(values: ArrayLike<Atom>, { places, from, to }: Places): number {
  let sum = 0;
  for (let k = from; k < to; k++) {
    const value = values[places[k]] as number;
    if (!Number.isNaN(value)) sum += value;
  }
  return sum;
}

const first = (digest: Digest): Atom => digest[0];

/** [total] */
const adding = (amount: (log: UserLog, asOfMs: number) => number): Digester => ({
  start: () => [0],
  add(digest, log, asOfMs) {
    digest[0] = (digest[0] as number) + amount(log, asOfMs);
  },
  value: first,
  inAnyOrder: true,
});

/** [the best so far] */
const extreme = (field: string, pick: Pick, sign: 1 | -1): Digester => ({
  start: () => [Number.NaN],
  add(digest, log, asOfMs) {
    const { places, from, to } = pick(log, asOfMs);
    const values = log.field(field) as ArrayLike<number>;
    let best = digest[0] as number;
    for (let k = from; k < to; k++) {
      const value = values[places[k]];
      if (!Number.isNaN(value) && !(value * sign <= best * sign)) best = value;
    }
    digest[0] = best;
  },
  value: first,
  inAnyOrder: true,
});

/** [each value once …] */
const distinct = (field: string, pick: Pick): Digester => ({
  start: () => [],
  add(digest, log, asOfMs) {
    const { places, from, to } = pick(log, asOfMs);
    const values = log.field(field);
    const met = new Set<Atom>(digest);
    for (let k = from; k < to; k++) {
      const value = values[places[k]];
      if (!isThere(value) || met.has(value)) continue;
      met.add(value);
      digest.push(value);
    }
  },
  value: (digest) => digest.length,
  inAnyOrder: true,
});

/** [moment, value]: the greatest (`last`) or least (`first`) value where moments tie. */
function edge(field: string, pick: Pick, sign: 1 | -1): Digester {
  const empty = fieldNamed(field).kind === 'text' ? null : emptyValue('last');
  return {
    start: () => [-sign * Number.POSITIVE_INFINITY, empty],
    add(digest, log, asOfMs) {
      const { places, from, to } = pick(log, asOfMs);
      const values = log.field(field);
      const step = -sign;
      for (let k = sign === 1 ? to - 1 : from; k >= from && k < to; k += step) {
        const value = values[places[k]];
        if (!isThere(value)) continue;
        const beyond = (log.times[places[k]] - (digest[0] as number)) * sign;
        if (beyond < 0) return;
        if (beyond > 0 || compareAtoms(value, digest[1]) * sign > 0) {
          digest[0] = log.times[places[k]];
          digest[1] = value;
        }
      }
    },
    value: (digest) => digest[1],
    inAnyOrder: true,
  };
}

const compareAtoms = (a: Atom, b: Atom): number =>
  typeof a === 'string' ? compareTexts(a, b as string) : (a as number) - (b as number);

/** Days before the greatest one of which it is known whether they were met. */
const DAYS_REMEMBERED = 32;

/**
 * [the day met last, the greatest, which days before it were met (bits), sum of gaps, sum of their squares]: gaps between
 * local days, each day taken when first met. Where clocks go back over midnight a day comes after the next one.
 */
function gaps(filter: EventFilter, op: 'gap_sum' | 'gap_squares'): Digester {
  return {
    start: () => [Number.NaN, Number.NEGATIVE_INFINITY, 0, 0, 0],
    add(digest, log) {
      const days = log.field('day') as ArrayLike<number>;
      let [before, greatest, met, sum, squares] = digest as number[];
      for (const at of log.matching(filter)) {
        const ahead = days[at] - greatest;
        if (ahead > 0) {
          met = ahead < DAYS_REMEMBERED ? ((met << ahead) | 1) >>> 0 : 1;
          greatest = days[at];
        } else {
          const bit = -ahead < DAYS_REMEMBERED ? (1 << -ahead) >>> 0 : 0;
          if ((met & bit) !== 0) continue;
          met = (met | bit) >>> 0;
        }
        if (!Number.isNaN(before)) {
          sum += days[at] - before;
          squares += (days[at] - before) ** 2;
        }
        before = days[at];
      }
      digest.splice(0, 5, before, greatest, met, sum, squares);
    },
    value: (digest) => digest[op === 'gap_sum' ? 3 : 4],
    inAnyOrder: false,
  };
}

/** [first day, sum on it] */
const firstDaySum = (field: string, filter: EventFilter): Digester => ({
  start: () => [Number.NaN, 0],
  add(digest, log) {
    const places = log.matching(filter);
    if (places.length === 0) return;
    const days = log.field('day');
    if (Number.isNaN(digest[0])) digest[0] = days[places[0]];
    const values = log.field(field) as ArrayLike<number>;
    for (const at of places) {
      if (days[at] === digest[0] && !Number.isNaN(values[at])) digest[1] = (digest[1] as number) + values[at];
    }
  },
  value: (digest) => digest[1],
  inAnyOrder: false,
});

/** [the moment before, sessions opened, ms inside them]; the moment is kept outside of the window, too. */
function sessions(aggregate: Aggregate, op: 'sessions' | 'session_ms'): Digester {
  const { filter, gapMs = 0, lookbackMs, untilMs = 0 } = aggregate;
  return {
    start: () => [Number.NEGATIVE_INFINITY, 0, 0],
    add(digest, log, asOfMs) {
      const opening = lookbackMs === undefined ? Number.NEGATIVE_INFINITY : asOfMs - lookbackMs;
      let [before, opened, inside] = digest as number[];
      for (const at of log.matching(filter)) {
        const time = log.times[at];
        if (time === before) continue;
        const silence = time - before;
        before = time;
        if (time <= opening || time > asOfMs - untilMs) continue;
        if (silence > gapMs) opened++;
        else inside += silence;
      }
      digest.splice(0, 3, before, opened, inside);
    },
    value: (digest) => digest[op === 'sessions' ? 1 : 2],
    inAnyOrder: false,
  };
}

/** [the last answer's moment, asks after it] */
function unanswered({ answer = {} }: Aggregate, pick: Pick): Digester {
  return {
    start: () => [Number.NEGATIVE_INFINITY, 0],
    add(digest, log, asOfMs) {
      const replies = log.matching(answer);
      if (replies.length > 0) {
        digest[0] = log.times[replies[replies.length - 1]];
        // What was asked before was asked no later than any event of this log.
        digest[1] = 0;
      }
      const { places, from, to } = pick(log, asOfMs);
      let open = digest[1] as number;
      for (let k = from; k < to; k++) if (log.times[places[k]] > (digest[0] as number)) open++;
      digest[1] = open;
    },
    value: (digest) => digest[1],
    inAnyOrder: false,
  };
}
