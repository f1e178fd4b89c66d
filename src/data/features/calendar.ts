// The shop's calendar: local dates, the day of the year, and the days on which everybody buys.
import { DAY_MS } from '../../core/time.ts';

/** A yearly day of sales: a fixed date, or the n-th weekday (0 = Monday) of a month plus some days. */
export type SalesDay =
  | { readonly name: string; readonly month: number; readonly day: number }
  | {
      readonly name: string;
      readonly month: number;
      readonly weekday: number;
      readonly nth: number;
      readonly plusDays: number;
    };

/** Known far and wide; a shop with its own days lists them in a calendar feature. */
export const SALES_DAYS: readonly SalesDay[] = [
  { name: 'valentine', month: 2, day: 14 },
  { name: 'mid-year', month: 6, day: 18 },
  { name: 'singles', month: 11, day: 11 },
  { name: 'black-friday', month: 11, weekday: 3, nth: 4, plusDays: 1 },
  { name: 'double-twelve', month: 12, day: 12 },
  { name: 'christmas', month: 12, day: 25 },
];

export interface LocalDate {
  readonly year: number;
  /** 1–12 */
  readonly month: number;
  /** 0 = Monday */
  readonly weekday: number;
  /** 0 = the first of January */
  readonly dayOfYear: number;
  readonly daysInYear: number;
}

/** 1970-01-01 was a Thursday. */
export const weekdayOf = (localDayNumber: number): number => (((localDayNumber + 3) % 7) + 7) % 7;

const dayNumber = (year: number, month: number, day: number): number =>
  Math.floor(Date.UTC(year, month - 1, day) / DAY_MS);

/** The date of a local day number (days since 1970-01-01). */
export function localDate(localDayNumber: number): LocalDate {
  const date = new Date(localDayNumber * DAY_MS);
  const year = date.getUTCFullYear();
  const start = dayNumber(year, 1, 1);
  return {
    year,
    month: date.getUTCMonth() + 1,
    weekday: weekdayOf(localDayNumber),
    dayOfYear: localDayNumber - start,
    daysInYear: dayNumber(year + 1, 1, 1) - start,
  };
}

function salesDayNumber(rule: SalesDay, year: number): number {
  if ('day' in rule) return dayNumber(year, rule.month, rule.day);
  const first = dayNumber(year, rule.month, 1);
  const wait = (rule.weekday - weekdayOf(first) + 7) % 7;
  return first + wait + 7 * (rule.nth - 1) + rule.plusDays;
}

/** The sales days that fall between two local days, both included, by day. */
export function salesDaysBetween(
  firstDay: number,
  lastDay: number,
  rules: readonly SalesDay[],
): { readonly name: string; readonly day: number }[] {
  const years = { first: localDate(firstDay).year, last: localDate(lastDay).year };
  const fallen: { name: string; day: number }[] = [];
  for (let year = years.first; year <= years.last; year++) {
    for (const rule of rules) fallen.push({ name: rule.name, day: salesDayNumber(rule, year) });
  }
  return fallen.filter(({ day }) => day >= firstDay && day <= lastDay).sort((a, b) => a.day - b.day);
}

/** Days to the next sales day (0 on the day itself); NaN when the list is empty. */
export function daysToSalesDay(localDayNumber: number, rules: readonly SalesDay[]): number {
  const { year } = localDate(localDayNumber);
  let best = Number.NaN;
  for (const rule of rules) {
    for (const y of [year, year + 1]) {
      const wait = salesDayNumber(rule, y) - localDayNumber;
      if (wait >= 0 && !(wait >= best)) best = wait;
    }
  }
  return best;
}

/** Days since the last sales day (0 on the day itself); NaN when the list is empty. */
export function daysSinceSalesDay(localDayNumber: number, rules: readonly SalesDay[]): number {
  const { year } = localDate(localDayNumber);
  let best = Number.NaN;
  for (const rule of rules) {
    for (const y of [year - 1, year]) {
      const passed = localDayNumber - salesDayNumber(rule, y);
      if (passed >= 0 && !(passed >= best)) best = passed;
    }
  }
  return best;
}
