// For tests: small shops with trained models, served whole inside this process, with a key for every case.
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LightMyRequestResponse } from 'fastify';
import { openWorkspace } from '../../src/data/workspace.ts';
import { createKeyring, type KeyRecord, makeKey, SCOPES, type Scope } from '../../src/serve/http/api-key.ts';
import type { Route } from '../../src/serve/http/route.ts';
import { createServer, type ServerParts } from '../../src/serve/http/server.ts';
import { shopRoutes } from '../../src/serve/http/shop-routes.ts';
import { openService, type ShopService } from '../../src/serve/open-service.ts';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import { succeed } from './in-process.ts';
import { FIRST_DAY_MS, madeUpCsv } from './made-up-csv.ts';
import { madeUpTexts, TEXTS_HEAD, TEXTS_MAPPING } from './made-up-texts.ts';

type Write = (name: string, content: string) => string;

export interface MadeUpShop {
  readonly customers?: number;
  /** What the ids of its customers and items begin with. */
  readonly mark: string;
  /** Trained in this order; with `copied` the versions of another shop are taken instead. */
  readonly tasks?: readonly (readonly string[])[];
  readonly copied?: readonly { readonly from: string; readonly task: string }[];
  readonly pseudonyms?: boolean;
}

const KINDS = ['mug', 'lamp', 'rug', 'bowl'];

/** A workspace of order lines and a table of items, `item s7` being a red lamp or its like. */
export async function makeShop(dir: string, write: Write, shop: MadeUpShop): Promise<void> {
  const { customers = 200, mark, tasks = [], copied = [] } = shop;
  const on = ['--workspace', dir, '--threads', '2', '--lang', 'en'];
  const lines = madeUpCsv({ customers, id: (i) => `${mark}c${i}` }).replaceAll(/,s(\d+),/g, `,${mark}s$1,`);
  const orders = write(`${mark}orders.csv`, lines);
  const mapping = write(`${mark}map.yaml`, (await succeed('import', orders, '--propose', ...on)).stdout);
  await succeed('import', orders, '--map', mapping, ...(shop.pseudonyms ? ['--pseudonyms'] : []), ...on);
  const items = Array.from(
    { length: 40 },
    (_, i) => `${mark}s${i},${i % 2 ? 'red' : 'blue'} ${KINDS[i % 4]} number ${i},${KINDS[i % 4]}`,
  );
  const table = write(`${mark}items.csv`, `item,title,category\n${items.join('\n')}\n`);
  const itemsMap = 'kind: items\ncolumns: { item_id: item, title: title, category: category }\n';
  await succeed('import', table, '--map', write(`${mark}items.yaml`, itemsMap), '--kind', 'items', ...on);
  for (const [task, ...options] of tasks) {
    if (task === 'satisfaction') await addTexts(write, mark, on);
    await succeed('train', task, ...options, ...on);
  }
  mkdirSync(join(dir, 'models'), { recursive: true });
  for (const { from, task } of copied)
    cpSync(join(from, 'models', task), join(dir, 'models', task), { recursive: true });
}

async function addTexts(write: Write, mark: string, on: readonly string[]): Promise<void> {
  const file = write(`${mark}texts.csv`, `${[TEXTS_HEAD, ...madeUpTexts()].join('\n')}\n`);
  await succeed('import', file, '--map', write(`${mark}texts.yaml`, TEXTS_MAPPING), ...on);
}

/** As little of an encoder as answers at all. */
export const SMALL_SATISFACTION = [
  'satisfaction',
  ...['--own', 'width=16,blocks=1,heads=2,length=16,vocabulary=300,steps=20'],
  ...['--set', 'epochs=2,members=1,length=16'],
];

export const SHOP_NOW_MS = FIRST_DAY_MS + 201 * 86_400_000;

export interface ServedShops {
  readonly app: ReturnType<typeof createServer>;
  readonly services: readonly ShopService[];
  /** By `shop/scope`, `shop/browser`, `shop/expired`, `shop/all`. */
  readonly keys: Readonly<Record<string, string>>;
  ask(
    method: Route['method'],
    url: string,
    asked?: { readonly body?: unknown; readonly key?: string; readonly headers?: Record<string, string> },
  ): Promise<LightMyRequestResponse>;
  close(): Promise<void>;
}

/** Shops of those folders under the names `a`, `b` …; a key of the first with every scope asks where none is named. */
export async function serveShops(
  dirs: readonly string[],
  parts: Partial<ServerParts> = {},
  nowMs = SHOP_NOW_MS,
): Promise<ServedShops> {
  const names = dirs.map((_, i) => String.fromCharCode(97 + i));
  const now = () => nowMs;
  let next = 0;
  const services: ShopService[] = [];
  const keys: Record<string, string> = {};
  const records = new Map<string, KeyRecord[]>();
  for (const [i, dir] of dirs.entries()) {
    const name = names[i];
    // Whatever an earlier test wrote down is of another moment.
    for (const folder of ['state', 'journal'])
      if (existsSync(join(dir, folder))) rmSync(join(dir, folder), { recursive: true });
    const options = { name, threads: 1, now, newId: () => `made-${next++}`, backend: nodeBackend };
    services.push(await openService(openWorkspace(dir), options));
    const scopes = Object.keys(SCOPES) as Scope[];
    const make = (label: string, own: readonly Scope[], kind: 'server' | 'browser' = 'server', more = {}) => {
      const key = makeKey({ kind, scopes: own, label, createdMs: 0, ...more });
      keys[`${name}/${label}`] = key.text;
      return key.record;
    };
    records.set(name, [
      make('all', scopes),
      make('browser', scopes, 'browser'),
      make('expired', scopes, 'server', { expiresMs: nowMs - 1 }),
      ...scopes.map((scope) => make(scope, [scope])),
    ]);
    const gone = makeKey({ kind: 'server', scopes, label: 'revoked', createdMs: 0 });
    keys[`${name}/revoked`] = gone.text;
  }
  const app = createServer({
    shops: new Map(services.map(({ shop }, i) => [names[i], shop])),
    keyring: createKeyring(records),
    now,
    routes: shopRoutes,
    ...parts,
  });
  return {
    ...{ app, services, keys },
    ask: async (method, url, { body, key = keys['a/all'], headers = {} } = {}) =>
      await app.inject({
        ...{ method, url },
        headers: {
          ...(key !== '' && { authorization: `Bearer ${key}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && {
          payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
        }),
      }),
    async close() {
      await app.close();
      for (const service of services) await service.close();
    },
  };
}
