// The training graph in real headless Chromium: the op table equals its references, and 50 steps lose as they do in Node.

import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeBackend } from '../src/tensor/session/session-node.ts';
import { openWebBackend } from '../src/tensor/session/session-web.ts';
import type { BrowserChecks } from './browser/page.ts';
import { type ServedPage, servePage } from './browser/serve-page.ts';
import { trainSmallModel } from './browser/small-training.ts';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const STEPS = 50;

/** Single precision in another order of adding, carried through 50 steps. */
const TOLERANCE = 1e-4;

const inNode = trainSmallModel(nodeBackend, { steps: STEPS });

it('the model learns in Node', async () => {
  const losses = await inNode;
  // ln 60 = 4.1 at first
  expect(losses[0]).toBeGreaterThan(3.9);
  expect(losses[STEPS - 1]).toBeLessThan(2.5);
});

it('onnxruntime-web in Node loses as the native one does', async () => {
  const losses = await trainSmallModel(await openWebBackend(), { steps: STEPS });
  expect(largestDifference(losses, await inNode)).toBeLessThan(TOLERANCE);
});

describe.skipIf(!existsSync(CHROMIUM))(`Chromium (skipped without ${CHROMIUM}, see CHROMIUM_PATH)`, () => {
  let served: ServedPage;
  let browser: Browser;

  beforeAll(async () => {
    served = await servePage();
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
  });

  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  const open = async (query = ''): Promise<Page> => {
    const page = await browser.newPage();
    await page.goto(`${served.url}${query}`);
    await page.waitForFunction('globalThis.checks !== undefined');
    return page;
  };

  it('computes the op table and loses as Node does over the same steps', async () => {
    const page = await open();
    const errors = await page.evaluate<Awaited<ReturnType<BrowserChecks['checkOps']>>>('checks.checkOps()');
    const losses = await page.evaluate<readonly number[]>(`checks.train(${STEPS})`);
    await page.close();
    expect(Object.keys(errors).length).toBeGreaterThan(40);
    for (const [name, error] of Object.entries(errors)) expect(error, name).toBeLessThan(2e-5);
    expect(largestDifference(losses, await inNode)).toBeLessThan(TOLERANCE);
  });

  it('loses as Node does with two threads', async () => {
    const page = await open('?threads=2');
    expect(await page.evaluate('crossOriginIsolated')).toBe(true);
    const losses = await page.evaluate<readonly number[]>(`checks.train(${STEPS})`);
    await page.close();
    expect(largestDifference(losses, await inNode)).toBeLessThan(TOLERANCE);
  });
});

function largestDifference(left: readonly number[], right: readonly number[]): number {
  expect(left.length).toBe(right.length);
  return Math.max(...left.map((value, i) => Math.abs(value - (right[i] as number))));
}
