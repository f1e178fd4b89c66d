// Questions at a steady rate: predictions of trees, lists of items, and how soon an event changes the next list.
import { atMost } from '../bench.ts';
import { openLoop } from './open-loop.ts';
import { type Part, rounded, type ServeWork } from './part.ts';
import { httpRequest, numbered, PERSON } from './requests.ts';
import type { ServedShop } from './served-shop.ts';
import { type ServerProcess, startServer } from './server-process.ts';

/** A server of the shop, ended when `use` is done. */
export async function withShopServer<T>(
  work: ServeWork,
  use: (server: ServerProcess, shop: ServedShop) => Promise<T>,
): Promise<T> {
  const shop = await work.servedShop();
  const server = await startServer({
    workspace: shop.dir,
    nodeArgs: work.nodeArgs,
    args: ['--threads', '1'],
  });
  try {
    return await use(server, shop);
  } finally {
    await server.stop();
  }
}

interface Question {
  readonly path: string;
  readonly body: unknown;
  /** Requests a second. */
  readonly rate: number;
  readonly seconds: number;
  readonly people: number;
}

/** One entity a question, another one each time. */
const askAtRate = (server: ServerProcess, work: ServeWork, { path, body, rate, seconds, people }: Question) =>
  openLoop({
    ...{
      host: server.host,
      port: server.port,
      rate,
      seconds,
      warmUpSeconds: work.number('warm', 2),
      connections: 64,
    },
    request: numbered(
      httpRequest(path, JSON.stringify(body), {
        authorization: `Bearer ${server.key}`,
        'content-type': 'application/json',
      }),
      { people },
    ),
  });

const SECONDS = 20;

export const predict = (work: ServeWork): Promise<Part> =>
  withShopServer(work, async (server, shop) => {
    const rate = work.number('predictions', 500);
    const figures = await askAtRate(server, work, {
      ...{ path: '/v1/predictions/purchase', rate, seconds: work.number('seconds', SECONDS) },
      people: shop.users,
      body: { entities: [{ user_id: `user-${PERSON}` }] },
    });
    work.log(JSON.stringify(figures.good));
    return {
      targets: [
        atMost(`prediction by trees, ${rate} requests/s, p99, ms`, rounded(figures.good.p99Ms, 2), 20),
        atMost('the same: answers other than 200', figures.sent - figures.good.count, 0),
      ],
      figures: { predict: { ...shop, ...figures } },
    };
  });

export const recommend = (work: ServeWork): Promise<Part> =>
  withShopServer(work, async (server, shop) => {
    const rate = work.number('lists', 200);
    const figures = await askAtRate(server, work, {
      ...{ path: '/v1/recommendations', rate, seconds: work.number('seconds', SECONDS) },
      people: shop.users,
      body: { entities: [{ user_id: `user-${PERSON}` }], top: 10 },
    });
    work.log(JSON.stringify(figures.good));
    return {
      targets: [
        atMost(
          `ten of ${shop.items} items by the transformer, ${rate} requests/s, p99, ms`,
          rounded(figures.good.p99Ms, 2),
          20,
        ),
        atMost('the same: answers other than 200', figures.sent - figures.good.count, 0),
      ],
      figures: { recommend: { ...shop, ...figures } },
    };
  });
