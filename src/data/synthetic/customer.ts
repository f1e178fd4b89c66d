// Who a customer really is: drawn from the seed and the customer's number alone, so nothing need be kept.
import type { Random } from '../../core/random.ts';
import { DAY_MS } from '../../core/time.ts';
import { momentOfShare } from './calendar.ts';
import { type Catalogue, type Taste, TIERS } from './catalogue.ts';
import type { Scenario } from './scenario.ts';
import { BRANDS, CHANNEL_SHARES, COUNTRY_SHARES } from './words.ts';

/** The latent state nobody but the simulator sees. */
export interface Customer {
  readonly index: number;
  readonly isBot: boolean;
  /** Joins at this moment; the window's start for customers who were there before. */
  readonly joinMs: number;
  readonly isNew: boolean;
  /** Visits a day of average traffic while alive. */
  readonly visitsPerDay: number;
  /** In [0, 1]; the more loyal, the longer the life. */
  readonly loyalty: number;
  /** Probability of living through a night is exp(−nightlyHazard). */
  readonly nightlyHazard: number;
  /** Gone for good from this UTC midnight on; may lie beyond the window. Infinite for bots. */
  readonly deathMs: number;
  readonly priceSensitivity: number;
  /** Probability of each of three further lines in an order. */
  readonly appetite: number;
  /** Adds to every satisfaction, standard normal. */
  readonly leniency: number;
  readonly taste: Taste;
  readonly country: number;
  readonly device: number;
  readonly channel: number;
}

export interface CustomerWorld {
  readonly scenario: Scenario;
  readonly catalogue: Catalogue;
  readonly startMs: number;
  readonly days: number;
}

/**
 * The end of a customer who is alive at a moment: each coming night is the last with the same chance, so how long they
 * have been there tells nothing.
 *
 * @returns the UTC midnight from which on they are gone
 */
export function drawDeathMs(
  world: CustomerWorld,
  nightlyHazard: number,
  aliveAtMs: number,
  random: Random,
): number {
  const today = Math.floor((aliveAtMs - world.startMs) / DAY_MS);
  const nights = Math.floor(random.exponential(1) / nightlyHazard);
  return world.startMs + (today + nights + 1) * DAY_MS;
}

/** @param random a stream of this customer's own */
export function drawCustomer(world: CustomerWorld, index: number, random: Random): Customer {
  const { scenario, startMs, days } = world;
  const isBot = random.uniform() < scenario.botShare;
  const isNew = random.uniform() >= scenario.presentAtStart;
  const joinMs = isNew
    ? startMs + random.integer(days) * DAY_MS + Math.floor(momentOfShare(random.uniform()))
    : startMs;
  const visitsPerDay = random.gamma(scenario.visitsShape, scenario.visitsShape / scenario.visitsPerDay);
  const loyalty = random.uniform();
  const nightlyHazard = 1 / (scenario.lifeDays * scenario.loyaltyGain ** loyalty);
  const deathMs = drawDeathMs(world, nightlyHazard, joinMs, random);
  const priceSensitivity = scenario.sensitivity === 0 ? 0 : random.gamma(2, 2 / scenario.sensitivity);
  const taste = drawTaste(world.catalogue, priceSensitivity, random);
  return {
    index,
    isBot,
    joinMs,
    isNew,
    visitsPerDay: isBot ? 1 : visitsPerDay,
    loyalty,
    nightlyHazard,
    deathMs: isBot ? Number.POSITIVE_INFINITY : deathMs,
    priceSensitivity,
    appetite: 0.05 + 0.4 * random.uniform(),
    leniency: random.normal(),
    taste,
    country: random.choice(COUNTRY_SHARES),
    device: random.choice([0.65, 0.28, 0.07]),
    channel: random.choice(CHANNEL_SHARES),
  };
}

function drawTaste(catalogue: Catalogue, priceSensitivity: number, random: Random): Taste {
  const favourites = [
    random.choice(catalogue.categoryShare),
    random.choice(catalogue.categoryShare),
    random.choice(catalogue.categoryShare),
  ] as const;
  const brandWeight = new Float64Array(BRANDS.length).fill(0.25);
  brandWeight[random.integer(BRANDS.length)] = 1;
  brandWeight[random.integer(BRANDS.length)] = 1;
  const tierWeight = new Float64Array(TIERS);
  for (let t = 0; t < TIERS; t++) tierWeight[t] = Math.exp(-0.5 * priceSensitivity * t);
  return { favourites, brandWeight, tierWeight };
}
