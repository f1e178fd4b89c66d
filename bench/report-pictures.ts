// Pictures of a made-up report in a real browser: tsx bench/report-pictures.ts FOLDER [--part purchase] [--browser PATH]
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { renderReport } from '../src/report/render.ts';
import { sampleReport } from './report-sample.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    browser: { type: 'string', default: '/usr/bin/chromium' },
    part: { type: 'string', multiple: true },
    seed: { type: 'string', default: '7' },
  },
});
if (positionals.length !== 1) {
  console.error('usage: tsx bench/report-pictures.ts FOLDER [--part NAME]… [--browser PATH] [--seed N]');
  process.exit(1);
}
const folder = resolve(positionals[0]);
mkdirSync(folder, { recursive: true });
const file = join(folder, 'report.html');
const document = sampleReport(Number(values.seed));
const page = renderReport(document);
writeFileSync(file, page);
console.log(`${file}: ${Math.round(page.length / 1024)} KB`);

const browser = await chromium.launch({
  executablePath: values.browser,
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
const parts = values.part ?? ['overview', ...document.tasks.map(({ id }) => id), 'reproduce'];
let faults = 0;
try {
  for (const [width, scheme] of [
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [360, 'dark'],
  ] as const) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
    const tab = await context.newPage();
    tab.on('console', (message) => {
      faults++;
      console.error(`console: ${message.text()}`);
    });
    tab.on('request', (request) => {
      if (!request.url().startsWith('file:') && !request.url().startsWith('data:')) {
        faults++;
        console.error(`asked the network for ${request.url()}`);
      }
    });
    for (const language of ['en', 'zh']) {
      for (const part of parts) {
        await tab.goto('about:blank');
        await tab.goto(`${pathToFileURL(file).href}#${language}-${part}`);
        const name = `${part}-${language}-${width}-${scheme}.png`;
        await tab.screenshot({ path: join(folder, name), fullPage: true });
        const over = await tab.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        if (Number(over) > 0) {
          faults++;
          console.error(`${name}: ${over} px wider than the screen`);
        }
      }
    }
    await tab.goto(`${pathToFileURL(file).href}#en-${document.tasks[0].id}`);
    await tab.click('[data-page=en] [data-speak=zh]');
    const seen = await tab.evaluate(
      '[document.documentElement.lang, document.title, document.querySelector("[data-page=zh] [aria-current]").hash].join(" · ")',
    );
    if (!/^zh-CN · .*接下来.* · #zh-purchase$/.test(String(seen))) {
      faults++;
      console.error(`switching to Chinese gave: ${seen}`);
    }
    await context.close();
  }
  const print = await browser.newPage();
  await print.goto(pathToFileURL(file).href);
  await print.pdf({ path: join(folder, 'report.pdf'), format: 'A4' });
} finally {
  await browser.close();
}
console.log(faults === 0 ? 'no overflow, no console message, no request' : `${faults} faults`);
process.exitCode = faults === 0 ? 0 : 2;
