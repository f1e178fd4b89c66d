// What the best possible predictor can know: the posterior of one who sees every visit and knows how the shop works.
import { AppError } from '../../core/errors.ts';
import { DAY_MS } from '../../core/time.ts';
import type { SimulatedShop } from '../synthetic.ts';
import { TYPE_CODE } from './batch.ts';
import { conversion, trafficUntil, type World } from './life.ts';

/** What there is to see of each customer by a moment; cookies are stitched, so visits without a login count. */
export interface Observations {
  readonly asOf: number;
  /** [customers] */
  readonly visits: Int32Array;
  /** [customers] UTC ms of the last visit; NaN when there was none. */
  readonly lastMs: Float64Array;
}

/** Reads the shop's whole log once. */
export function observe(shop: SimulatedShop, asOf: number): Observations {
  const { customers } = shop.options;
  const visits = new Int32Array(customers);
  const lastMs = new Float64Array(customers).fill(Number.NaN);
  for (const batch of shop.events()) {
    let seen = new Set<number>();
    let owner = -1;
    for (let row = 0; row < batch.rows; row++) {
      const type = batch.type[row];
      if (batch.visit[row] === 0 || type === TYPE_CODE.refund || type === TYPE_CODE.review) continue;
      if (batch.timestamp[row] > asOf) continue;
      if (batch.owner[row] !== owner) {
        owner = batch.owner[row];
        seen = new Set();
      }
      if (!seen.has(batch.visit[row])) visits[owner]++;
      seen.add(batch.visit[row]);
      lastMs[owner] = batch.timestamp[row];
    }
  }
  return { asOf, visits, lastMs };
}

const RATES = 48;
const LOYALTIES = 5;

/**
 * P(purchase in `(asOf, asOf + horizonMs]` | all visits by `asOf`), with the scenario's own distributions as priors: the
 * mean of the truth over everybody who could have left this trace. Purchases add nothing to visits where every visit
 * converts with the same probability, and only there is this exact.
 *
 * The rate is integrated on a logarithmic grid, loyalty by midpoints, the night of death one by one: `asOf` is a UTC
 * midnight. Costs about a tenth of a millisecond a customer.
 *
 * @returns [customers]; 0 for bots, which give themselves away, and for customers not yet there
 * @throws AppError USAGE for a scenario whose customers convert differently
 */
export function idealProbabilities(shop: SimulatedShop, seen: Observations, horizonMs: number): Float64Array {
  const { scenario, calendar } = shop.world;
  if (scenario.saleResponse !== 0 || scenario.fullPricePain !== 0) {
    throw new AppError(
      'USAGE',
      'expected a scenario in which every visit converts with the same probability',
    );
  }
  const { asOf } = seen;
  if (asOf % DAY_MS !== 0) {
    throw new AppError('USAGE', `expected to stand at a midnight UTC, got ${asOf} ms`);
  }
  const ahead: number[] = [];
  for (let fromMs = asOf; fromMs < asOf + horizonMs; fromMs += DAY_MS) {
    const untilMs = Math.min(asOf + horizonMs, fromMs + DAY_MS);
    ahead.push(trafficUntil(calendar, untilMs) - trafficUntil(calendar, fromMs));
  }
  const hazards = Array.from(
    { length: LOYALTIES },
    (_, l) => 1 / (scenario.lifeDays * scenario.loyaltyGain ** ((l + 0.5) / LOYALTIES)),
  );
  return Float64Array.from({ length: shop.options.customers }, (_, user) => {
    const customer = shop.customer(user);
    if (customer.isBot || customer.joinMs >= asOf) return 0;
    const trace = { joinMs: customer.joinMs, visits: seen.visits[user], lastMs: seen.lastMs[user] };
    return posteriorMean(shop.world, trace, {
      asOf,
      ahead,
      hazards,
      chance: conversion(shop.world, customer, 0),
    });
  });
}

interface Trace {
  readonly joinMs: number;
  readonly visits: number;
  readonly lastMs: number;
}

interface Asked {
  readonly asOf: number;
  /** [days of the horizon] Traffic of each. */
  readonly ahead: readonly number[];
  /** Nightly, equally likely. */
  readonly hazards: readonly number[];
  /** That a visit ends in an order. */
  readonly chance: number;
}

function posteriorMean(world: World, trace: Trace, { asOf, ahead, hazards, chance }: Asked): number {
  const { calendar, scenario } = world;
  const dayOf = (ms: number) => Math.floor((ms - calendar.startMs) / DAY_MS);
  const joined = trafficUntil(calendar, trace.joinMs);
  const lastDay = dayOf(Number.isNaN(trace.lastMs) ? trace.joinMs : trace.lastMs);
  const nights = Math.max(0, dayOf(asOf) - lastDay);
  const exposure = trafficUntil(calendar, asOf) - joined;
  const leastExposure = Math.min(exposure, calendar.cumulative[lastDay + 1] - joined);
  const shape = scenario.visitsShape + trace.visits;
  const priorRate = scenario.visitsShape / scenario.visitsPerDay;
  const spread = 1 / Math.sqrt(shape);
  const low = Math.log(shape / (exposure + priorRate)) - 6 * spread;
  const high = Math.log(shape / (leastExposure + priorRate)) + 5 * spread;
  const logs: number[] = [];
  const answers: number[] = [];
  const silent = new Float64Array(nights);
  for (let r = 0; r < RATES; r++) {
    const logRate = low + ((high - low) * (r + 0.5)) / RATES;
    const rate = Math.exp(logRate);
    for (let night = 0; night < nights; night++) {
      silent[night] = Math.exp(-rate * (calendar.cumulative[lastDay + night + 1] - joined - leastExposure));
    }
    const stillSilent = Math.exp(-rate * (exposure - leastExposure));
    const nothing = ahead.map((traffic) => Math.exp(-rate * chance * traffic));
    for (const hazard of hazards) {
      // Relative to having been alive on the last day: dead since some silent night after it, or still alive.
      const survives = Math.exp(-hazard);
      let dead = 0;
      let reached = 1;
      for (let night = 0; night < nights; night++) {
        dead += silent[night] * reached * (1 - survives);
        reached *= survives;
      }
      const alive = reached * stillSilent;
      let none = 1;
      let buys = 0;
      for (let day = 0; day < nothing.length; day++) {
        buys += none * (1 - nothing[day]);
        none *= nothing[day] * survives;
      }
      logs.push(shape * logRate - rate * (priorRate + leastExposure) + Math.log(dead + alive));
      answers.push((alive / (dead + alive)) * buys);
    }
  }
  const top = Math.max(...logs);
  let weight = 0;
  let sum = 0;
  for (let i = 0; i < logs.length; i++) {
    const w = Math.exp(logs[i] - top);
    weight += w;
    sum += w * answers[i];
  }
  return sum / weight;
}
