// The same training graph in onnxruntime-web: in Node, and in headless Chromium where one is installed.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { nodeBackend } from '../../src/tensor/session/session-node.ts';
import { openWebBackend } from '../../src/tensor/session/session-web.ts';
import { servePage } from '../../test/browser/serve-page.ts';
import { trainSmallModel } from '../../test/browser/small-training.ts';
import { atMost, type Target } from '../bench.ts';
import type { MeasurePart } from './part.ts';

const STEPS = 50;
const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const measureBrowser: MeasurePart = async ({ log }) => {
  const native = await trainSmallModel(nodeBackend, { steps: STEPS });
  const note = `loss ${native[0]?.toFixed(3)} → ${native[STEPS - 1]?.toFixed(3)}; a transformer block, a GRU, dropout, AdamW`;
  const apart = (losses: readonly number[]) =>
    Math.max(...losses.map((loss, i) => Math.abs(loss - (native[i] as number))));
  const targets: Target[] = [];
  const add = (where: string, losses: readonly number[]) =>
    targets.push(
      atMost(`losses over ${STEPS} steps, ${where} against onnxruntime-node`, apart(losses), 1e-4, note),
    );
  add('onnxruntime-web in Node', await trainSmallModel(await openWebBackend(), { steps: STEPS }));
  if (existsSync(CHROMIUM)) add('headless Chromium', await trainInChromium());
  else log(`  Chromium left out: none at ${CHROMIUM} (CHROMIUM_PATH)`);
  return { targets, figures: { losses: native } };
};

async function trainInChromium(): Promise<readonly number[]> {
  const served = await servePage();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  try {
    const page = await browser.newPage();
    await page.goto(served.url);
    await page.waitForFunction('globalThis.checks !== undefined');
    return await page.evaluate<readonly number[]>(`checks.train(${STEPS})`);
  } finally {
    await browser.close();
    await served.close();
  }
}
