// The journal's promise and its speed: drawn schedules of faults, rounds of kill -9, and group commit beside a bare sync loop.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { random } from '../src/core/random.ts';
import { openEventJournal } from '../src/data/journal/event-journal.ts';
import { runSchedule } from '../src/data/journal/schedule.ts';
import { createWorkspace } from '../src/data/workspace.ts';
import { atLeast, atMost, type Bench, type BenchOptions, type BenchReport } from './bench.ts';
import { killRounds } from './journal/kills.ts';
import { appendFor, bareLoop, type Throughput } from './journal/throughput.ts';

type Part = Pick<BenchReport, 'targets' | 'figures'>;

/**
 * Words: any of `schedules`, `kills`, `throughput` (default all), then `count=10000` (schedules), `rounds=200` and
 * `events=1000000` (kills; acknowledged over all rounds), `ms=4000` (one measurement of throughput), `in=FOLDER` (where to
 * write: the folder's disk is what is measured).
 */
export const bench: Bench = async (options) => {
  const words = new Map<string, string | undefined>(
    options.args.map((word) => [word.split('=')[0], word.split('=')[1]]),
  );
  const wanted = (part: string): boolean =>
    ![...words.keys()].some((word) => word in PARTS) || words.has(part);
  const number = (word: string, absent: number): number => Number(words.get(word) ?? absent);
  const folder = mkdtempSync(join(words.get('in') ?? tmpdir(), 'foresell-bench-journal-'));
  const parts: Part[] = [];
  try {
    for (const [name, run] of Object.entries(PARTS))
      if (wanted(name)) parts.push(await run({ ...options, folder: join(folder, name), number }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    bench: 'journal',
    protocol: `seed ${options.seed}; real file system for kills and throughput, a simulated disk for schedules`,
    targets: parts.flatMap(({ targets }) => targets),
    figures: Object.assign({}, ...parts.map(({ figures }) => figures)) as BenchReport['figures'],
  };
};

interface Work extends BenchOptions {
  readonly folder: string;
  number(word: string, absent: number): number;
}

const PARTS: Readonly<Record<string, (work: Work) => Promise<Part>>> = { schedules, kills, throughput };

async function schedules({ seed, log, number }: Work): Promise<Part> {
  const count = number('count', 10_000);
  const total = { acknowledged: 0, powerCuts: 0, kills: 0, failures: 0 };
  const complaints: string[] = [];
  for (let nth = 0; nth < count; nth++) {
    const outcome = await runSchedule(seed * 1_000_000 + nth);
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += outcome[key];
    complaints.push(...outcome.complaints.map((words) => `schedule ${seed * 1_000_000 + nth}: ${words}`));
    if ((nth + 1) % 500 === 0) log(`${nth + 1} schedules, ${total.acknowledged} acknowledged`);
  }
  return {
    targets: [atMost(`broken promises in ${count} schedules`, complaints.length, 0)],
    figures: { schedules: { count, ...total, complaints: complaints.slice(0, 20) } },
  };
}

async function kills({ seed, log, folder, number }: Work): Promise<Part> {
  const rounds = number('rounds', 200);
  const perRound = Math.ceil(number('events', 1_000_000) / rounds);
  const figures = await killRounds(folder, { rounds, perRound, draw: random(seed).fork('kills'), log });
  const note = `${figures.acknowledged} acknowledged in ${rounds} rounds`;
  return {
    targets: [
      atMost('acknowledged events lost to kill -9', figures.lost, 0, note),
      atMost('events doubled or out of order', figures.outOfPlace, 0, note),
      atMost('damages reported', figures.damages, 0, note),
    ],
    figures: { kills: figures },
  };
}

const LOADS = {
  single: { clients: 512, batch: 1, target: 27_000 },
  batched: { clients: 32, batch: 100, target: 210_000 },
} as const;
const TURNS = 3;

/** Journal and bare loop take turns, so that a slow moment of the disk does not fall on one of them alone. */
async function throughput({ log, folder, number }: Work): Promise<Part> {
  const workspace = createWorkspace(folder);
  const ms = number('ms', 4000);
  const figures: Record<string, unknown> = {};
  const targets: Part['targets'][number][] = [];
  const events = await openEventJournal(workspace);
  for (const [name, load] of Object.entries(LOADS)) {
    const turns: (Throughput & { readonly bareSyncsPerSecond: number })[] = [];
    for (let turn = 0; turn < TURNS; turn++) {
      const journal = await appendFor(events, { ...load, ms, name: `${name} ${turn}` });
      const bareSyncsPerSecond = await bareLoop(folder, journal.bytesPerSync, ms / 2);
      turns.push({ ...journal, bareSyncsPerSecond });
      log(`${name}: ${JSON.stringify(turns[turn])}`);
    }
    const best = turns.reduce((a, b) => (a.eventsPerSecond > b.eventsPerSecond ? a : b));
    const middle = [...turns].sort((a, b) => a.eventsPerSecond - b.eventsPerSecond)[TURNS >> 1];
    const ratio = middle.syncsPerSecond / middle.bareSyncsPerSecond;
    targets.push(
      atLeast(`${name}: events/s on the disk before the answer`, middle.eventsPerSecond, load.target),
      atLeast(`${name}: syncs/s beside a bare loop of the same bytes`, ratio, 0.5),
    );
    figures[name] = { turns, best: best.eventsPerSecond };
  }
  await events.close();
  return { targets, figures };
}
