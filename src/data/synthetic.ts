// A simulated shop whose truth is known: any size, seeded, streamed; see docs/simulated-shop.md for what it is made of.
import { AppError } from '../core/errors.ts';
import { random } from '../core/random.ts';
import { DAY_MS } from '../core/time.ts';
import { type EventBatch, makeBatch, settleRows } from './synthetic/batch.ts';
import { makeCalendar } from './synthetic/calendar.ts';
import { makeCatalogue } from './synthetic/catalogue.ts';
import { type Customer, drawCustomer } from './synthetic/customer.ts';
import { actOut, type World } from './synthetic/life.ts';
import { GENERATOR_VERSION, SCENARIOS, type ScenarioName } from './synthetic/scenario.ts';
import { makeTruth, type Truth } from './synthetic/truth.ts';
import { CATEGORIES } from './synthetic/words.ts';

export interface ShopOptions {
  readonly scenario: ScenarioName;
  /** Accounts, bots among them. */
  readonly customers: number;
  /** Size of the catalogue; 1,000 unless said otherwise. */
  readonly items?: number;
  /** Length of the window, at most three years (1,096 days). */
  readonly days: number;
  /** UTC midnight on which the window opens; 2022-01-01 unless said otherwise. */
  readonly startMs?: number;
  readonly seed: number;
}

export interface SimulatedShop {
  readonly generatorVersion: number;
  readonly options: Required<ShopOptions>;
  readonly world: World;
  /** The window is [startMs, endMs). */
  readonly startMs: number;
  readonly endMs: number;
  readonly currency: 'CNY';
  /** Who a customer really is; costs a few microseconds, nothing is kept. */
  customer(index: number): Customer;
  /**
   * Every event of the window, customer by customer and within a customer in time order. Memory stays flat: one batch,
   * overwritten each time. Each call starts from the beginning and gives the same rows.
   *
   * @param from first customer, so that two readers can share the work
   * @param to one past the last customer
   */
  events(from?: number, to?: number): Generator<EventBatch>;
  readonly truth: Truth;
}

/** Rows after which a batch is handed out; a batch may be longer by one customer's events. */
const BATCH_ROWS = 32_768;
const MAX_DAYS = 1_096;
/** How far beyond the window the truth can look. */
const AFTERMATH_DAYS = 731;

/**
 * Opens a simulated shop; nothing is generated until it is asked for.
 *
 * @throws AppError USAGE for a scenario that does not exist or a size out of range
 */
export function simulateShop(options: ShopOptions): SimulatedShop {
  const { scenario, customers, days, seed } = options;
  const items = options.items ?? 1_000;
  const startMs = options.startMs ?? Date.UTC(2022, 0, 1);
  if (!Object.hasOwn(SCENARIOS, scenario)) {
    throw new AppError(
      'USAGE',
      `expected a scenario of ${Object.keys(SCENARIOS).join(', ')}, got "${scenario}"`,
    );
  }
  requireInteger('customers', customers, 1, 50_000_000);
  requireInteger('days', days, 1, MAX_DAYS);
  requireInteger('items', items, CATEGORIES.length, 1_000_000);
  if (startMs % DAY_MS !== 0) {
    throw new AppError('USAGE', `expected a window that opens at a midnight UTC, got ${startMs} ms`);
  }
  const root = random(seed);
  const endMs = startMs + days * DAY_MS;
  const world: World = {
    scenario: SCENARIOS[scenario],
    catalogue: makeCatalogue(items, root.fork('catalogue')),
    calendar: makeCalendar(SCENARIOS[scenario], startMs, days + AFTERMATH_DAYS),
    startMs,
    days,
  };
  const customer = (index: number): Customer => drawCustomer(world, index, root.fork(`customer ${index}`));

  function* events(from = 0, to = customers): Generator<EventBatch> {
    const batch = makeBatch(BATCH_ROWS + 8_192);
    for (let index = from; index < to; index++) {
      const someone = customer(index);
      const first = batch.rows;
      const stretch = { fromMs: startMs, untilMs: endMs, deathMs: someone.deathMs };
      actOut(world, someone, stretch, { random: root.fork(`life ${index}`), batch });
      settleRows(batch, first, startMs, endMs);
      if (batch.rows < BATCH_ROWS) continue;
      yield batch;
      batch.rows = 0;
    }
    if (batch.rows > 0) yield batch;
  }

  return {
    generatorVersion: GENERATOR_VERSION,
    options: { scenario, customers, items, days, startMs, seed },
    world,
    startMs,
    endMs,
    currency: 'CNY',
    customer,
    events,
    truth: makeTruth(world, customer),
  };
}

function requireInteger(what: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new AppError('USAGE', `expected ${what} between ${least} and ${most}, got ${value}`);
}
