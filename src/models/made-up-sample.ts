// A made-up shop as a Sample, drawn from a known process: to try an estimator, or the whole contract, without data.
import { type CategoryColumn, makeFrame, type NumberColumn, type Unit } from '../core/frame.ts';
import { name } from '../core/name.ts';
import { random } from '../core/random.ts';
import { DAY_MS } from '../core/time.ts';
import type { Question, Sample } from './estimator.ts';
import { eventColumnsOf, type MadeUpEvent } from './made-up-events.ts';

export interface MadeUpOptions {
  readonly customers: number;
  readonly seed: number;
  readonly question: Question;
  /** false: outcomes are dealt to customers at random, so that nothing can be learned beyond their average. */
  readonly signal?: boolean;
  /** Adds the newest events of each customer: a view and a purchase for every purchase so far. */
  readonly events?: boolean;
}

const AS_OF = Date.UTC(2011, 5, 1);

interface Customer {
  readonly frequency: number;
  readonly recency: number;
  readonly T: number;
  readonly monetary: number;
  readonly first_value: number;
  readonly days_since_purchase: number;
  readonly purchases_last_horizon: number;
  readonly revenue_last_horizon: number;
  readonly visits: number;
  readonly luck: number;
  readonly country: number;
  readonly purchases: number;
  readonly revenue: number;
  /** Purchases so far. */
  readonly bought: readonly { readonly day: number; readonly value: number }[];
}

/**
 * Customers who buy at a rate of their own (Gamma), stop after any purchase with a chance of their own (Beta), and spend
 * around a mean of their own: the process behind BG/NBD and Gamma-Gamma. One in ten has never bought.
 */
export function madeUpSample({
  customers,
  seed,
  question,
  signal = true,
  events = false,
}: MadeUpOptions): Sample {
  const draw = random(seed);
  const rows = Array.from({ length: customers }, () => drawCustomer(draw, question.horizonDays));
  const outcomes = rows.map((row) => outcomeOf(row, question));
  if (!signal) draw.fork('noise').shuffle(outcomes);
  const number = (key: Exclude<keyof Customer, 'bought'>, unit: Unit, group: string): NumberColumn => ({
    kind: 'number',
    name: key,
    label: name(key, key),
    unit,
    group,
    values: Float64Array.from(rows, (row) => row[key]),
  });
  const country: CategoryColumn = {
    kind: 'category',
    name: 'country',
    label: name('Country', '国家'),
    unit: 'none',
    group: 'place',
    codes: Int32Array.from(rows, (row) => row.country),
    levels: ['north', 'south', 'east', 'west'],
  };
  return {
    question,
    frame: makeFrame(
      [
        number('frequency', 'count', 'history'),
        number('recency', 'days', 'history'),
        number('T', 'days', 'history'),
        number('monetary', 'money', 'money'),
        number('first_value', 'money', 'money'),
        number('days_since_purchase', 'days', 'recency'),
        number('purchases_last_horizon', 'count', 'history'),
        number('revenue_last_horizon', 'money', 'money'),
        number('visits', 'count', 'visits'),
        number('luck', 'none', 'luck'),
        country,
        ...(events ? eventsOf(rows) : []),
      ],
      { currency: 'GBP' },
    ),
    entities: rows.map((_, i) => `customer-${String(i).padStart(6, '0')}`),
    asOf: new Float64Array(customers).fill(AS_OF),
    target: Float64Array.from(outcomes),
  };
}

/** Items are told by their price; a view comes some minutes before the purchase. */
function eventsOf(rows: readonly Customer[]) {
  const histories = rows.map(({ T, bought }) =>
    bought.flatMap(({ day, value }): MadeUpEvent[] => {
      const timeMs = AS_OF - (T - day) * DAY_MS;
      const what = { item: `item ${Math.floor(value / 500)}`, category: `shelf ${Math.floor(value / 2500)}` };
      return [
        { type: 'view', ...what, timeMs: timeMs - 600_000, priceMinor: value },
        { type: 'purchase', ...what, timeMs, priceMinor: value },
      ];
    }),
  );
  return eventColumnsOf(
    histories,
    rows.map(() => AS_OF),
  );
}

function outcomeOf(row: Customer, question: Question): number {
  if (question.kind === 'amount') return row.revenue;
  if (question.kind === 'classes') return Math.min(row.purchases, (question.classes ?? 2) - 1);
  const buys = row.purchases > 0;
  return Number(question.outcome === 'leaves' ? !buys : buys);
}

function drawCustomer(draw: ReturnType<typeof random>, horizonDays: number): Customer {
  const country = draw.uniform() < 0.05 ? -1 : draw.integer(4);
  const T = 30 + Math.floor(draw.uniform() * 250);
  const dailyRate = draw.gamma(0.8, 30) * (country === 2 ? 2 : 1);
  const stopChance = draw.beta(0.8, 2.5);
  const meanValue = 2000 + draw.gamma(3, 1 / 1500);
  const value = () => Math.round(draw.gamma(4, 4 / meanValue));
  const neverBought = draw.uniform() < 0.1;

  const days: number[] = neverBought ? [] : [0];
  const values: number[] = neverBought ? [] : [value()];
  let stopped = neverBought || draw.uniform() < stopChance;
  for (let day = draw.exponential(dailyRate); !stopped && day <= T + horizonDays; ) {
    days.push(day);
    values.push(value());
    stopped = draw.uniform() < stopChance;
    day += draw.exponential(dailyRate);
  }
  const between = (from: number, to: number) => values.filter((_, i) => days[i] > from && days[i] <= to);
  const sum = (money: readonly number[]) => money.reduce((total, each) => total + each, 0);
  const repeats = between(0, T);
  const last = days.filter((day) => day <= T).at(-1) ?? 0;
  const window = days.filter((day) => day > T - horizonDays && day <= T).length;
  const future = between(T, T + horizonDays);
  return {
    frequency: neverBought ? Number.NaN : repeats.length,
    recency: neverBought ? Number.NaN : last,
    T: neverBought ? Number.NaN : T,
    monetary: repeats.length > 0 ? sum(repeats) / repeats.length : Number.NaN,
    first_value: neverBought ? Number.NaN : values[0],
    days_since_purchase: neverBought ? Number.NaN : T - last,
    purchases_last_horizon: window,
    revenue_last_horizon: sum(values.filter((_, i) => days[i] > T - horizonDays && days[i] <= T)),
    visits: draw.poisson(stopped ? 0.5 : 1 + 60 * dailyRate),
    luck: draw.normal(),
    country,
    purchases: future.length,
    revenue: sum(future),
    bought: days.flatMap((day, i) => (day <= T ? [{ day, value: values[i] }] : [])),
  };
}
