// What a customer does: visits as a Poisson process on the shop's calendar, each thinned into an order or not.
import type { Random } from '../../core/random.ts';
import { DAY_MS } from '../../core/time.ts';
import { addRow, type EventBatch, TYPE_CODE } from './batch.ts';
import { type Calendar, momentOfShare, shareBefore } from './calendar.ts';
import type { Customer, CustomerWorld } from './customer.ts';
import { browse } from './visit.ts';

export interface World extends CustomerWorld {
  readonly calendar: Calendar;
}

/** The stretch of a life to act out: `(fromMs, untilMs]`, or less when they join later or die earlier. */
export interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly deathMs: number;
}

const MAX_CONVERSION = 0.8;

/** Probability that a visit on a day with this discount ends in an order. */
export function conversion(world: CustomerWorld, customer: Customer, percentOff: number): number {
  if (customer.isBot) return 0;
  const { scenario } = world;
  const pull = (scenario.saleResponse * percentOff) / 100 - scenario.fullPricePain;
  return Math.min(MAX_CONVERSION, scenario.conversion * Math.exp(customer.priceSensitivity * pull));
}

/** Traffic of the calendar from day 0 to a moment: the clock on which a customer's visits come evenly. */
export function trafficUntil(calendar: Calendar, ms: number): number {
  const day = Math.floor((ms - calendar.startMs) / DAY_MS);
  const msOfDay = ms - calendar.startMs - day * DAY_MS;
  return calendar.cumulative[day] + (msOfDay > 0 ? calendar.traffic[day] * shareBefore(msOfDay) : 0);
}

/**
 * Acts out a stretch of a customer's life into the batch: exact draws from the process whose probabilities `truth.ts`
 * computes. Refunds and reviews of the stretch's orders come after it, so rows are not in time order yet.
 */
export function actOut(
  world: World,
  customer: Customer,
  stretch: Stretch,
  tools: { readonly random: Random; readonly batch: EventBatch },
): void {
  const { calendar } = world;
  const { random, batch } = tools;
  const fromMs = Math.max(stretch.fromMs, customer.joinMs);
  const untilMs = Math.min(stretch.untilMs, stretch.deathMs);
  if (untilMs <= fromMs) return;
  if (customer.isNew && stretch.fromMs <= customer.joinMs) join(customer, batch);
  const end = trafficUntil(calendar, untilMs);
  let clock = trafficUntil(calendar, fromMs);
  let day = Math.floor((fromMs - calendar.startMs) / DAY_MS);
  for (let visit = 1; ; visit++) {
    clock += random.exponential(customer.visitsPerDay);
    if (clock >= end) return;
    while (calendar.cumulative[day + 1] <= clock) day++;
    const share = (clock - calendar.cumulative[day]) / calendar.traffic[day];
    const atMs = calendar.startMs + day * DAY_MS + Math.floor(momentOfShare(share));
    const percentOff = calendar.percentOff[day];
    const buys = random.uniform() < conversion(world, customer, percentOff);
    browse(world, customer, { number: visit, atMs, percentOff, buys }, tools);
  }
}

function join(customer: Customer, batch: EventBatch): void {
  const row = addRow(batch, TYPE_CODE.identify, customer.joinMs);
  batch.owner[row] = customer.index;
  batch.user[row] = customer.index;
  batch.device[row] = customer.device;
  batch.channel[row] = customer.channel;
  batch.country[row] = customer.country;
  batch.visit[row] = 0;
  batch.line[row] = 1;
}
