// The shop's calendar: how much traffic each day brings, what the discounts are, and how a day's traffic spreads.
import { invariant } from '../../core/errors.ts';
import { DAY_MS } from '../../core/time.ts';
import type { Scenario } from './scenario.ts';

export interface Calendar {
  /** UTC midnight on which day 0 begins. */
  readonly startMs: number;
  /** [days] Visits of day d relative to an average day, for everybody alike. */
  readonly traffic: Float64Array;
  /** [days + 1] Traffic before day d. */
  readonly cumulative: Float64Array;
  /** [days] */
  readonly percentOff: Uint8Array;
  /** [days] The sale that is on, empty on other days. */
  readonly sale: readonly string[];
}

const YEAR_DAYS = 365.25;

/** Traffic and discounts of `length` days from a UTC midnight on. */
export function makeCalendar(scenario: Scenario, startMs: number, length: number): Calendar {
  invariant(startMs % DAY_MS === 0, 'a calendar starts at midnight UTC');
  const traffic = new Float64Array(length);
  const cumulative = new Float64Array(length + 1);
  const percentOff = new Uint8Array(length);
  const sale: string[] = [];
  const weekMean = (5 + 2 * scenario.weekend) / 7;
  for (let day = 0; day < length; day++) {
    const date = new Date(startMs + day * DAY_MS);
    const dayOfYear = (date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS;
    const isWeekend = date.getUTCDay() === 0 || date.getUTCDay() === 6;
    const on = scenario.sales.find((candidate) => candidate.on(date));
    const wave =
      1 + scenario.yearlyWave * Math.cos((2 * Math.PI * (dayOfYear - scenario.yearlyPeakDay)) / YEAR_DAYS);
    const level = Math.exp((Math.log1p(scenario.growthPerYear) * day) / YEAR_DAYS);
    traffic[day] = level * wave * ((isWeekend ? scenario.weekend : 1) / weekMean) * (on?.traffic ?? 1);
    cumulative[day + 1] = cumulative[day] + traffic[day];
    percentOff[day] = on?.percentOff ?? 0;
    sale.push(on?.name ?? '');
  }
  return { startMs, traffic, cumulative, percentOff, sale };
}

/** Share of a day's visits in each hour, UTC: a quiet night, a lunch hump, a busy evening. */
const HOUR_WEIGHTS = [
  10, 6, 4, 3, 3, 5, 12, 24, 36, 46, 52, 56, 60, 54, 50, 50, 52, 56, 64, 76, 84, 72, 46, 22,
];

const HOUR_TOTAL = HOUR_WEIGHTS.reduce((sum, weight) => sum + weight, 0);
const HOUR_CUMULATIVE = HOUR_WEIGHTS.map(
  (_, hour) => HOUR_WEIGHTS.slice(0, hour).reduce((sum, weight) => sum + weight, 0) / HOUR_TOTAL,
);
const MS_PER_HOUR = DAY_MS / 24;

/** Share of a day's visits that come before `msOfDay`, in [0, 1]. */
export function shareBefore(msOfDay: number): number {
  if (msOfDay >= DAY_MS) return 1;
  const hour = Math.floor(msOfDay / MS_PER_HOUR);
  return HOUR_CUMULATIVE[hour] + (HOUR_WEIGHTS[hour] / HOUR_TOTAL) * (msOfDay / MS_PER_HOUR - hour);
}

/** The moment of the day before which a `share` of its visits come; undoes `shareBefore`. */
export function momentOfShare(share: number): number {
  let hour = 0;
  while (hour < 23 && HOUR_CUMULATIVE[hour + 1] <= share) hour++;
  const within = ((share - HOUR_CUMULATIVE[hour]) * HOUR_TOTAL) / HOUR_WEIGHTS[hour];
  return Math.min(DAY_MS - 1, (hour + within) * MS_PER_HOUR);
}
