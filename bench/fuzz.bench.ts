// Fuzzing every route of a served shop from its own OpenAPI document, as many cases as one has time for.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atMost, type Bench } from './bench.ts';
import { isSlow, openFuzzShop } from './fuzz/fuzz-shop.ts';
import { type FuzzedRoute, runFuzz } from './fuzz/run-fuzz.ts';

const CASES = 100_000;
/** Of routes that take seconds a case. */
const SLOW_CASES = 20;

/** Words: `cases=N` a route (100000), `route=TEXT` those alone whose name holds it. */
export const bench: Bench = async ({ args, seed, log }) => {
  const word = (name: string) => args.find((own) => own.startsWith(`${name}=`))?.slice(name.length + 1);
  const cases = Number(word('cases') ?? CASES);
  const only = word('route') ?? '';
  const dir = mkdtempSync(join(tmpdir(), 'foresell-fuzz-'));
  const shop = await openFuzzShop(dir);
  try {
    const { routes, faults } = await runFuzz(shop, {
      seed,
      cases: (route) => (route.includes(only) ? (isSlow(route) ? Math.min(cases, SLOW_CASES) : cases) : 0),
      onRoute: (own) => {
        if (own.cases > 0) log(lineOf(own));
      },
    });
    for (const fault of faults) log(fault);
    const asked = routes.filter((own) => own.cases > 0);
    return {
      bench: 'fuzz',
      protocol: `${cases} requests a route (${SLOW_CASES} of erasure) made of /openapi.json, on a shop with models of customers, items and texts, its journal in memory; seed ${seed}`,
      targets: [atMost('answers that break a promise', faults.length, 0, faults[0])],
      figures: {
        routes: asked,
        requests: asked.reduce((sum, own) => sum + own.cases, 0),
        seconds: asked.reduce((sum, own) => sum + own.seconds, 0),
      },
    };
  } finally {
    await shop.close();
    rmSync(dir, { recursive: true, force: true });
  }
};

function lineOf({ route, cases, statuses, seconds, slowestMs }: FuzzedRoute): string {
  const shown = Object.entries(statuses).map(([status, count]) => `${status} × ${count}`);
  return `${route}: ${cases} in ${seconds.toFixed(1)} s, the slowest ${slowestMs.toFixed(0)} ms (${shown.join(', ')})`;
}
