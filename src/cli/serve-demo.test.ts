// The calls a demo's server prints are answered as they stand, and being told to stop ends it.
import { expect, onTestFinished, test } from 'vitest';
import { sampleShop } from '../data/import/sample-shop.ts';
import type { Context } from './context.ts';
import { serveDemo } from './serve-demo.ts';

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
  const served = serveDemo(context, made.workspace, { port: 0, document: { seconds: 1 } });
  await expect.poll(() => documents.length, { timeout: 20_000 }).toBe(1);
  const calls = said.filter((text) => text.includes('curl'));
  expect(calls).toHaveLength(2);
  const answers = [];
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
  expect(documents[0]).toMatchObject({ seconds: 1, server: { url: expect.stringMatching(/^http:/) } });
  stop.abort();
  await served;
  expect(said.at(-1)).toMatch(/^stopped/);
  expect(await made.rows('events', 'user_id')).toEqual([{ user_id: 'a new customer' }]);
});
