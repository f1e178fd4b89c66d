// The truth against brute force: futures acted out many times from the same latent state must agree with it.
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { DAY_MS, HOUR_MS } from '../../core/time.ts';
import { type SimulatedShop, simulateShop } from '../synthetic.ts';
import { makeBatch, TYPE_CODE } from './batch.ts';
import { drawDeathMs } from './customer.ts';
import { actOut, conversion, trafficUntil } from './life.ts';
import type { ScenarioName } from './scenario.ts';

interface Measured {
  readonly mean: number;
  readonly standardError: number;
}

function measure(values: readonly number[]): Measured {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, standardError: Math.sqrt(variance / values.length) };
}

/** What came of a customer alive at `asOf` in `(asOf, asOf + horizonMs]`, over many lives that differ only in chance. */
function manyFutures(
  shop: SimulatedShop,
  user: number,
  span: { asOf: number; horizonMs: number; lives: number },
) {
  const { world } = shop;
  const customer = shop.customer(user);
  const chance = random(77);
  const batch = makeBatch(4_096);
  const bought: number[] = [];
  const gross: number[] = [];
  const refunded: number[] = [];
  const untilMs = span.asOf + span.horizonMs;
  for (let life = 0; life < span.lives; life++) {
    const aliveAtMs = Math.max(span.asOf, customer.joinMs);
    const deathMs = drawDeathMs(world, customer.nightlyHazard, aliveAtMs, chance);
    batch.rows = 0;
    // From three weeks before, so that refunds of earlier orders are in it too.
    actOut(world, customer, { fromMs: span.asOf - 21 * DAY_MS, untilMs, deathMs }, { random: chance, batch });
    let spent = 0;
    let back = 0;
    let orders = 0;
    for (let row = 0; row < batch.rows; row++) {
      const moment = batch.timestamp[row];
      if (moment <= span.asOf || moment > untilMs) continue;
      const value = batch.priceMinor[row] * batch.quantity[row];
      if (batch.type[row] === TYPE_CODE.purchase) {
        orders++;
        spent += value;
      } else if (batch.type[row] === TYPE_CODE.refund) back += value;
    }
    bought.push(orders > 0 ? 1 : 0);
    gross.push(spent);
    refunded.push(back);
  }
  return { bought: measure(bought), gross: measure(gross), refunded: measure(refunded) };
}

/** Customers alive at the moment with something to expect, and not bots. */
function* livelyUsers(shop: SimulatedShop, asOf: number, least: number): Generator<number> {
  for (let user = 0; user < shop.options.customers; user++) {
    const customer = shop.customer(user);
    if (!customer.isBot && customer.deathMs > asOf && customer.visitsPerDay > least) yield user;
  }
}

describe('the truth', () => {
  it.each<[ScenarioName, number]>([
    ['steady', 0],
    ['seasonal', 13.7],
    ['churning', 0.25],
    ['promo', 20 + 1 / 3],
    ['sequential', 5],
  ])('equals what many acted-out futures show in %s', (scenario, hours) => {
    const shop = simulateShop({ scenario, customers: 400, days: 400, seed: 5 });
    const asOf = Date.UTC(2022, 10, 5) + Math.floor(hours * HOUR_MS);
    const horizonMs = 23 * DAY_MS + 7 * HOUR_MS;
    let tried = 0;
    for (const user of livelyUsers(shop, asOf, 0.15)) {
      const seen = manyFutures(shop, user, { asOf, horizonMs, lives: 3_000 });
      const spend = shop.truth.expectedSpend(user, asOf, horizonMs);
      // Four standard errors: one of these sixty comparisons fails by chance once in 260 seeds.
      const probability = shop.truth.purchaseProbability(user, asOf, horizonMs);
      expect(Math.abs(seen.bought.mean - probability)).toBeLessThan(4 * seen.bought.standardError);
      expect(Math.abs(seen.gross.mean - spend.grossMinor)).toBeLessThan(4 * seen.gross.standardError);
      expect(Math.abs(seen.refunded.mean - spend.refundedMinor)).toBeLessThan(
        4 * seen.refunded.standardError,
      );
      expect(spend.netMinor).toBeCloseTo(spend.grossMinor - spend.refundedMinor, 6);
      if (++tried === 4) break;
    }
    expect(tried).toBe(4);
  });

  it('equals the sum over every night the customer could die in, hour by hour through the season', () => {
    const shop = simulateShop({ scenario: 'seasonal', customers: 50, days: 700, seed: 8 });
    const { truth, world } = shop;
    const asOf = Date.UTC(2022, 9, 1) + 5 * HOUR_MS + 1;
    const horizonMs = 100 * DAY_MS + 13 * HOUR_MS;
    const [user] = livelyUsers(shop, asOf, 0.05);
    const customer = shop.customer(user);
    // Orders of a customer who never dies, per hour, and by the night they follow: [nights].
    const byDay: number[] = [];
    const today = Math.floor(asOf / DAY_MS);
    for (let ms = asOf; ms < asOf + horizonMs; ms += HOUR_MS) {
      const until = Math.min(ms + HOUR_MS, asOf + horizonMs);
      const visits = trafficUntil(world.calendar, until) - trafficUntil(world.calendar, ms);
      // An hour from one minute past to one minute past stays within a day, but for a millisecond.
      const day = Math.floor(ms / DAY_MS) - today;
      const off = world.calendar.percentOff[Math.floor((ms - shop.startMs) / DAY_MS)];
      byDay[day] = (byDay[day] ?? 0) + visits * customer.visitsPerDay * conversion(world, customer, off);
    }
    let none = 0;
    let orders = 0;
    let before = 0;
    for (const [day, expected] of byDay.entries()) {
      before += expected;
      const lastDay = day === byDay.length - 1;
      const reached = Math.exp(-customer.nightlyHazard * day);
      const ends = lastDay ? reached : reached * -Math.expm1(-customer.nightlyHazard);
      none += ends * Math.exp(-before);
      orders += ends * before;
    }
    expect(truth.purchaseProbability(user, asOf, horizonMs)).toBeCloseTo(1 - none, 6);
    expect(truth.expectedSpend(user, asOf, horizonMs).orders).toBeCloseTo(orders, 6);
  });

  it('is zero for the dead and for bots, and rises with the horizon towards the chance of ever buying again', () => {
    const shop = simulateShop({ scenario: 'churning', customers: 3_000, days: 300, seed: 2 });
    const { truth } = shop;
    const asOf = shop.startMs + 200 * DAY_MS;
    let dead = 0;
    let bots = 0;
    for (let user = 0; user < 3_000; user++) {
      const { isBot, deathMs, joinMs } = shop.customer(user);
      expect(truth.deathMs(user)).toBe(deathMs);
      expect(truth.isBot(user)).toBe(isBot);
      const month = truth.purchaseProbability(user, asOf, 30 * DAY_MS);
      const quarter = truth.purchaseProbability(user, asOf, 90 * DAY_MS);
      expect(quarter).toBeGreaterThanOrEqual(month);
      expect(quarter).toBeLessThan(1);
      if (isBot || deathMs <= asOf) expect(quarter).toBe(0);
      else if (joinMs < asOf) expect(month).toBeGreaterThan(0);
      dead += deathMs <= asOf ? 1 : 0;
      bots += isBot ? 1 : 0;
    }
    expect(dead).toBeGreaterThan(500);
    expect(bots).toBeGreaterThan(0);
  });

  it('refuses a horizon beyond what the calendar knows', () => {
    const shop = simulateShop({ scenario: 'steady', customers: 5, days: 30, seed: 1 });
    expect(() => shop.truth.expectedSpend(0, shop.endMs, 800 * DAY_MS)).toThrow(/at most two years/);
  });
});
