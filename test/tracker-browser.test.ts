// The tracker in real Chromium against a real server: what a person did on a page is what the shop knows afterwards.
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withLake } from '../src/data/lake/open.ts';
import { createWorkspace, openWorkspace } from '../src/data/workspace.ts';
import { type BuiltServer, startServer } from './flow/built-server.ts';
import { succeed, testFolder } from './flow/command.ts';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const { dir } = testFolder();
const shop = join(dir, 'shop');

const PAGE = `<!doctype html><meta charset="utf-8"><title>Mugs</title>
<script src="/foresell.js" data-url="URL" data-key="KEY" CONSENT></script>
<button id="view" onclick="foresell.page({ item_id: 'mug' })">a mug</button>
<button id="about" onclick="foresell.page()">about us</button>
<button id="add" onclick="foresell.track('add_to_cart', { item_id: 'mug', price: 9.99, currency: 'EUR', quantity: 1 })">into the cart</button>
<button id="login" onclick="foresell.identify('ann', { plan: 'gold' })">log in</button>
<button id="buy" onclick="foresell.track('purchase', { item_id: 'mug', price: 9.99, currency: 'EUR', quantity: 2, order_id: 'o-1' })">buy</button>
<button id="cup" onclick="foresell.track('view', { item_id: 'cup' })">a cup</button>
<button id="refuse" onclick="foresell.consent({ analytics: false })">no</button>`;

describe.skipIf(!existsSync(CHROMIUM))(`in Chromium (skipped without ${CHROMIUM}, see CHROMIUM_PATH)`, () => {
  let browser: Browser;
  let context: BrowserContext;
  let pages: Server;
  let server: BuiltServer;
  let url = '';
  let shopUrl = '';
  /** What went to the server, in order. */
  const asked: { readonly status: () => Promise<number | undefined> }[] = [];

  beforeAll(async () => {
    createWorkspace(shop, { currency: 'EUR' });
    const { outputFiles } = await build({
      entryPoints: [join(import.meta.dirname, '../sdk/script.ts')],
      ...{ bundle: true, minify: true, format: 'iife', target: 'es2020', write: false },
    });
    let key = '';
    pages = createServer((request, response) => {
      const asksConsent = request.url === '/consent';
      if (request.url === '/foresell.js')
        response.setHeader('content-type', 'text/javascript').end(outputFiles[0].contents);
      else
        response.setHeader('content-type', 'text/html').end(
          PAGE.replace('URL', url)
            .replace('KEY', key)
            .replace('CONSENT', asksConsent ? 'data-consent="ask"' : ''),
        );
    });
    await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
    shopUrl = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
    const made = await succeed(
      ...['keys', 'create', '--workspace', shop, '--json', '--browser'],
      ...['--scope', 'events:write', '--origin', shopUrl],
    );
    key = (JSON.parse(made.stdout) as { key: string }).key;
    server = await startServer(shop);
    ({ url } = server);
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    });
    context = await browser.newContext();
    context.on('request', (request) => {
      if (!request.url().startsWith(url)) return;
      asked.push({ status: async () => (await request.response())?.status() });
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    pages?.close();
  });

  const open = async (path = '/', from = shopUrl): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(`${from}${path}`);
    return page;
  };
  const click = async (page: Page, ...ids: readonly string[]): Promise<void> => {
    for (const id of ids) await page.click(`#${id}`);
  };
  /** Events the tracker still holds in the page's storage. */
  const waiting = (page: Page): Promise<number> =>
    page.evaluate<number>("JSON.parse(localStorage.getItem('foresell.queue') ?? '[]').length");

  test('a visit, a connection that breaks, a page that closes: every event is there once, under the customer', async () => {
    const page = await open();
    await click(page, 'view', 'about', 'add', 'login');
    await page.evaluate('foresell.flush()');
    expect(await waiting(page)).toBe(0);
    expect(asked).toHaveLength(1);

    await context.setOffline(true);
    await click(page, 'cup');
    await page.evaluate('foresell.flush()');
    expect(await waiting(page)).toBe(1);
    await context.setOffline(false);
    await expect.poll(() => waiting(page), { timeout: 10_000 }).toBe(0);

    // The page goes at once: what is under way goes by beacon. One that had to ask first (a body of type application/json)
    // would not arrive any more.
    await click(page, 'buy');
    expect(await waiting(page)).toBe(1);
    await page.goto('about:blank');
    await page.close();

    // Events in storage of a page that could not send them go with the next page.
    const second = await open();
    await context.setOffline(true);
    await click(second, 'view');
    await second.close();
    await context.setOffline(false);
    const third = await open();
    await expect.poll(() => waiting(third), { timeout: 10_000 }).toBe(0);
    await third.close();
  });

  test('who refuses sends nothing, on no page', async () => {
    const own = await browser.newContext();
    let requests = 0;
    own.on('request', (request) => {
      if (request.url().startsWith(url)) requests++;
    });
    const page = await own.newPage();
    await page.goto(`${shopUrl}/consent`);
    await click(page, 'view', 'add');
    await page.evaluate('foresell.flush()');
    await click(page, 'refuse', 'buy');
    await page.evaluate('foresell.flush()');
    await page.goto(`${shopUrl}/`);
    await click(page, 'view');
    await page.evaluate('foresell.flush()');
    await page.goto('about:blank');
    expect(requests).toBe(0);
    await page.goto(shopUrl);
    expect(await page.evaluate('Object.keys(localStorage)')).toEqual(['foresell.consent']);
    await own.close();
  });

  test('a page of another origin is refused with this key', async () => {
    const other = shopUrl.replace('127.0.0.1', 'localhost');
    const page = await open('/', other);
    await click(page, 'view');
    const before = asked.length;
    await page.evaluate('foresell.flush()');
    expect(await asked[before].status()).toBe(403);
    await page.close();
  });

  test('the shop knows what was done, and nothing else', async () => {
    server.process.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);
    const rows = await withLake(openWorkspace(shop), { threads: 1 }, (engine, { events }) =>
      engine.rows<Record<string, string>>(
        `SELECT type, item_id, user_id, order_id, quantity, price_minor, anonymous_id, session_id, props FROM ${events} ORDER BY timestamp, type`,
      ),
    );
    expect(rows.map(({ type, item_id, user_id }) => [type, item_id, user_id])).toEqual([
      ['view', 'mug', null],
      ['add_to_cart', 'mug', null],
      ['identify', null, 'ann'],
      ['view', 'cup', 'ann'],
      ['purchase', 'mug', 'ann'],
      ['view', 'mug', 'ann'],
    ]);
    expect(rows[4]).toMatchObject({ order_id: 'o-1', quantity: 2, price_minor: 999 });
    expect(new Set(rows.map(({ anonymous_id }) => anonymous_id)).size).toBe(1);
    expect(new Set(rows.map(({ session_id }) => session_id)).size).toBe(1);
    expect(JSON.parse(rows[0].props)).toEqual({ url: `${shopUrl}/`, title: 'Mugs' });
  });
});
