// The boosted forest beside LightGBM, XGBoost and scikit-learn: time to train, to score and to explain, memory, one row.
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atLeast, atMost, type Bench, type Target } from './bench.ts';
import { oneRow } from './forest/one-row.ts';
import { type Interleaved, interleave } from './interleave.ts';
import { type Peer, type PeerCommand, PYTHON, startProgram } from './peers.ts';
import { simulatedTable } from './tables/demand-tables.ts';
import { writeTable } from './tables/exchange.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const TASKS = ['train', 'score', 'explain'] as const;
type Task = (typeof TASKS)[number];

const LIBRARIES: Readonly<Record<Task, readonly string[]>> = {
  train: ['lightgbm', 'xgboost', 'sklearn'],
  score: ['lightgbm', 'xgboost', 'sklearn'],
  explain: ['shap', 'lightgbm', 'xgboost'],
};

/** Training may take so many times as long as the fastest of the others, and the memory of LightGBM so many times. */
const TRAINING = 1.2;
const MEMORY = 1.5;
const ROW_MICROSECONDS = 50;

/** Words: `train`, `score`, `explain`, `row`; all when none is given. A number sets the rounds. */
export const bench: Bench = async ({ seed, args, log }) => {
  const words = args.filter((arg) => Number.isNaN(Number(arg)));
  const wants = (word: string) => words.length === 0 || words.includes(word);
  const rounds = Number(args.find((arg) => !Number.isNaN(Number(arg))) ?? 3);
  const folder = join(tmpdir(), 'foresell-tables', 'simulated');
  if (!existsSync(join(folder, 'table.json'))) writeTable(simulatedTable({ seed }), folder);
  const targets: Target[] = [];
  const figures: Record<string, unknown> = {};
  for (const task of TASKS) {
    if (!wants(task)) continue;
    for (const threads of [1, 2]) {
      const measured = await race(task, { threads, rounds, folder, log });
      figures[`${task}_${threads}`] = measured;
      targets.push(...targetsOf(task, threads, measured));
    }
  }
  if (wants('row')) {
    const row = await oneRow(seed);
    figures.row = row;
    targets.push(
      atMost(
        'one row, 500 trees of 63 leaves: median microseconds',
        row.median,
        ROW_MICROSECONDS,
        `99th of a hundred ${row.p99.toFixed(1)}`,
      ),
    );
  }
  return {
    bench: 'forest',
    protocol:
      '500,000 rows of 50 numbers, 63 leaves, 100 trees, 255 bins; each library in a process of its own, in turn; ratios inside a round, medians over rounds; binning counts as training; 1,000,000 rows scored; 1,000 rows explained over 500 trees',
    targets,
    figures,
  };
};

interface Race extends Interleaved {
  readonly peakBytes: Readonly<Record<string, number>>;
}

async function race(
  task: Task,
  {
    threads,
    rounds,
    folder,
    log,
  }: { threads: number; rounds: number; folder: string; log: (line: string) => void },
): Promise<Race> {
  const common = [folder, '--task', task, '--threads', String(threads)];
  const programs: Record<string, PeerCommand> = {
    foresell: {
      program: process.execPath,
      args: ['--import', 'tsx', here('forest/own-speed.ts'), ...common],
    },
  };
  if (existsSync(PYTHON)) {
    for (const library of LIBRARIES[task])
      programs[library] = {
        program: PYTHON,
        args: [here('peers/forest_speed.py'), ...common, '--library', library],
      };
  } else log('the other libraries are left out: not installed (bench/peers/README.md)');
  const peers: Record<string, Peer> = {};
  const peakBytes: Record<string, number> = {};
  try {
    for (const [library, command] of Object.entries(programs)) peers[library] = await startProgram(command);
    const contestants = Object.fromEntries(
      Object.entries(peers).map(([library, peer]) => [
        library,
        async () => {
          const { milliseconds, peakBytes: peak } = await peer.run(1);
          peakBytes[library] = peak;
          log(`${task} on ${threads}: ${library} ${(milliseconds[0] / 1000).toFixed(2)} s`);
          return milliseconds;
        },
      ]),
    );
    return { ...(await interleave(rounds, contestants)), peakBytes };
  } finally {
    for (const peer of Object.values(peers)) await peer.stop();
  }
}

/** The others' ratios are to us: above 1 they are slower. */
function targetsOf(task: Task, threads: number, { ratios, medians, peakBytes }: Race): Target[] {
  const others = Object.entries(ratios).filter(([library]) => library !== 'foresell');
  if (others.length === 0) return [];
  const on = `on ${threads} thread${threads > 1 ? 's' : ''}`;
  const shown = Object.entries(medians)
    .map(([library, ms]) => `${library} ${(ms / 1000).toFixed(2)} s`)
    .join(', ');
  if (task === 'explain') {
    const shap = ratios.shap?.median ?? Number.NaN;
    return [atLeast(`explaining ${on}: times as fast as shap`, shap, 1, shown)];
  }
  const fastest = others.reduce((best, own) => (own[1].median < best[1].median ? own : best));
  const targets = [
    atMost(
      `${task} ${on}: beside ${fastest[0]}, the fastest of the others`,
      1 / fastest[1].median,
      task === 'train' ? TRAINING : 1,
      shown,
    ),
  ];
  if (task === 'train' && peakBytes.lightgbm)
    targets.push(
      atMost(
        `memory ${on}: beside LightGBM's process`,
        (peakBytes.foresell ?? Number.NaN) / peakBytes.lightgbm,
        MEMORY,
        `${Math.round((peakBytes.foresell ?? 0) / 1e6)} MB beside ${Math.round(peakBytes.lightgbm / 1e6)} MB`,
      ),
    );
  return targets;
}
