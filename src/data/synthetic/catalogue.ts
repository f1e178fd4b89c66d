// What the shop sells: items in categories, by brand and price tier, and how a customer's taste draws from them.
import type { Random } from '../../core/random.ts';
import { BRANDS, CATEGORIES, COLOURS } from './words.ts';

export const TIERS = 3;
const TIER_PRICE = [0.6, 1, 1.9];

/** Columns over the items, and what is needed to draw from a category in constant time. */
export interface Catalogue {
  readonly count: number;
  readonly category: Uint8Array;
  readonly brand: Uint8Array;
  readonly tier: Uint8Array;
  readonly colour: Uint8Array;
  /** Full price, a multiple of 100 minor units, so that a discount in whole percents gives whole minor units. */
  readonly priceMinor: Int32Array;
  /** How good the item is, standard normal; ratings and refunds know it. */
  readonly quality: Float64Array;
  /** Share of the category's demand before anybody's taste. */
  readonly popularity: Float64Array;
  /** Share of each category in the demand of the whole shop. */
  readonly categoryShare: Float64Array;
  /** The category that tends to be looked at after this one. */
  readonly successor: Uint8Array;
  /** Items of category c stand in `order[starts[c] … starts[c + 1])`, with Walker's alias table beside them. */
  readonly order: Int32Array;
  readonly starts: Int32Array;
  readonly keep: Float64Array;
  readonly alias: Int32Array;
  /** [category, brand, tier] Sum of popularity, and of popularity × price. */
  readonly mass: Float64Array;
  readonly value: Float64Array;
}

export const cell = (category: number, brand: number, tier: number): number =>
  (category * BRANDS.length + brand) * TIERS + tier;

export function makeCatalogue(count: number, random: Random): Catalogue {
  const categories = CATEGORIES.length;
  const categoryShare = new Float64Array(categories);
  for (let c = 0; c < categories; c++) categoryShare[c] = 1 / (c + 3);
  const total = categoryShare.reduce((sum, share) => sum + share, 0);
  for (let c = 0; c < categories; c++) categoryShare[c] /= total;

  const category = new Uint8Array(count);
  const brand = new Uint8Array(count);
  const tier = new Uint8Array(count);
  const colour = new Uint8Array(count);
  const priceMinor = new Int32Array(count);
  const quality = new Float64Array(count);
  const popularity = new Float64Array(count);
  const rank = new Int32Array(categories);
  for (let i = 0; i < count; i++) {
    const c = i < categories ? i : random.choice(categoryShare);
    category[i] = c;
    brand[i] = random.integer(BRANDS.length);
    tier[i] = random.integer(TIERS);
    colour[i] = random.integer(COLOURS.length);
    const major = CATEGORIES[c].priceMajor * TIER_PRICE[tier[i]] * Math.exp(random.normal(0, 0.25));
    priceMinor[i] = Math.max(1, Math.round(major)) * 100;
    quality[i] = random.normal();
    popularity[i] = (++rank[c]) ** -0.7;
  }
  const categorySum = new Float64Array(categories);
  for (let i = 0; i < count; i++) categorySum[category[i]] += popularity[i];
  const mass = new Float64Array(categories * BRANDS.length * TIERS);
  const value = new Float64Array(mass.length);
  for (let i = 0; i < count; i++) {
    popularity[i] /= categorySum[category[i]];
    const at = cell(category[i], brand[i], tier[i]);
    mass[at] += popularity[i];
    value[at] += popularity[i] * priceMinor[i];
  }
  // A single cycle through all categories, so that following leads everywhere.
  const cycle = random.shuffle(Uint8Array.from({ length: categories }, (_, c) => c));
  const successor = new Uint8Array(categories);
  for (let c = 0; c < categories; c++) successor[cycle[c]] = cycle[(c + 1) % categories];

  return {
    ...{ count, category, brand, tier, colour, priceMinor, quality, popularity, categoryShare, successor },
    ...aliasTables(category, popularity, categories),
    mass,
    value,
  };
}

/** Walker's alias method (Vose 1991), one table a category: a draw costs two random numbers at most. */
function aliasTables(category: Uint8Array, popularity: Float64Array, categories: number) {
  const count = category.length;
  const starts = new Int32Array(categories + 1);
  for (let i = 0; i < count; i++) starts[category[i] + 1]++;
  for (let c = 0; c < categories; c++) starts[c + 1] += starts[c];
  const order = new Int32Array(count);
  const next = starts.slice();
  for (let i = 0; i < count; i++) order[next[category[i]]++] = i;
  const keep = new Float64Array(count).fill(1);
  const alias = new Int32Array(count);
  for (let c = 0; c < categories; c++) {
    const size = starts[c + 1] - starts[c];
    const small: number[] = [];
    const large: number[] = [];
    for (let at = starts[c]; at < starts[c + 1]; at++) {
      keep[at] = popularity[order[at]] * size;
      (keep[at] < 1 ? small : large).push(at);
    }
    while (small.length > 0 && large.length > 0) {
      const low = small.pop() as number;
      const high = large[large.length - 1];
      alias[low] = order[high];
      keep[high] -= 1 - keep[low];
      if (keep[high] < 1) small.push(large.pop() as number);
    }
    for (const at of [...small, ...large]) keep[at] = 1;
  }
  return { order, starts, keep, alias };
}

/** How a customer weighs items of a category: by brand and tier, each in (0, 1]. */
export interface Taste {
  /** The categories liked most, most liked first, with how often each is meant. */
  readonly favourites: readonly [number, number, number];
  readonly brandWeight: Float64Array;
  readonly tierWeight: Float64Array;
}

/** Of a customer's own choices of category, so many go to each favourite; what is left follows the whole shop. */
export const FAVOURITE_SHARES = [0.45, 0.25, 0.15] as const;

export function drawCategory(catalogue: Catalogue, taste: Taste, random: Random): number {
  let rest = random.uniform();
  for (let f = 0; f < 3; f++) {
    rest -= FAVOURITE_SHARES[f];
    if (rest < 0) return taste.favourites[f];
  }
  return random.choice(catalogue.categoryShare);
}

/** An item of the category, with probability ∝ popularity × brand weight × tier weight (by rejection, so exactly). */
export function drawItem(catalogue: Catalogue, category: number, taste: Taste, random: Random): number {
  const { starts, order, keep, alias, brand, tier } = catalogue;
  const from = starts[category];
  const size = starts[category + 1] - from;
  for (;;) {
    const at = from + random.integer(size);
    const item = random.uniform() < keep[at] ? order[at] : alias[at];
    if (random.uniform() < taste.brandWeight[brand[item]] * taste.tierWeight[tier[item]]) return item;
  }
}

/** [categories] How often the customer means each category when choosing freely. */
export function categoryTaste(catalogue: Catalogue, taste: Taste): Float64Array {
  const free = 1 - FAVOURITE_SHARES[0] - FAVOURITE_SHARES[1] - FAVOURITE_SHARES[2];
  const shares = catalogue.categoryShare.map((share) => share * free);
  for (let f = 0; f < 3; f++) shares[taste.favourites[f]] += FAVOURITE_SHARES[f];
  return shares;
}

/** [categories] Mean full price of what the customer would pick in each category, minor units. */
export function meanPrices(catalogue: Catalogue, taste: Taste): Float64Array {
  const prices = new Float64Array(CATEGORIES.length);
  for (let c = 0; c < prices.length; c++) {
    let mass = 0;
    let value = 0;
    for (let b = 0; b < BRANDS.length; b++) {
      for (let t = 0; t < TIERS; t++) {
        const weight = taste.brandWeight[b] * taste.tierWeight[t];
        mass += weight * catalogue.mass[cell(c, b, t)];
        value += weight * catalogue.value[cell(c, b, t)];
      }
    }
    prices[c] = value / mass;
  }
  return prices;
}
