// Moments, days and time zones. Everything inside is UTC milliseconds; a zone is only a table of offsets.
import { AppError } from './errors.ts';

export const SECOND_MS = 1000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/**
 * A moment written as a date (`2011-06-11`, its first instant in UTC), a date and time (UTC unless it says otherwise),
 * or UTC milliseconds.
 *
 * @returns UTC ms
 * @throws AppError USAGE when it is none of these
 */
export function parseMoment(text: string): number {
  const trimmed = text.trim();
  if (/^\d{12,14}$/.test(trimmed)) return Number(trimmed);
  if (/^\d{4}-\d{2}-\d{2}$/.test(trimmed)) {
    const day = Date.parse(`${trimmed}T00:00:00Z`);
    if (!Number.isNaN(day) && new Date(day).toISOString().startsWith(trimmed)) return day;
  } else if (/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(trimmed)) {
    const withZone = /(Z|[+-]\d{2}:?\d{2})$/.test(trimmed) ? trimmed : `${trimmed}Z`;
    const moment = Date.parse(withZone.replace(' ', 'T'));
    if (!Number.isNaN(moment)) return moment;
  }
  throw new AppError(
    'USAGE',
    `expected a moment such as 2011-06-11 or 2011-06-11T08:00:00Z, got "${trimmed.slice(0, 40)}"`,
  );
}

/** A span written as `90d`, `12w`, `36h` or `45m` (minutes), in ms. */
export function parseSpan(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(d|w|h|m|s)$/.exec(text.trim());
  if (!match)
    throw new AppError('USAGE', `expected a span such as 90d, 12w, 36h or 5m, got "${text.slice(0, 40)}"`);
  const unitMs = { d: DAY_MS, w: 7 * DAY_MS, h: HOUR_MS, m: 60_000, s: SECOND_MS }[
    match[2] as 'd' | 'w' | 'h' | 'm' | 's'
  ];
  return Number(match[1]) * unitMs;
}

/** `2011-06-11` when the moment is a midnight, else `2011-06-11T17:52:00Z`. */
export function formatMoment(ms: number): string {
  const moment = fullMoment(ms);
  return moment.endsWith('T00:00:00Z') ? moment.slice(0, 10) : moment;
}

const fullMoment = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

export const formatDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** From `startMs` (inclusive) on, local time is UTC plus `offsetMs`. */
export interface ZoneShift {
  readonly startMs: number;
  readonly offsetMs: number;
}

/** A time zone over a range, as its list of offset changes; the first entry holds for everything before the second. */
export interface ZoneOffsets {
  readonly zone: string;
  readonly shifts: readonly ZoneShift[];
}

export const UTC: ZoneOffsets = { zone: 'UTC', shifts: [{ startMs: Number.NEGATIVE_INFINITY, offsetMs: 0 }] };

/**
 * The offsets of an IANA zone between two moments, exact to the second.
 *
 * @throws AppError USAGE for a zone the runtime does not know
 */
export function zoneOffsets(
  zone: string,
  fromMs = Date.UTC(1995, 0, 1),
  toMs = Date.UTC(2045, 0, 1),
): ZoneOffsets {
  const offsetAt = offsetReader(zone);
  const shifts: ZoneShift[] = [{ startMs: Number.NEGATIVE_INFINITY, offsetMs: offsetAt(fromMs) }];
  const strideMs = 14 * DAY_MS;
  for (let start = fromMs; start < toMs; start += strideMs) {
    const end = Math.min(start + strideMs, toMs);
    const after = offsetAt(end);
    if (after === shifts[shifts.length - 1].offsetMs) continue;
    let low = start;
    let high = end;
    while (high - low > SECOND_MS) {
      const middle = low + Math.floor((high - low) / 2 / SECOND_MS) * SECOND_MS;
      if (offsetAt(middle) === after) high = middle;
      else low = middle;
    }
    shifts.push({ startMs: high, offsetMs: after });
  }
  return { zone, shifts };
}

function offsetReader(zone: string): (ms: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new AppError(
      'USAGE',
      `expected an IANA time zone such as Asia/Shanghai, got "${zone.slice(0, 40)}"`,
      {},
      cause,
    );
  }
  return (ms) => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(ms)) part[type] = Number(value);
    return (
      Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) -
      Math.floor(ms / 1000) * 1000
    );
  };
}

/** The zone's offset at a UTC moment, in ms. */
export function offsetAt(zone: ZoneOffsets, ms: number): number {
  const { shifts } = zone;
  let index = shifts.length - 1;
  while (index > 0 && ms < shifts[index].startMs) index--;
  return shifts[index].offsetMs;
}

/** The zone's offsets at the first `count` of rising moments, in ms: one walk instead of a search each. */
export function offsetsAt({ shifts }: ZoneOffsets, rising: Float64Array, count: number): Float64Array {
  const offsets = new Float64Array(count);
  let index = shifts.length - 1;
  while (index > 0 && rising[0] < shifts[index].startMs) index--;
  for (let i = 0; i < count; i++) {
    while (index + 1 < shifts.length && rising[i] >= shifts[index + 1].startMs) index++;
    offsets[i] = shifts[index].offsetMs;
  }
  return offsets;
}

/** Whole days since 1970-01-01 on the shop's own calendar. */
export function localDay(zone: ZoneOffsets, ms: number): number {
  return Math.floor((ms + offsetAt(zone, ms)) / DAY_MS);
}

/** As `parseMoment`, but a date alone is its first instant on the shop's own calendar. */
export function parseLocalMoment(text: string, zone: ZoneOffsets): number {
  const moment = parseMoment(text);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text.trim())) return moment;
  // The offset just before midnight may differ from the one after it; the second look settles it.
  const first = moment - offsetAt(zone, moment - offsetAt(zone, moment));
  return moment - offsetAt(zone, first);
}

/** As `parseLocalMoment` takes it: the date alone for a midnight on the shop's own calendar, any other moment in full. */
export function formatLocalMoment(ms: number, zone: ZoneOffsets): string {
  const local = ms + offsetAt(zone, ms);
  return local % DAY_MS === 0 ? formatDay(local) : fullMoment(ms);
}
