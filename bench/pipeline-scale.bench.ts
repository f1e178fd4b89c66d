// From events on disk to features at growing sizes: is the cost linear, and does memory stay under its limit?
import { DAY_MS } from '../src/core/time.ts';
import { buildExamples } from '../src/data/examples.ts';
import { readCapabilities, viewFor } from '../src/data/features/capabilities.ts';
import { defaultView } from '../src/data/features/default-view.ts';
import { everyoneKnown, willBuy } from '../src/data/labels.ts';
import { simulateShop } from '../src/data/synthetic.ts';
import { atMost, type Bench } from './bench.ts';
import { shopInLake } from './simulated-shop.ts';

/** Events a customer of the `steady` shop leaves in `DAYS` days, about. */
const EVENTS_PER_CUSTOMER = 310;
const DAYS = 365;
const HORIZON_DAYS = 30;

interface SizeFigures {
  readonly events: number;
  readonly simulate_seconds: number;
  readonly import_seconds: number;
  readonly features_seconds: number;
  readonly examples: number;
  readonly columns: number;
}

/** Words: numbers of events, smallest first; 1 and 4 million when none is given, `2000000 20000000` for the whole claim. */
export const bench: Bench = async ({ seed, threads, args, log }) => {
  const sizes = args.map(Number).filter((size) => size > 0);
  if (sizes.length === 0) sizes.push(1_000_000, 4_000_000);
  const table: SizeFigures[] = [];
  for (const size of sizes) {
    const customers = Math.max(100, Math.round(size / EVENTS_PER_CUSTOMER));
    const shop = simulateShop({ scenario: 'steady', customers, days: DAYS, seed });
    const inLake = await shopInLake(shop, { threads, log });
    try {
      const { engine, source } = inLake;
      const startedMs = performance.now();
      const { view } = viewFor(defaultView(HORIZON_DAYS), await readCapabilities(engine, source));
      const last = shop.endMs - (HORIZON_DAYS + 1) * DAY_MS;
      const examples = await buildExamples(engine, source, {
        view,
        label: willBuy,
        population: everyoneKnown,
        asOfs: [3, 2, 1, 0].map((months) => last - months * HORIZON_DAYS * DAY_MS),
        horizonMs: HORIZON_DAYS * DAY_MS,
      });
      table.push({
        events: source.rows,
        simulate_seconds: inLake.simulateSeconds,
        import_seconds: inLake.imported.seconds,
        features_seconds: (performance.now() - startedMs) / 1000,
        examples: examples.frame.rows,
        columns: examples.frame.columns.length,
      });
      log(JSON.stringify(table[table.length - 1]));
    } finally {
      inLake.close();
    }
  }
  const first = table[0];
  const largest = table[table.length - 1];
  const growth = largest.events / first.events;
  const cost = (of: (figures: SizeFigures) => number) => of(largest) / of(first) / growth;
  return {
    bench: 'pipeline-scale',
    protocol:
      `simulated shop "steady" over ${DAYS} days, generator version ${simulateShop({ scenario: 'steady', customers: 1, days: 1, seed }).generatorVersion}, ` +
      `seed ${seed}, ${threads} threads; CSV written, imported into an empty lake, the default view and a label at four moments; ` +
      'each size once, smallest first, in one process',
    targets: [
      atMost(
        'import: cost per event at the largest size over the smallest',
        cost((row) => row.import_seconds),
        1.3,
      ),
      atMost(
        'features: cost per event at the largest size over the smallest',
        cost((row) => row.features_seconds),
        1.3,
      ),
      atMost(
        'peak memory, GB',
        (process.resourceUsage().maxRSS * 1024) / 1e9,
        4,
        'the whole run, engine included',
      ),
    ],
    figures: { sizes: table },
  };
};
