// The shop that is fuzzed: made up, trained and served inside this process, its journal in memory so that a case costs no sync.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createKeyring, makeKey, SCOPES, type Scope } from '../../src/serve/http/api-key.ts';
import { createServer } from '../../src/serve/http/server.ts';
import { shopRoutes } from '../../src/serve/http/shop-routes.ts';
import { samplePorts } from '../../src/serve/sample-ports.ts';
import { openShop } from '../../src/serve/shop.ts';
import { makeShop, SHOP_NOW_MS, SMALL_SATISFACTION, serveShops } from '../../test/flow/served-shops.ts';
import type { FuzzServer } from './run-fuzz.ts';

export interface FuzzShop extends FuzzServer {
  close(): Promise<void>;
}

/** @param dir an empty folder of its own */
export async function openFuzzShop(dir: string): Promise<FuzzShop> {
  const shop = join(dir, 'shop');
  const write = (name: string, content: string): string => {
    const path = join(dir, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  };
  await makeShop(shop, write, {
    ...{ mark: 'a', customers: 120 },
    tasks: [
      ['purchase', '--model', 'logistic', '--horizon', '30d'],
      ['next-item', '--model', 'item-knn'],
      SMALL_SATISFACTION,
    ],
  });
  const served = await serveShops([shop]);
  const [{ shop: own }] = served.services;
  const scopes = Object.keys(SCOPES) as Scope[];
  const key = makeKey({ kind: 'server', scopes, label: 'fuzz', createdMs: 0 });
  let next = 0;
  const { journal } = samplePorts('a');
  const app = createServer({
    shops: new Map([
      ['a', openShop({ ...own.ports, journal }, { currency: 'EUR', newId: () => `f-${next++}` })],
    ]),
    keyring: createKeyring(new Map([['a', [key.record]]])),
    now: () => SHOP_NOW_MS,
    routes: shopRoutes,
    // The clock stands still: whoever is refused once for asking too often would be refused for ever.
    rates: {
      server: { perSecond: 1e12, burst: 1e12 },
      failures: { perSecond: 1e12, burst: 1e12 },
    },
  });
  const tasks = own.ports.served?.list() ?? [];
  const names = [...tasks.map(({ name }) => name), 'next-item', 'session-purchase'];
  return {
    words: [
      ...['ann', 'ac50', 'ac51', 'as1', 'as2', 'EUR', '12.50', '2026-01-15T12:00:00Z', 'Order Completed'],
      ...['BYTES', 'user_id', 'text', 'value', 'red lamp', "category = 'mug'", '1720000000000.1'],
      'USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\na,b,1,"view',
    ],
    parts: {
      // Some of them are erased on the way.
      id: [...Array.from({ length: 40 }, (_, i) => `ac${i}`), 'nobody'],
      task: names,
      name: names,
      version: [...tasks.map(({ version }) => version), 'v1', 'latest'],
      endpoint: ['hook'],
    },
    ask: async (method, { url, bytes, headers }) =>
      await app.inject({
        ...{ method, url },
        headers: { ...headers, authorization: `Bearer ${key.text}` },
        ...(bytes && { payload: bytes }),
      }),
    async close() {
      await app.close();
      await served.close();
    },
  };
}

/** Each decodes every file of the workspace to prove that nobody is left: seconds, not thousandths. */
export const isSlow = (route: string): boolean => route.startsWith('DELETE ');
