// The written scenarios of the simulated shop: every number that makes one shop differ from another, in one table.
import { type Sale, STANDARD_SALES, WEEKLY_COUPONS } from './sales.ts';

/** Raised whenever any simulated shop changes for the same seed; figures are only comparable within one version. */
export const GENERATOR_VERSION = 1;

/** What kind of shop it is. Rates are per day of average traffic; shares and probabilities lie in [0, 1]. */
export interface Scenario {
  /** Mean visits a day of a living customer, and the shape of the Gamma they differ by (small = very different). */
  readonly visitsPerDay: number;
  readonly visitsShape: number;
  /** Probability that a visit ends in an order, at full price, for a customer who does not mind prices. */
  readonly conversion: number;
  /** Mean price sensitivity; customers differ by a Gamma of shape 2. 0: nobody minds. */
  readonly sensitivity: number;
  /** A discount of x % multiplies conversion by exp(sensitivity · saleResponse · x / 100). */
  readonly saleResponse: number;
  /** Full price multiplies conversion by exp(−sensitivity · fullPricePain). */
  readonly fullPricePain: number;
  /** Mean days until a customer with no loyalty is gone for good; full loyalty multiplies it by `loyaltyGain`. */
  readonly lifeDays: number;
  readonly loyaltyGain: number;
  /** Share of the accounts that exist when the window opens; the rest join evenly over the window. */
  readonly presentAtStart: number;
  readonly botShare: number;
  /** Share of visits that begin without a login. */
  readonly anonymousShare: number;
  /** Probability that the next view of a visit stays in the category of the last one, or goes to its successor. */
  readonly stay: number;
  readonly follow: number;
  /** Whether a search asks for what is viewed next; where not, it asks for some other thing of the same taste. */
  readonly searchLeads: boolean;
  /** Probabilities of 1, 2, 3 … views, in visits that end without an order and in those that end in one. */
  readonly viewsBrowsing: readonly number[];
  readonly viewsBuying: readonly number[];
  readonly searchShare: number;
  /** Share of visits that open with a list of impressions and a click. */
  readonly listShare: number;
  readonly cartShare: number;
  readonly refundShare: number;
  readonly reviewShare: number;
  /** Height of the yearly wave (0.3 = ±30 %) and the day of the year it peaks on. */
  readonly yearlyWave: number;
  readonly yearlyPeakDay: number;
  /** Traffic on Saturdays and Sundays relative to other days. */
  readonly weekend: number;
  /** Growth of everybody's visits per year, compounding daily; 0 = none. */
  readonly growthPerYear: number;
  readonly sales: readonly Sale[];
}

const COMMON: Scenario = {
  visitsPerDay: 0.15,
  visitsShape: 0.9,
  conversion: 0.05,
  sensitivity: 0.5,
  saleResponse: 0,
  fullPricePain: 0,
  lifeDays: 700,
  loyaltyGain: 4,
  presentAtStart: 0.9,
  botShare: 0.002,
  anonymousShare: 0.05,
  stay: 0.4,
  follow: 0.1,
  searchLeads: true,
  viewsBrowsing: [0.45, 0.25, 0.15, 0.08, 0.04, 0.03],
  viewsBuying: [0.2, 0.25, 0.2, 0.15, 0.1, 0.1],
  searchShare: 0.2,
  listShare: 0.05,
  cartShare: 0.08,
  refundShare: 0.06,
  reviewShare: 0.2,
  yearlyWave: 0,
  yearlyPeakDay: 330,
  weekend: 1.25,
  growthPerYear: 0,
  sales: [],
};

const ORDERLESS: Scenario = {
  ...COMMON,
  visitsPerDay: 0.12,
  viewsBrowsing: [0.1, 0.15, 0.2, 0.2, 0.15, 0.2],
  viewsBuying: [0.05, 0.1, 0.2, 0.25, 0.2, 0.2],
  stay: 0,
  follow: 0,
  searchLeads: false,
};

export const SCENARIOS = {
  /** No seasons, no sales: what a purchase model must recover. */
  steady: {
    ...COMMON,
    visitsPerDay: 0.5,
    visitsShape: 1.2,
    conversion: 0.015,
    viewsBrowsing: [0.75, 0.18, 0.07],
    searchShare: 0.1,
    listShare: 0.02,
    cartShare: 0.04,
  },
  /** Three years of growth, a yearly wave, sales days and Christmas: what level and season correction are for. */
  seasonal: {
    ...COMMON,
    visitsPerDay: 0.1,
    lifeDays: 900,
    presentAtStart: 0.5,
    saleResponse: 2,
    yearlyWave: 0.25,
    growthPerYear: 0.2,
    sales: STANDARD_SALES,
  },
  /** Short lives that differ widely: silence must be read as death or as patience. */
  churning: { ...COMMON, visitsPerDay: 0.15, lifeDays: 90, loyaltyGain: 12, presentAtStart: 0.5 },
  /** Customers who wait for a discount beside customers who do not care, and a shop full of coupons. */
  promo: {
    ...COMMON,
    visitsPerDay: 0.15,
    sensitivity: 1.2,
    saleResponse: 5,
    fullPricePain: 0.7,
    cartShare: 0.15,
    sales: [...STANDARD_SALES, ...WEEKLY_COUPONS],
  },
  /** No order effect: every item is a fresh draw from the customer's own taste, so order tells nothing. */
  orderless: ORDERLESS,
  /** `orderless` with nothing changed but the order: categories follow each other as in a chain. */
  sequential: { ...ORDERLESS, stay: 0.15, follow: 0.6 },
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;
