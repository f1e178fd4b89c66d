// npm run bench -- NAME [words] [--seed N] [--threads N]: runs one benchmark and prints its JSON document.
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Bench, machineShape } from './bench.ts';

const names = readdirSync(dirname(fileURLToPath(import.meta.url)))
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.slice(0, -'.bench.ts'.length));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string', default: '1' }, threads: { type: 'string', default: '2' } },
});
const [name, ...args] = positionals;
if (!name || !names.includes(name)) {
  console.error(`usage: npm run bench -- NAME [--seed N] [--threads N]\nNAME is one of: ${names.join(', ')}`);
  process.exit(1);
}
const { bench } = (await import(`./${name}.bench.ts`)) as { bench: Bench };
const startedMs = Date.now();
const report = await bench({
  seed: Number(values.seed),
  threads: Number(values.threads),
  args,
  log: (line) => console.error(line),
});
const machine = machineShape();
console.log(JSON.stringify({ ...report, machine, seconds: (Date.now() - startedMs) / 1000 }, null, 2));
process.exit(report.targets.every((target) => target.met) ? 0 : 2);
