import { afterAll, describe, expect, it, test } from 'vitest';
import { DAY_MS, localDay, offsetAt, zoneOffsets } from '../../core/time.ts';
import { openEngine } from '../engine.ts';
import { daysSinceSalesDay, daysToSalesDay, localDate, SALES_DAYS } from './calendar.ts';
import { localDaySql, localHourSql, localWeekdaySql, zoneWithin } from './sql-time.ts';

const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());

const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / DAY_MS;

describe('sales days', () => {
  it.each([
    ['2023-11-24', 0, 0],
    ['2024-11-28', 1, 17],
    ['2024-11-30', 12, 1],
    ['2024-12-26', 50, 1],
    ['2025-01-01', 44, 7],
    ['2021-11-11', 0, 0],
  ])('on %s the next one is %i days away and the last %i days ago', (date, next, last) => {
    expect(daysToSalesDay(dayOf(date), SALES_DAYS)).toBe(next);
    expect(daysSinceSalesDay(dayOf(date), SALES_DAYS)).toBe(last);
  });

  it('are missing where a shop has none', () => {
    expect(daysToSalesDay(dayOf('2024-01-01'), [])).toBeNaN();
    expect(daysSinceSalesDay(dayOf('2024-01-01'), [])).toBeNaN();
  });
});

test('a local date knows its weekday, its day of the year and leap years', () => {
  expect(localDate(dayOf('2024-12-31'))).toEqual({
    year: 2024,
    month: 12,
    weekday: 1,
    dayOfYear: 365,
    daysInYear: 366,
  });
  expect(localDate(dayOf('1969-12-31'))).toMatchObject({ year: 1969, month: 12, weekday: 2, dayOfYear: 364 });
});

test.each(['UTC', 'America/St_Johns', 'America/Havana', 'Australia/Lord_Howe', 'Asia/Shanghai'])(
  'local days and hours in SQL are those of the zone table in %s, before 1970 too',
  async (zoneName) => {
    const zone = zoneOffsets(zoneName);
    const moments = [-5 * DAY_MS - 1, -1, 0, 1];
    for (const { startMs } of zone.shifts.slice(1, 12))
      moments.push(startMs - 1, startMs, startMs + 3_599_999);
    for (let i = 0; i < 200; i++) moments.push(Date.UTC(2010, 0, 1) + i * 17 * 3_599_999);
    const rows = await engine.rows<{ t: number; day: number; weekday: number; hour: number }>(
      `SELECT t, ${localDaySql(zone, 't')} AS day, ${localWeekdaySql(zone, 't')} AS weekday, ${localHourSql(zone, 't')} AS hour
       FROM (SELECT unnest([${moments.join(', ')}])::BIGINT AS t)`,
    );
    expect(rows.length).toBe(moments.length);
    for (const { t, day, weekday, hour } of rows) {
      const local = new Date(t + offsetAt(zone, t));
      expect(day).toBe(localDay(zone, t));
      expect(weekday).toBe((local.getUTCDay() + 6) % 7);
      expect(hour).toBe(local.getUTCHours());
    }
  },
);

test('a zone narrowed to a range has the same offsets inside it and fewer shifts', () => {
  const zone = zoneOffsets('America/New_York');
  const from = Date.UTC(2012, 4, 1);
  const to = Date.UTC(2013, 4, 1);
  const narrow = zoneWithin(zone, from, to);
  expect(narrow.shifts.length).toBe(3);
  for (let t = from; t <= to; t += DAY_MS / 4) expect(offsetAt(narrow, t)).toBe(offsetAt(zone, t));
  expect(zoneWithin(zone, Number.NaN, Number.NaN)).toBe(zone);
});
