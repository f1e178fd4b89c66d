// The server under load, as a shop runs it, from an open-loop generator on the same machine.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textTable } from '../src/report/text-table.ts';
import { type Bench, machineShape } from './bench.ts';
import { predict, recommend } from './serve/ask.ts';
import { fresh } from './serve/fresh.ts';
import { hostile } from './serve/hostile.ts';
import { ingest } from './serve/ingest.ts';
import { overload } from './serve/overload.ts';
import type { Part, ServeWork } from './serve/part.ts';
import { reloads } from './serve/reloads.ts';
import { makeServedShop, type ServedShop } from './serve/served-shop.ts';
import { soak } from './serve/soak.ts';

const PARTS: Readonly<Record<string, (work: ServeWork) => Promise<Part>>> = {
  ingest,
  predict,
  recommend,
  fresh,
  reloads,
  overload,
  hostile,
  soak,
};

const USERS = 4000;
const ITEMS = 100_000;

/**
 * Words: any of the parts (default all of them), then what each takes: `seconds=`, `turns=`, `kinds=predictions,lists,batches`
 * (what the server is overloaded with), `in=FOLDER` (the folder's disk is what is measured), `shop=FOLDER` (kept for the next run), `settle=5s` (how often what came is brought into
 * the lake; ten minutes unless said otherwise, longer than most parts run), `profile=FOLDER` (a processor profile of the server).
 */
export const bench: Bench = async (options) => {
  const words = new Map<string, string | undefined>(
    options.args.map((word) => [word.split('=')[0], word.split('=')[1]]),
  );
  const isNamed = Object.keys(PARTS).some((part) => words.has(part));
  const profile = words.get('profile');
  const folder = mkdtempSync(join(words.get('in') ?? tmpdir(), 'foresell-bench-serve-'));
  const number = (word: string, absent: number): number => Number(words.get(word) ?? absent);
  let shop: Promise<ServedShop> | undefined;
  const servedShop = (): Promise<ServedShop> => {
    shop ??= makeServedShop(words.get('shop') ?? join(folder, 'asked'), {
      ...{ users: number('users', USERS), items: number('items', ITEMS) },
      ...{ threads: options.threads, seed: options.seed, log: options.log },
    });
    return shop;
  };
  const parts: Part[] = [];
  try {
    for (const [name, run] of Object.entries(PARTS)) {
      if (isNamed && !words.has(name)) continue;
      const own = join(folder, name);
      mkdirSync(own);
      const part = await run({
        ...options,
        folder: own,
        number,
        list: (word, absent) => words.get(word)?.split(',') ?? absent,
        servedShop,
        serveArgs: words.has('settle') ? ['--settle', words.get('settle') ?? ''] : [],
        nodeArgs: profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
      });
      parts.push(part);
      options.log(tableOf(name, part));
      rmSync(own, { recursive: true, force: true });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    bench: 'serve',
    protocol: `seed ${options.seed}; the built command "serve" as a process of its own; requests at a constant rate, whatever is answered, on kept connections, latency from the moment each was to go out`,
    targets: parts.flatMap(({ targets }) => targets),
    figures: Object.assign({}, ...parts.map((part) => part.figures)) as Part['figures'],
  };
};

const tableOf = (name: string, { targets }: Part): string => {
  const rows = targets.map(({ name: what, target, got, met, note = '' }) => [
    what,
    target,
    String(got),
    met ? 'met' : 'MISSED',
    note,
  ]);
  return `${name}, ${machineShape()}\n${textTable(['what', 'target', 'got', '', ''], rows)}`;
};
