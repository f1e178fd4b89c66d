// Whether runs killed at random steps end in the bytes of runs that were not: epochs, buckets, dropout, averages and all.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leftIn, trainThroughKills } from '../../src/nn/trainer/made-up-kills.ts';
import { atMost } from '../bench.ts';
import type { MeasurePart } from './part.ts';

const RUNS = 3;
const KILLS = 5;
const STEPS = 120;

/** `RUNS` runs of `STEPS` steps, each killed `KILLS` times, against one that was not: checkpoints and records, byte for byte. */
export const measureResume: MeasurePart = async ({ seed, threads, log }) => {
  const root = mkdtempSync(join(tmpdir(), 'foresell-resume-'));
  const folderOf = (name: string): string => {
    const folder = join(root, name);
    mkdirSync(folder);
    return folder;
  };
  try {
    const quiet = folderOf('quiet');
    await trainThroughKills({ folder: quiet, steps: STEPS, kills: 0, threads, seed });
    const expected = JSON.stringify(leftIn(quiet));
    const killedAfter: (readonly number[])[] = [];
    let different = 0;
    for (let run = 0; run < RUNS; run++) {
      const folder = folderOf(`killed-${run}`);
      killedAfter.push(
        await trainThroughKills({ folder, steps: STEPS, kills: KILLS, threads, seed: seed + run }),
      );
      if (JSON.stringify(leftIn(folder)) !== expected) different++;
      log(`resume: killed after steps ${killedAfter.at(-1)?.join(', ')}`);
    }
    const target = atMost(
      `runs of ${RUNS} that ended in other bytes than the run never killed`,
      different,
      0,
      `${STEPS} steps, killed ${KILLS} times each at random steps: weights, optimiser, averages, early stopping, plateau, record`,
    );
    return { targets: [target], figures: { runs: RUNS, steps: STEPS, threads, killedAfter } };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
};
