// From the five columns of a frame to what each customer will do: counts, probabilities and discounted money.
import { type Frame, numberColumn } from '../../core/frame.ts';
import type { Belief } from './correction.ts';
import type { Family, Parameters } from './family.ts';
import { expectedMoney, type GammaGamma } from './gamma-gamma.ts';
import { type Customer, soundCustomer } from './purchase-history.ts';

export const HISTORY_COLUMNS = ['frequency', 'recency', 'T'] as const;
export const MONEY_COLUMNS = ['monetary', 'first_value'] as const;

const DAYS_PER_WEEK = 7;
/** As the revenue label counts when it discounts. */
const DAYS_PER_YEAR = 365;
const DAYS_PER_MONTH = DAYS_PER_YEAR / 12;

export const toWeeks = (days: Float64Array): Float64Array => days.map((value) => value / DAYS_PER_WEEK);

/** The customers of a frame; `undefined` for a row that never purchased (or whose history is missing). */
export function readCustomers(frame: Frame): (row: number) => Customer | undefined {
  const [frequency, recency, T] = HISTORY_COLUMNS.map((column) => numberColumn(frame, column).values);
  return (row) => {
    const known = !Number.isNaN(frequency[row]) && !Number.isNaN(T[row]);
    if (!known || (frequency[row] > 0 && Number.isNaN(recency[row]))) return undefined;
    return soundCustomer(frequency[row], recency[row] / DAYS_PER_WEEK, T[row] / DAYS_PER_WEEK);
  };
}

/** How many purchase days the money of a row averages over, and their mean. */
export interface OwnSpending {
  readonly purchases: number;
  readonly money: number;
}

/**
 * All purchase days, the first included: on shops measured, that ranks customers by future money far better than repeat
 * purchases alone, above all the many who bought once.
 */
export function readSpending(frame: Frame): (row: number) => OwnSpending {
  const frequency = numberColumn(frame, 'frequency').values;
  const monetary = numberColumn(frame, 'monetary').values;
  const first = numberColumn(frame, 'first_value').values;
  return (row) => {
    const repeats = frequency[row] > 0 && !Number.isNaN(monetary[row]) ? frequency[row] : 0;
    const firsts = Number.isNaN(first[row]) ? 0 : 1;
    const purchases = repeats + firsts;
    const sum = (repeats > 0 ? repeats * monetary[row] : 0) + (firsts > 0 ? first[row] : 0);
    return { purchases, money: purchases > 0 ? Math.max(0, sum / purchases) : Number.NaN };
  };
}

/** What the model believes of one customer over the coming days. */
export function believe<Letter extends string>(
  family: Family<Letter>,
  parameters: Parameters<Letter>,
  customer: Customer,
  days: number,
): Belief {
  const weeks = days / DAYS_PER_WEEK;
  const alive = family.aliveProbability(parameters, customer);
  return {
    alive,
    buys: alive * family.buysWhenAlive(parameters, customer, weeks),
    purchases: alive * family.purchasesWhenAlive(parameters, customer, weeks),
    silence: customer.T - customer.recency,
  };
}

/** A span of future days whose purchases share one discount factor. */
export interface DiscountPeriod {
  /** Weeks from now to its end. */
  readonly endWeeks: number;
  readonly factor: number;
}

/** Months of the horizon, each discounted from its middle; one period of factor 1 when nothing is discounted. */
export function discountPeriods(horizonDays: number, discountPerYear: number): readonly DiscountPeriod[] {
  if (discountPerYear === 0) return [{ endWeeks: horizonDays / DAYS_PER_WEEK, factor: 1 }];
  const months = Math.max(1, Math.ceil(horizonDays / DAYS_PER_MONTH));
  return Array.from({ length: months }, (_, month) => {
    const endDays = (horizonDays * (month + 1)) / months;
    const middleDays = (horizonDays * (month + 0.5)) / months;
    return {
      endWeeks: endDays / DAYS_PER_WEEK,
      factor: (1 + discountPerYear) ** (-middleDays / DAYS_PER_YEAR),
    };
  });
}

/** E[discounted money of one customer over the periods]: purchases to come × money per purchase. */
export function expectedRevenue<Letter extends string>(
  family: Family<Letter>,
  parameters: Parameters<Letter>,
  customer: Customer,
  money: { spending: GammaGamma; own: OwnSpending; periods: readonly DiscountPeriod[] },
): number {
  let purchases = 0;
  let before = 0;
  for (const { endWeeks, factor } of money.periods) {
    const until = family.purchasesWhenAlive(parameters, customer, endWeeks);
    purchases += factor * (until - before);
    before = until;
  }
  const perPurchase = expectedMoney(money.spending, money.own.purchases, money.own.money);
  return family.aliveProbability(parameters, customer) * purchases * perPurchase;
}
