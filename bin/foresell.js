#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(main)) {
  const { main: run } = await import(main.href);
  await run(process.argv);
} else {
  console.error('foresell is not built yet: run `npm install` (or `npm run build`) in the checkout first');
  process.exitCode = 1;
}
