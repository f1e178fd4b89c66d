// What is really going to happen to a customer, as exact probabilities given who they really are.
import { AppError } from '../../core/errors.ts';
import { DAY_MS } from '../../core/time.ts';
import { type Calendar, shareBefore } from './calendar.ts';
import { categoryTaste, meanPrices } from './catalogue.ts';
import type { Customer } from './customer.ts';
import { conversion, type World } from './life.ts';
import { FURTHER_LINES, REFUND_DAYS, SECOND_PIECE_SHARE } from './visit.ts';

export interface ExpectedSpend {
  /** Orders in the horizon, as an expectation. */
  readonly orders: number;
  /** What they cost. */
  readonly grossMinor: number;
  /** What flows back within the horizon, for these and for earlier orders. */
  readonly refundedMinor: number;
  readonly netMinor: number;
}

/**
 * Exact truth, conditioned on the latent state at `asOf`: tastes, rates, and whether the customer is still alive, but not
 * on what chance will bring after `asOf`, the future death included. No predictor that sees only events can do better
 * than these numbers; how near one can come depends on how much the history tells.
 *
 * Horizons are (asOf, asOf + horizonMs]. Moments may lie up to two years behind the window's end.
 */
export interface Truth {
  /** Probability of at least one order in the horizon. */
  purchaseProbability(user: number, asOf: number, horizonMs: number): number;
  expectedSpend(user: number, asOf: number, horizonMs: number): ExpectedSpend;
  /** Orders a day at that moment, on a day-long average; 0 before joining and after death. */
  purchaseRate(user: number, atMs: number): number;
  /** First moment at which the customer is gone for good; may lie beyond the window, infinite for bots. */
  deathMs(user: number): number;
  isBot(user: number): boolean;
  /**
   * [items] Probability of each item to be the next one viewed in a visit.
   *
   * @param past items viewed so far in this visit, oldest first; empty for its first view
   */
  nextItem(user: number, past: readonly number[]): Float64Array;
}

export function makeTruth(world: World, customerOf: (index: number) => Customer): Truth {
  const { calendar } = world;
  return {
    purchaseProbability(user, asOf, horizonMs) {
      const customer = customerOf(user);
      if (customer.isBot || asOf >= customer.deathMs) return 0;
      let none = 1;
      let probability = 0;
      const survives = Math.exp(-customer.nightlyHazard);
      for (const { orders } of daysOf(world, customer, asOf, asOf + horizonMs)) {
        // Alive this morning and nothing bought yet: `none`. Then a day of purchases, then a night.
        probability += none * -Math.expm1(-orders);
        none *= Math.exp(-orders) * survives;
      }
      return probability;
    },
    expectedSpend(user, asOf, horizonMs) {
      const customer = customerOf(user);
      const now = expectation(world, customer, asOf, [asOf, asOf + horizonMs]);
      const [fewest, most] = REFUND_DAYS;
      let back = 0;
      for (let days = fewest; days <= most; days++) {
        const shift = days * DAY_MS;
        back += expectation(world, customer, asOf, [asOf - shift, asOf + horizonMs - shift]).value;
      }
      const orderMinor = orderValue(world, customer);
      const grossMinor = now.value * orderMinor;
      const refundedMinor = (world.scenario.refundShare * back * orderMinor) / (most - fewest + 1);
      return { orders: now.orders, grossMinor, refundedMinor, netMinor: grossMinor - refundedMinor };
    },
    purchaseRate(user, atMs) {
      const customer = customerOf(user);
      if (atMs < customer.joinMs || atMs >= customer.deathMs) return 0;
      const day = Math.floor((atMs - calendar.startMs) / DAY_MS);
      return (
        customer.visitsPerDay * calendar.traffic[day] * conversion(world, customer, calendar.percentOff[day])
      );
    },
    deathMs: (user) => customerOf(user).deathMs,
    isBot: (user) => customerOf(user).isBot,
    nextItem: (user, past) => nextItem(world, customerOf(user), past),
  };
}

interface DayShare {
  readonly day: number;
  /** Expected orders of a living customer in the part of the day that lies in the range. */
  readonly orders: number;
}

/** The days of `(fromMs, untilMs]` after the customer joined, with the orders a living customer would place on each. */
function* daysOf(world: World, customer: Customer, fromMs: number, untilMs: number): Generator<DayShare> {
  const { calendar } = world;
  const from = Math.max(fromMs, customer.joinMs);
  if (untilMs <= from) return;
  const last = Math.floor((untilMs - 1 - calendar.startMs) / DAY_MS);
  if (last >= calendar.traffic.length) {
    throw new AppError('USAGE', 'expected a horizon that ends at most two years after the simulated window');
  }
  for (let day = Math.floor((from - calendar.startMs) / DAY_MS); day <= last; day++) {
    const visits = customer.visitsPerDay * calendar.traffic[day] * shareOfDay(calendar, day, from, untilMs);
    yield { day, orders: visits * conversion(world, customer, calendar.percentOff[day]) };
  }
}

function shareOfDay(calendar: Calendar, day: number, fromMs: number, untilMs: number): number {
  const dayMs = calendar.startMs + day * DAY_MS;
  return shareBefore(Math.min(DAY_MS, untilMs - dayMs)) - shareBefore(Math.max(0, fromMs - dayMs));
}

/**
 * Expected orders in a range, and the same weighted by the price level of each day; the range may begin before `asOf`,
 * where the customer is known to have lived until `asOf` or their death.
 */
function expectation(
  world: World,
  customer: Customer,
  asOf: number,
  [fromMs, untilMs]: readonly [number, number],
): { orders: number; value: number } {
  const sum = { orders: 0, value: 0 };
  if (customer.isBot) return sum;
  const dead = asOf >= customer.deathMs;
  const known = Math.floor((Math.max(asOf, customer.joinMs) - world.startMs) / DAY_MS);
  const until = dead ? Math.min(untilMs, customer.deathMs) : untilMs;
  for (const { day, orders } of daysOf(world, customer, fromMs, until)) {
    const alive = dead || day <= known ? 1 : Math.exp(-customer.nightlyHazard * (day - known));
    sum.orders += orders * alive;
    sum.value += (orders * alive * (100 - world.calendar.percentOff[day])) / 100;
  }
  return sum;
}

/** Expected value of one order at full prices, minor units. */
export function orderValue(world: World, customer: Customer): number {
  const { scenario, catalogue } = world;
  const prices = meanPrices(catalogue, customer.taste);
  const free = categoryTaste(catalogue, customer.taste);
  const longest = scenario.viewsBuying.length;
  let category: Float64Array = free.slice();
  let value = 0;
  for (let view = 1; view <= longest; view++) {
    // The view is bought when the order has more lines than there are views after it.
    let bought = 0;
    for (let views = view; views <= longest; views++) {
      bought += scenario.viewsBuying[views - 1] * moreLinesThan(views - view, customer.appetite);
    }
    for (let c = 0; c < prices.length; c++) value += bought * category[c] * prices[c];
    category = afterView(world, category, free);
  }
  return value * (1 + SECOND_PIECE_SHARE);
}

/** P(1 + Binomial(FURTHER_LINES, appetite) > count). */
function moreLinesThan(count: number, appetite: number): number {
  let probability = 0;
  let ways = 1;
  for (let further = 0; further <= FURTHER_LINES; further++) {
    if (further >= count)
      probability += ways * appetite ** further * (1 - appetite) ** (FURTHER_LINES - further);
    ways = (ways * (FURTHER_LINES - further)) / (further + 1);
  }
  return probability;
}

/** [categories] Where the next view goes, given where the last one was. */
function afterView({ scenario, catalogue }: World, category: Float64Array, free: Float64Array): Float64Array {
  const next = free.map(
    (share, c) => (1 - scenario.stay - scenario.follow) * share + scenario.stay * category[c],
  );
  for (let c = 0; c < category.length; c++) next[catalogue.successor[c]] += scenario.follow * category[c];
  return next;
}

function nextItem(world: World, customer: Customer, past: readonly number[]): Float64Array {
  const { catalogue } = world;
  const probabilities = new Float64Array(catalogue.count);
  if (customer.isBot) return probabilities.fill(1 / catalogue.count);
  const { taste } = customer;
  let category: Float64Array = categoryTaste(catalogue, taste);
  if (past.length > 0) {
    const last = new Float64Array(category.length);
    last[catalogue.category[past[past.length - 1]]] = 1;
    category = afterView(world, last, category);
  }
  const mass = new Float64Array(category.length);
  for (let i = 0; i < catalogue.count; i++) {
    probabilities[i] =
      catalogue.popularity[i] * taste.brandWeight[catalogue.brand[i]] * taste.tierWeight[catalogue.tier[i]];
    mass[catalogue.category[i]] += probabilities[i];
  }
  for (let i = 0; i < catalogue.count; i++) {
    const c = catalogue.category[i];
    probabilities[i] *= category[c] / mass[c];
  }
  return probabilities;
}
