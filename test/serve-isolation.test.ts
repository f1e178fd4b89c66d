// Two shops in one server, every route of it: a key of one sees nothing of the other, and does nothing it is not for.
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCOPES } from '../src/serve/http/api-key.ts';
import { metricsRoute } from '../src/serve/http/metrics-route.ts';
import type { Route } from '../src/serve/http/route.ts';
import { serverRoutes } from '../src/serve/http/server.ts';
import { shopRoutes } from '../src/serve/http/shop-routes.ts';
import { testFolder } from './flow/command.ts';
import {
  makeShop,
  type ServedShops,
  SHOP_NOW_MS,
  SMALL_SATISFACTION,
  serveShops,
} from './flow/served-shops.ts';

/** Ids as one shop has them. */
interface Ids {
  readonly user: string;
  readonly visitor: string;
  readonly session: string;
  readonly item: string;
  readonly task: string;
  readonly version: string;
  readonly endpoint: string;
}

interface Asked {
  readonly url: string;
  readonly body?: unknown;
  readonly type?: string;
}

/** How a route is asked about somebody; `writes` are told by what becomes known, not by what is answered. */
type Case =
  | { readonly kind: 'open'; readonly url: string }
  | { readonly kind: 'reads'; asked(ids: Ids): readonly Asked[] }
  | { readonly kind: 'writes'; asked(ids: Ids): Asked }
  | { readonly kind: 'signed'; asked(ids: Ids): Asked };

const event = ({ user, visitor, item }: Ids) => ({
  ...{ type: 'view', user_id: user, anonymous_id: visitor, item_id: item, timestamp: SHOP_NOW_MS - 1000 },
});
const track = (ids: Ids) => ({
  ...{ type: 'track', event: 'Product Viewed', userId: ids.user, messageId: `m-${ids.user}` },
  ...{ properties: { product_id: ids.item }, timestamp: new Date(SHOP_NOW_MS - 1000).toISOString() },
});
const ga4 = (ids: Ids) => ({
  client_id: ids.visitor,
  events: [{ name: 'view_item', params: { items: [{ item_id: ids.item }] } }],
});
const writes = (asked: (ids: Ids) => Asked): Case => ({ kind: 'writes', asked });
const reads = (...asked: readonly ((ids: Ids) => Asked)[]): Case => ({
  kind: 'reads',
  asked: (ids) => asked.map((own) => own(ids)),
});
const segment = (path: string, body: (ids: Ids) => unknown = track): readonly [string, Case] => [
  `POST ${path}`,
  writes((ids) => ({ url: path, body: body(ids) })),
];
const people = ({ user, visitor, session }: Ids) => [
  { user_id: user },
  { user_id: user, item_id: 'as1' },
  { anonymous_id: visitor },
  { user_id: user, session_id: session },
];
const infer = (path: string): readonly (readonly [string, Case])[] => [
  [`GET ${path}`, reads((ids) => ({ url: filled(path, ids) }))],
  [`GET ${path}/ready`, reads((ids) => ({ url: `${filled(path, ids)}/ready` }))],
  [
    `POST ${path}/infer`,
    reads((ids) => ({
      url: `${filled(path, { ...ids, task: 'purchase' })}/infer`,
      body: {
        inputs: [{ name: 'user_id', shape: [2], datatype: 'BYTES', data: [ids.user, ids.visitor] }],
      },
    })),
  ],
];
const filled = (path: string, { task, version }: Ids): string =>
  path.replace(':name', task).replace(':version', version);

/** A route that is not here turns the test red. */
const CASES: ReadonlyMap<string, Case> = new Map([
  segment('/v1/events', (ids) => [event(ids)]),
  ...['track', 'page', 'screen', 'group', 't', 'p'].map((short) => segment(`/v1/${short}`)),
  ...['identify', 'alias', 'i'].map((short) =>
    segment(`/v1/${short}`, ({ user, visitor }) => ({
      type: 'identify',
      userId: user,
      anonymousId: visitor,
    })),
  ),
  ...['batch', 'b'].map((short) => segment(`/v1/${short}`, (ids) => ({ batch: [track(ids)] }))),
  segment('/mp/collect', ga4),
  segment('/debug/mp/collect', ga4),
  ...['shopify', 'woocommerce'].map((source): [string, Case] => [
    `POST /v1/webhooks/${source}/:endpoint`,
    { kind: 'signed', asked: ({ endpoint }) => ({ url: `/v1/webhooks/${source}/${endpoint}`, body: {} }) },
  ]),
  ...['predictions', 'explanations'].map((what): [string, Case] => [
    `POST /v1/${what}/:task`,
    reads(
      (ids) => ({ url: `/v1/${what}/purchase`, body: { entities: people(ids) } }),
      ({ task }) => ({ url: `/v1/${what}/${task}`, body: { entities: [{ user_id: 'ac1' }] } }),
    ),
  ]),
  [
    'POST /v1/recommendations',
    reads(
      (ids) => ({ url: '/v1/recommendations', body: { entities: people(ids), top: 3 } }),
      // Another shop's item is no item here: neither offered, nor anything to leave out.
      ({ item }) => ({ url: '/v1/recommendations', body: { entities: [{ user_id: 'ac1' }], only: [item] } }),
      ({ item }) => ({
        url: '/v1/recommendations',
        body: { entities: [{ user_id: 'ac1' }], exclude: [item] },
      }),
    ),
  ],
  [
    'POST /v1/search/rerank',
    reads(
      ({ user }) => ({ url: '/v1/search/rerank', body: { query: 'red lamp', user_id: user } }),
      ({ item }) => ({ url: '/v1/search/rerank', body: { query: 'red lamp', items: [item, 'as1'] } }),
    ),
  ],
  [
    'GET /v1/users/:id',
    reads(
      ({ user }) => ({ url: `/v1/users/${user}` }),
      ({ visitor }) => ({ url: `/v1/users/${visitor}?as=visitor` }),
      ({ session }) => ({ url: `/v1/users/${session}?as=session&reasons=1` }),
    ),
  ],
  // Whoever it was asked of, the next test finds the other shop's customer where they were.
  ['DELETE /v1/users/:id', reads(({ user }) => ({ url: `/v1/users/${user}` }))],
  ...infer('/v2/models/:name'),
  ...infer('/v2/models/:name/versions/:version'),
  ...['/livez', '/readyz', '/v2', '/v2/health/live', '/v2/health/ready', '/openapi.json', '/docs'].map(
    (url): [string, Case] => [`GET ${url}`, { kind: 'open', url }],
  ),
  // Of the whole machine: only a key of operation reads it, and no id of anybody stands in it.
  ['GET /metrics', reads(() => ({ url: '/metrics' }))],
]);

const { dir, write } = testFolder();
const [first, second] = [join(dir, 'first'), join(dir, 'second')];
const SECRETS = { shopify: 'secret of a', woocommerce: 'secret of b' };
let served: ServedShops;
let table: readonly Route[];
let theirs: Ids;
const NOBODY: Ids = {
  ...{ user: 'xx1', visitor: 'xx-visitor', session: 'xx-session', item: 'xxs1' },
  ...{ task: 'xx-task', version: 'v1-0000000', endpoint: 'xx-endpoint' },
};
const extra = [...shopRoutes, metricsRoute({ contentType: 'text/plain', text: async () => 'up 1\n' }, false)];

beforeAll(async () => {
  await makeShop(first, write, {
    mark: 'a',
    customers: 120,
    tasks: [
      ['purchase', '--model', 'logistic', '--horizon', '30d'],
      ['next-item', '--model', 'item-knn'],
      SMALL_SATISFACTION,
    ],
  });
  await makeShop(second, write, {
    mark: 'b',
    customers: 120,
    tasks: [['spend', '--model', 'linear', '--horizon', '30d']],
    copied: [{ from: first, task: 'purchase' }],
  });
  served = await serveShops([first, second], {
    routes: extra,
    webhooks: [
      { id: 'hook-b-shopify', source: 'shopify', workspace: 'b', secrets: [SECRETS.shopify] },
      { id: 'hook-b-woocommerce', source: 'woocommerce', workspace: 'b', secrets: [SECRETS.woocommerce] },
    ],
    rates: { failures: { perSecond: 1e6, burst: 1e6 } },
  });
  table = serverRoutes({
    shops: new Map(served.services.map(({ shop }) => [shop.ports.name, shop])),
    routes: extra,
  });
  const seen = await served.ask('POST', '/v1/events', {
    key: served.keys['b/all'],
    body: [
      { type: 'view', anonymous_id: 'b-visitor', item_id: 'bs1', timestamp: SHOP_NOW_MS - 1000 },
      { type: 'view', session_id: 'b-session', item_id: 'bs1', timestamp: SHOP_NOW_MS - 1000 },
    ],
  });
  expect(seen.json()).toMatchObject({ accepted: 2 });
  const spend = served.services[1].shop.ports.served?.list().find(({ name }) => name === 'spend');
  theirs = {
    ...{ user: 'bc1', visitor: 'b-visitor', session: 'b-session', item: 'bs1', endpoint: 'hook-b-shopify' },
    ...{ task: 'spend', version: spend?.version ?? '' },
  };
}, 400_000);
afterAll(() => served?.close());

const nameOf = ({ method, path }: Route): string => `${method} ${path}`;
const send = (route: Route, { url, body, type }: Asked, key: string) =>
  served.ask(route.method, url, {
    key,
    ...(route.method === 'POST' && { body: body ?? {} }),
    ...(type && { headers: { 'content-type': type } }),
  });
const anyAsked = (own: Case, ids: Ids): readonly Asked[] =>
  own.kind === 'open' ? [{ url: own.url }] : own.kind === 'reads' ? own.asked(ids) : [own.asked(ids)];
/** What an answer says but for what is new with every answer. */
const said = (text: string, ids: Ids): string =>
  Object.entries(ids)
    .reduce((sofar, [name, id]) => sofar.replaceAll(JSON.stringify(id), `"<${name}>"`), text)
    .replaceAll(/"made-\d+"/g, '"<made>"');

test('every route has a case, and every case a route', () => {
  expect(table.map(nameOf).toSorted()).toEqual([...CASES.keys()].toSorted());
  for (const route of table)
    expect(CASES.get(nameOf(route))?.kind, nameOf(route)).toBe(
      route.access.kind === 'open'
        ? 'open'
        : route.access.kind === 'signature'
          ? 'signed'
          : route.access.scope === 'events:write'
            ? 'writes'
            : 'reads',
    );
});

describe('ids of another shop', () => {
  test('are answered as ids nobody knows, on every route that reads', async () => {
    let compared = 0;
    for (const route of table) {
      const own = CASES.get(nameOf(route));
      if (own?.kind !== 'reads') continue;
      const [other, none] = [own.asked(theirs), own.asked(NOBODY)];
      for (let i = 0; i < other.length; i++) {
        const [got, expected] = [
          await send(route, other[i], served.keys['a/all']),
          await send(route, none[i], served.keys['a/all']),
        ];
        expect(got.statusCode, nameOf(route)).toBe(expected.statusCode);
        expect(said(got.body, theirs), nameOf(route)).toBe(said(expected.body, NOBODY));
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(15);
  });

  test('are known to their own shop, so that the test above tells anything', async () => {
    const ask = async (url: string) =>
      (await served.ask('GET', url, { key: served.keys['b/all'] })).statusCode;
    for (const { url } of anyAsked(CASES.get('GET /v1/users/:id') as Case, theirs))
      expect(await ask(url), url).toBe(200);
    expect(await ask('/v2/models/spend')).toBe(200);
    expect(await ask(`/v2/models/spend/versions/${theirs.version}`)).toBe(200);
    const list = await served.ask('POST', '/v1/predictions/spend', {
      ...{ key: served.keys['b/all'], body: { entities: [{ user_id: theirs.user }] } },
    });
    expect(list.json().predictions[0].value).not.toBeNull();
  });

  test('are written into the key’s own shop alone, on every route that writes', async () => {
    const known = () => served.services[1].state.counts().events;
    const before = known();
    let written = 0;
    for (const route of table) {
      const own = CASES.get(nameOf(route));
      if (own?.kind !== 'writes') continue;
      const reply = await send(route, own.asked(theirs), served.keys['a/all']);
      expect(reply.statusCode, `${nameOf(route)}: ${reply.body}`).toBeLessThan(300);
      written++;
    }
    expect(written).toBeGreaterThan(12);
    expect(known()).toBe(before);
    expect(served.services[0].state.find({ user_id: theirs.user })?.events.length).toBeGreaterThan(0);
  });
});

describe('keys', () => {
  test.each(['expired', 'revoked', 'nothing', ''])(
    'a key that is %s is refused everywhere',
    async (label) => {
      const key =
        label === 'nothing' ? 'fsk_00000000_nothing' : label === '' ? '' : served.keys[`a/${label}`];
      for (const route of table) {
        const own = CASES.get(nameOf(route)) as Case;
        if (own.kind === 'open') continue;
        for (const asked of anyAsked(own, theirs)) {
          const reply = await send(route, asked, key);
          expect(reply.statusCode, `${nameOf(route)}: ${reply.body}`).toBe(401);
          expect(reply.body).not.toContain(theirs.user);
        }
      }
    },
  );

  test('do what their scope says and nothing else, and a browser’s key writes alone', async () => {
    for (const route of table) {
      const own = CASES.get(nameOf(route)) as Case;
      if (route.access.kind !== 'key') continue;
      for (const label of [...Object.keys(SCOPES), 'browser']) {
        const isRight =
          label === route.access.scope || (label === 'browser' && route.access.scope === 'events:write');
        const reply = await send(route, anyAsked(own, theirs)[0], served.keys[`a/${label}`]);
        const about = `${nameOf(route)} with ${label}: ${reply.statusCode}`;
        if (isRight) expect(reply.statusCode, about).not.toBe(403);
        else expect(reply.statusCode, about).toBe(403);
      }
    }
  });

  test('open no webhook: only the endpoint’s own secret does', async () => {
    for (const [source, header] of [
      ['shopify', 'x-shopify-hmac-sha256'],
      ['woocommerce', 'x-wc-webhook-signature'],
    ]) {
      const body = '{}';
      const sign = (secret: string) => createHmac('sha256', secret).update(body).digest('base64');
      const other = Object.entries(SECRETS).find(([own]) => own !== source)?.[1] ?? '';
      for (const [secret, isRefused] of [
        [other, true],
        [SECRETS[source as keyof typeof SECRETS], false],
      ] as const) {
        const headers = {
          [header]: sign(secret),
          'x-shopify-topic': 'orders/create',
          'x-wc-webhook-topic': 'order.created',
        };
        const reply = await served.ask('POST', `/v1/webhooks/${source}/hook-b-${source}`, {
          body,
          key: '',
          headers,
        });
        if (isRefused) expect(reply.statusCode, source).toBe(401);
        else expect(reply.statusCode, source).not.toBe(401);
      }
    }
  });
});
