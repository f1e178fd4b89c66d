// The calls a demo's server prints are answered as they stand, and being told to stop ends it.
import { expect, onTestFinished, test } from 'vitest';
import { sampleShop } from '../data/import/sample-shop.ts';
import type { Context } from './context.ts';
import { trainDemoNextItem } from './demo-next-item.ts';
import { serveDemo } from './serve-demo.ts';

/** Sixty customers, five orders each: who buys the heart buys the lantern, and never the mug or the clock. */
const ORDERS = [
  'order,customer,item,price,quantity,day',
  ...Array.from({ length: 300 }, (_, i) => {
    const item = ['85123A', 'LANTERN', 'MUG', 'CLOCK'][2 * (i % 2) + (Math.floor(i / 60) % 2)];
    const day = new Date(Date.UTC(2025, 0, 1) + i * 3_600_000).toISOString();
    return `o${i},c${i % 60},${item},2.55,1,${day}`;
  }),
].join('\n');
const MAPPING = `columns:
  type: { constant: purchase }
  currency: { constant: GBP }
  order_id: order
  user_id: customer
  item_id: item
  price: price
  quantity: quantity
  timestamp: day
`;

test('prints calls that work as they stand, with a key that ends, and ends when told to', async () => {
  const made = sampleShop({ currency: 'GBP' });
  onTestFinished(made.remove);
  const stop = new AbortController();
  const said: string[] = [];
  const documents: unknown[] = [];
  const context: Context = {
    ...{ workspaceDir: made.workspace.dir, json: false, seed: 1, threads: 1, language: 'en' },
    progress: { step() {}, note() {}, clear() {} },
    signal: stop.signal,
    say: (text) => said.push(text),
    document: (value) => documents.push(value),
    word: (name) => name.en,
  };
  await made.import(made.write('orders.csv', ORDERS), MAPPING);
  await trainDemoNextItem(context, made.workspace);
  expect(said.join('\n')).toMatch(/What will each customer buy next\? .*60 cases.*item-knn.*popularity/s);
  const served = serveDemo(context, made.workspace, { port: 0, document: { seconds: 1 } });
  await expect.poll(() => documents.length, { timeout: 20_000 }).toBe(1);
  const calls = said.filter((text) => text.includes('curl'));
  expect(calls).toHaveLength(3);
  const answers: [number, unknown][] = [];
  for (const call of calls) {
    const [, url, key, body] =
      /curl -sS (\S+) -H 'Authorization: Bearer ([^']+)' .* -d '([^']+)'/.exec(call) ?? [];
    const reply = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body,
    });
    answers.push([reply.status, await reply.json()]);
  }
  expect(answers[0]).toMatchObject([200, { accepted: 1 }]);
  // This shop has no model of it: the key was let in, and the question understood.
  expect(answers[1]).toMatchObject([404, { code: 'not_found' }]);
  const lantern = { rank: 1, item_id: 'LANTERN', made_by: 'history' };
  expect(answers[2]).toMatchObject([
    200,
    { lists: [{ user_id: 'a new customer', items: [lantern, {}, {}] }] },
  ]);
  expect(documents[0]).toMatchObject({ seconds: 1, server: { url: expect.stringMatching(/^http:/) } });
  stop.abort();
  await served;
  expect(said.at(-1)).toMatch(/^stopped/);
  expect(await made.rows('events', 'user_id')).toContainEqual({ user_id: 'a new customer' });
});
