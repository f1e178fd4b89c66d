// Fuzzing from our own OpenAPI document: whatever comes, no answer is a 5xx, and each is what the document says.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FuzzShop, isSlow, openFuzzShop } from '../../../bench/fuzz/fuzz-shop.ts';
import { runFuzz } from '../../../bench/fuzz/run-fuzz.ts';

/** Cases a route; FORESELL_FUZZ_CASES asks for more, `npm run bench -- fuzz` for many more. */
const CASES = Number(process.env.FORESELL_FUZZ_CASES ?? 2000);
const SEED = 7;

const dir = mkdtempSync(join(tmpdir(), 'foresell-fuzz-'));
let shop: FuzzShop;
beforeAll(async () => {
  shop = await openFuzzShop(dir);
}, 400_000);
afterAll(async () => {
  await shop?.close();
  rmSync(dir, { recursive: true, force: true });
});

test(
  `${CASES} requests a route`,
  async () => {
    const { routes, faults } = await runFuzz(shop, {
      ...{ seed: SEED, cases: (route) => (isSlow(route) ? 1 : CASES) },
    });
    expect(faults).toEqual([]);
    expect(routes.length).toBeGreaterThan(30);
    // Both worlds are met: a fuzzer whose every case is refused at once finds nothing.
    const met = (route: string): readonly string[] =>
      Object.keys(routes.find((own) => own.route === route)?.statuses ?? {});
    for (const route of [
      'POST /v1/events',
      'POST /v1/predictions/{task}',
      'POST /v1/recommendations',
      'POST /v1/search/rerank',
    ])
      expect(met(route), route).toEqual(expect.arrayContaining(['200', '400', '422']));
    expect(met('GET /v1/users/{id}')).toEqual(expect.arrayContaining(['200', '400', '404']));
    expect(met('POST /v2/models/{name}/infer')).toEqual(expect.arrayContaining(['200', '400', '404']));
  },
  60_000 + CASES * 2000,
);
