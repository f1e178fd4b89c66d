// When models are trained anew: every so often, or each day at a time of the shop's own clock.
import { AppError } from '../../core/errors.ts';
import { DAY_MS, localDay, offsetAt, parseSpan, type ZoneOffsets } from '../../core/time.ts';

export type Schedule =
  | { readonly kind: 'every'; readonly ms: number }
  /** Ms after midnight on the shop's calendar. */
  | { readonly kind: 'daily'; readonly atMs: number };

/** Training more often than this would never end. */
const LEAST_MS = 1000;

/** `1d`, `12h`, or a time of day such as `03:30`. @throws AppError USAGE */
export function parseSchedule(text: string): Schedule {
  const time = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim());
  if (time) return { kind: 'daily', atMs: (Number(time[1]) * 60 + Number(time[2])) * 60_000 };
  const ms = parseSpan(text);
  if (ms >= LEAST_MS) return { kind: 'every', ms };
  throw new AppError('USAGE', `expected a span such as 1d or a time of day such as 03:30, got "${text}"`);
}

/**
 * The next moment after the last one, UTC ms. A time of day that the zone leaves out in spring comes as much later as its clocks
 * are put forward; one that comes twice in autumn counts once.
 */
export function nextMoment(schedule: Schedule, lastMs: number, zone: ZoneOffsets): number {
  if (schedule.kind === 'every') return lastMs + schedule.ms;
  for (let day = localDay(zone, lastMs); ; day++) {
    const moment = localMoment(zone, day * DAY_MS + schedule.atMs);
    if (moment > lastMs) return moment;
  }
}

/** The UTC moment of a time on the shop's clock, the first of two. */
function localMoment(zone: ZoneOffsets, local: number): number {
  const about = local - offsetAt(zone, local);
  const before = offsetAt(zone, about - DAY_MS / 2);
  const after = offsetAt(zone, about + DAY_MS / 2);
  if (offsetAt(zone, local - before) === before) return local - before;
  return offsetAt(zone, local - after) === after ? local - after : local - before;
}
