// The newest events told in order, for the online fold.
import { filterKey } from './aggregate.ts';
import { classOf, type SequenceReading, sequenceReading } from './classes.ts';
import type { SequenceRule } from './definition.ts';
import type { UserLog } from './user-log.ts';

export interface ToldSequence {
  readonly values: (string | null)[];
  /** Fewer than could be told: there were no more events in the log, and none too old. */
  readonly ranOut: boolean;
}

/** @param beforeMs the moment of the last matching event before the log's own, −∞ where there is none */
export type TellSequence = (log: UserLog, asOfMs: number, beforeMs: number) => ToldSequence;

/** Under which key the moment before the log's own events is kept; only pauses ask for it. */
export const momentKey = ({ filter, measure }: SequenceRule): string | undefined =>
  measure === 'gap' ? `moment|${filterKey(filter)}` : undefined;

/** What the event at one of a filter's places says, or null. */
type Tell = (log: UserLog, places: Int32Array, at: number, when: Moments) => string | null;

interface Moments {
  readonly asOfMs: number;
  readonly beforeMs: number;
}

/** @throws AppError BAD_DEFINITION */
export function sequenceTeller(name: string, rule: SequenceRule): TellSequence {
  const { filter, lookbackMs, limit, keepMissing } = rule;
  const tell = tellerOf(sequenceReading(name, rule));
  return (log, asOfMs, beforeMs) => {
    const when = { asOfMs, beforeMs };
    const opening = lookbackMs === undefined ? Number.NEGATIVE_INFINITY : asOfMs - lookbackMs;
    const places = log.matching(filter);
    const values: (string | null)[] = [];
    let at = places.length - 1;
    for (; at >= 0 && values.length < limit && log.times[places[at]] > opening; at--) {
      const value = tell(log, places, at, when);
      if (keepMissing || value !== null) values.push(value);
    }
    return { values: values.reverse(), ranOut: at < 0 && values.length < limit };
  };
}

function tellerOf(reading: SequenceReading): Tell {
  if (reading.kind === 'text')
    return (log, places, at) => log.field(reading.field)[places[at]] as string | null;
  const { measure, field, cuts, levels } = reading;
  const named = (value: number): string => levels[classOf(cuts, value)];
  switch (measure) {
    case 'age':
      return (log, places, at, { asOfMs }) => named(asOfMs - log.times[places[at]]);
    case 'gap':
      return ({ times }, places, at, { beforeMs }) => {
        const before = at === 0 ? beforeMs : times[places[at - 1]];
        return Number.isFinite(before) ? named(times[places[at]] - before) : null;
      };
    case 'value':
      return (log, places, at) => {
        const value = log.field(field)[places[at]] as number;
        return Number.isNaN(value) ? null : named(value);
      };
  }
}
