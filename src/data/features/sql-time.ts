// The zone table as SQL: local time and local days from UTC milliseconds, without any calendar of the engine's own.
import { DAY_MS, HOUR_MS, type ZoneOffsets } from '../../core/time.ts';

/** A whole number of days added before dividing, so that moments before 1970 divide downwards too. */
const LIFT_DAYS = 1_000_000;

/** The zone's offset in ms at `moment` (an SQL expression of UTC ms), latest shift first. */
export function zoneOffsetSql(zone: ZoneOffsets, moment: string): string {
  const [first, ...later] = zone.shifts;
  if (later.length === 0) return `(${first.offsetMs})`;
  const cases = later
    .toReversed()
    .map(({ startMs, offsetMs }) => `WHEN ${moment} >= ${startMs} THEN ${offsetMs}`);
  return `(CASE ${cases.join(' ')} ELSE ${first.offsetMs} END)`;
}

const liftedSql = (zone: ZoneOffsets, moment: string): string =>
  `(${moment} + ${zoneOffsetSql(zone, moment)} + ${LIFT_DAYS * DAY_MS})`;

/** Days since 1970-01-01 on the shop's own calendar, INTEGER: `localDay` of core/time.ts in SQL. */
export const localDaySql = (zone: ZoneOffsets, moment: string): string =>
  `CAST(${liftedSql(zone, moment)} // ${DAY_MS} - ${LIFT_DAYS} AS INTEGER)`;

/** 0 = Monday. */
export const localWeekdaySql = (zone: ZoneOffsets, moment: string): string =>
  `CAST((${liftedSql(zone, moment)} // ${DAY_MS} - ${LIFT_DAYS} + ${7 * LIFT_DAYS + 3}) % 7 AS INTEGER)`;

/** 0–23 on the shop's clock. */
export const localHourSql = (zone: ZoneOffsets, moment: string): string =>
  `CAST((${liftedSql(zone, moment)} // ${HOUR_MS}) % 24 AS INTEGER)`;

/**
 * The zone with only the shifts that matter between two moments: a short CASE is a fast one.
 * With no range (NaN) the zone stays as it is.
 */
export function zoneWithin(zone: ZoneOffsets, fromMs: number, toMs: number): ZoneOffsets {
  if (Number.isNaN(fromMs) || Number.isNaN(toMs)) return zone;
  let start = 0;
  while (start + 1 < zone.shifts.length && zone.shifts[start + 1].startMs <= fromMs) start++;
  const [first, ...later] = zone.shifts.slice(start);
  return {
    zone: zone.zone,
    shifts: [
      { startMs: Number.NEGATIVE_INFINITY, offsetMs: first.offsetMs },
      ...later.filter(({ startMs }) => startMs <= toMs),
    ],
  };
}
