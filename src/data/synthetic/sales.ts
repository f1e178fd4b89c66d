// Sales days: when everything is cheaper and more people come.
import { DAY_MS } from '../../core/time.ts';

/** Days on which everything is `percentOff` cheaper and `traffic` times as many visit. */
export interface Sale {
  readonly name: string;
  /** Whether the sale is on, given a UTC date. */
  readonly on: (date: Date) => boolean;
  /** Whole percents, so that prices stay whole. */
  readonly percentOff: number;
  readonly traffic: number;
}

const days = (month: number, from: number, to: number) => (date: Date) =>
  date.getUTCMonth() === month - 1 && date.getUTCDate() >= from && date.getUTCDate() <= to;

/** From the fourth Friday of November to the Monday after. */
const blackFriday = (date: Date): boolean => {
  const friday = new Date(date.getTime() - ((date.getUTCDay() + 2) % 7) * DAY_MS);
  return (
    date.getUTCDay() !== 2 &&
    date.getUTCDay() !== 3 &&
    date.getUTCDay() !== 4 &&
    friday.getUTCMonth() === 10 &&
    friday.getUTCDate() >= 22 &&
    friday.getUTCDate() <= 28
  );
};

/** The first sale of the list that is on wins. */
export const STANDARD_SALES: readonly Sale[] = [
  { name: '11.11', on: days(11, 9, 11), percentOff: 35, traffic: 2.2 },
  { name: '6.18', on: days(6, 16, 18), percentOff: 30, traffic: 1.9 },
  { name: 'black-friday', on: blackFriday, percentOff: 30, traffic: 1.8 },
  { name: 'christmas', on: days(12, 8, 23), percentOff: 10, traffic: 1.6 },
  { name: 'new-year', on: days(1, 1, 3), percentOff: 15, traffic: 1.2 },
];

export const WEEKLY_COUPONS: readonly Sale[] = [
  {
    name: 'payday',
    on: (date) => date.getUTCDate() >= 25 && date.getUTCDate() <= 27,
    percentOff: 20,
    traffic: 1.2,
  },
  {
    name: 'coupon-weekend',
    on: (date) => date.getUTCDay() === 6 && Math.floor(date.getTime() / DAY_MS / 7) % 2 === 0,
    percentOff: 15,
    traffic: 1.1,
  },
];
