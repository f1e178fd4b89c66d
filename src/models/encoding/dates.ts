// Moments as numbers: how far along the years, which part of the year, week and day, how long since other moments.
import type { CategoryColumn, Column, Frame } from '../../core/frame.ts';
import { type Name, name } from '../../core/name.ts';
import { DAY_MS, HOUR_MS } from '../../core/time.ts';
import {
  type About,
  aboutColumn,
  derivedAbout,
  derivedColumn,
  type Encoder,
  inputColumn,
  type SavedEncoder,
} from './encoder.ts';

interface Calendar {
  readonly about: About;
  /** UTC ms the trend is counted from: the first moment of the training rows. */
  readonly start: number;
  /** Whether moments have a time of day. */
  readonly hasHours: boolean;
  /** Other date columns: days since each. */
  readonly others: readonly About[];
}

const YEAR_DAYS = 365.2425;
const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);
const WEEKDAYS = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ');

/**
 * Encodes a number column of UTC ms: years since the first training moment (a trend), month and weekday as categories, the
 * year's and the day's circle as sine and cosine, day of month, and days since every other date column. No holidays.
 */
export function fitDateEncoder(frame: Frame, source: string, others: readonly string[]): Encoder {
  const column = inputColumn(frame, source, 'number');
  let start = Number.POSITIVE_INFINITY;
  let hasHours = false;
  for (const t of column.values) {
    if (!Number.isFinite(t)) continue;
    start = Math.min(start, t);
    hasHours ||= t % DAY_MS !== 0;
  }
  return dateEncoder({
    about: aboutColumn(column),
    start: Number.isFinite(start) ? start : 0,
    hasHours,
    others: others.map((other) => aboutColumn(inputColumn(frame, other, 'number'))),
  });
}

function dateEncoder(calendar: Calendar): Encoder {
  const { about, others } = calendar;
  const empty = new Float64Array(0);
  const columns = (values: Float64Array, rest: readonly Float64Array[]) =>
    calendarColumns(calendar, values, rest);
  return {
    kind: 'date',
    source: about.name,
    inputs: [about.name, ...others.map((other) => other.name)],
    outputs: columns(
      empty,
      others.map(() => empty),
    ).map((column) => column.name),
    encode: async (frame) =>
      columns(
        inputColumn(frame, about.name, 'number').values,
        others.map((other) => inputColumn(frame, other.name, 'number').values),
      ),
    save: () => ({ kind: 'date', state: JSON.parse(JSON.stringify(calendar)), arrays: {} }),
  };
}

export const loadDateEncoder = ({ state }: SavedEncoder): Encoder =>
  dateEncoder(state as unknown as Calendar);

function calendarColumns(
  { about, start, hasHours, others }: Calendar,
  moments: Float64Array,
  rest: readonly Float64Array[],
): Column[] {
  const number = (part: Name, of: (t: number) => number): Column =>
    derivedColumn(
      about,
      part,
      moments.map((t) => (Number.isFinite(t) ? of(t) : Number.NaN)),
    );
  const category = (part: Name, levels: readonly string[], of: (t: number) => number): CategoryColumn => ({
    kind: 'category',
    ...derivedAbout(about, part),
    unit: 'none',
    codes: Int32Array.from(moments, (t) => (Number.isFinite(t) ? of(t) : -1)),
    levels,
  });
  const circle = (share: (t: number) => number, of: (angle: number) => number) => (t: number) =>
    of(2 * Math.PI * share(t));
  const hours = [
    number(name('hour', '小时'), hourOf),
    number(name('day circle, sine', '日内周期（正弦）'), circle(dayShare, Math.sin)),
    number(name('day circle, cosine', '日内周期（余弦）'), circle(dayShare, Math.cos)),
  ];
  return [
    number(name('years since start', '距起点年数'), (t) => (t - start) / (YEAR_DAYS * DAY_MS)),
    number(name('year circle, sine', '年内周期（正弦）'), circle(yearShare, Math.sin)),
    number(name('year circle, cosine', '年内周期（余弦）'), circle(yearShare, Math.cos)),
    category(name('month', '月份'), MONTHS, (t) => civilDate(t).month),
    number(name('day of month', '日'), (t) => civilDate(t).day),
    category(name('weekday', '星期'), WEEKDAYS, weekdayOf),
    ...(hasHours ? hours : []),
    ...others.map((other, k) =>
      derivedColumn(
        about,
        name(`days since ${other.name}`, `距${other.label.zh}天数`),
        moments.map((t, i) => (t - rest[k][i]) / DAY_MS),
      ),
    ),
  ];
}

const dayShare = (t: number): number => t / DAY_MS - Math.floor(t / DAY_MS);

const hourOf = (t: number): number => Math.floor((t - Math.floor(t / DAY_MS) * DAY_MS) / HOUR_MS);

/** 0 for Monday; 1970-01-01 was a Thursday. */
function weekdayOf(t: number): number {
  const day = (Math.floor(t / DAY_MS) + 3) % 7;
  return day < 0 ? day + 7 : day;
}

/** How much of its year has passed, 1 March first: there leap days shift nothing before them. */
function yearShare(t: number): number {
  return (civilDate(t).dayOfYear + dayShare(t)) / YEAR_DAYS;
}

/**
 * Day of the proleptic Gregorian calendar in UTC, by arithmetic alone.
 *
 * @returns month 0 … 11, day 1 … 31, days since 1 March
 * @see Hinnant, chrono-compatible low-level date algorithms, civil_from_days
 */
export function civilDate(t: number): { month: number; day: number; dayOfYear: number } {
  const sinceMarch = Math.floor(t / DAY_MS) + 719_468;
  const era = Math.floor(sinceMarch / 146_097);
  const dayOfEra = sinceMarch - era * 146_097;
  const year = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  return { month: (shifted + 2) % 12, day, dayOfYear };
}
