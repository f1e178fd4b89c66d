// How soon an event changes the next list of items: what was bought a moment ago is offered no more.
import { atMost } from '../bench.ts';
import { withShopServer } from './ask.ts';
import { latencyHistogram } from './latency-histogram.ts';
import { type Part, rounded, type ServeWork } from './part.ts';
import { userId } from './served-shop.ts';
import type { ServerProcess } from './server-process.ts';

const ROUNDS = 100;
const PATIENCE_MS = 10_000;

export const fresh = (work: ServeWork): Promise<Part> =>
  withShopServer(work, async (server, shop) => {
    const changed = latencyHistogram();
    let atOnce = 0;
    const rounds = work.number('rounds', ROUNDS);
    for (let round = 0; round < rounds; round++) {
      const user = userId(round % shop.users);
      const [first] = await listOf(server, user);
      const startMs = performance.now();
      await post(server, '/v1/events', [
        {
          event_id: `fresh-${round}-${Date.now()}`,
          type: 'purchase',
          user_id: user,
          item_id: first,
          order_id: `fresh-${round}`,
          price: 9.99,
          quantity: 1,
        },
      ]);
      for (let asked = 1; ; asked++) {
        if (!(await listOf(server, user)).includes(first)) {
          if (asked === 1) atOnce++;
          break;
        }
        if (performance.now() - startMs > PATIENCE_MS) break;
      }
      changed.record(performance.now() - startMs);
    }
    work.log(`${atOnce} of ${rounds} lists changed at the next question`);
    return {
      targets: [
        atMost(
          'an event sent, on the disk, and the next list without the item, slowest of all rounds, ms',
          rounded(changed.maxMs),
          1000,
        ),
        atMost('lists that were asked for after the answer and did not know of it', rounds - atOnce, 0),
      ],
      figures: {
        fresh: { rounds, p50Ms: changed.quantile(0.5), p99Ms: changed.quantile(0.99), maxMs: changed.maxMs },
      },
    };
  });

async function listOf(server: ServerProcess, user: string): Promise<readonly string[]> {
  const asked = { entities: [{ user_id: user }], top: 10, exclude_seen: 'bought' };
  const { lists } = (await post(server, '/v1/recommendations', asked)) as {
    lists: readonly { readonly items: readonly { readonly item_id: string }[] }[];
  };
  return lists[0].items.map(({ item_id }) => item_id);
}

/** @throws Error for any answer but 200 */
export async function post(server: ServerProcess, path: string, body: unknown): Promise<unknown> {
  const reply = await fetch(`http://${server.host}:${server.port}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (reply.status !== 200) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
  return reply.json();
}
