// Trains in processes of their own that are killed at random steps, and compares what they leave with a quiet run.

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { random } from '../../core/random.ts';
import { readMetricsLog, withoutTiming } from '../record/metrics-log.ts';

export interface KilledRun {
  /** Created empty by the caller. */
  readonly folder: string;
  readonly steps: number;
  readonly kills: number;
  readonly threads: number;
  readonly seed: number;
}

/** The last step each killed process was seen to take; afterwards the run in `folder` is complete. */
export async function trainThroughKills(run: KilledRun): Promise<readonly number[]> {
  const draws = random(run.seed);
  const killedAt: number[] = [];
  for (let kill = 0; kill < run.kills; kill++)
    killedAt.push(await trainUntil(run, 1 + draws.integer(Math.ceil(run.steps / run.kills))));
  await trainUntil(run, Number.POSITIVE_INFINITY);
  return killedAt;
}

/** Kills the process in its `most`-th step, or a little later: the signal takes its time. */
async function trainUntil({ folder, steps, threads }: KilledRun, most: number): Promise<number> {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const script = fileURLToPath(new URL('./made-up-child.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--import', loader, script, folder, String(steps), String(threads)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise<NodeJS.Signals | number | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });
  let seen = 0;
  let last = 0;
  for await (const line of createInterface(child.stdout)) {
    if (!line.startsWith('step ')) continue;
    last = Number(line.slice(5));
    if (++seen === most) child.kill('SIGKILL');
  }
  const end = await ended;
  if (end !== 'SIGKILL' && end !== 0) throw new Error(`the training process ended with ${end}`);
  return last;
}

/** All a run leaves behind: its checkpoints byte for byte, and its record without times. */
export function leftIn(folder: string) {
  return {
    checkpoints: readdirSync(folder)
      .filter((name) => name.endsWith('.safetensors'))
      .map((name) => [name, readFileSync(join(folder, name)).toString('base64')]),
    metrics: readMetricsLog(join(folder, 'metrics.ndjson')).map(withoutTiming),
  };
}
