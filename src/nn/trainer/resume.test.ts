// A run that was killed and taken up again ends in the bytes of the run that was not.

import { mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Progress } from '../../core/progress.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { TrainingEvent } from './events.ts';
import { leftIn, trainThroughKills } from './made-up-kills.ts';
import { madeUpRun, madeUpSource, madeUpValidation } from './made-up-run.ts';
import { runFolder } from './run-folder.ts';
import { train } from './train.ts';
import type { TrainOptions } from './train-options.ts';

const root = mkdtempSync(join(tmpdir(), 'foresell-resume-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const optionsIn = (folder: string): TrainOptions => ({
  ...madeUpRun(),
  backend: nodeBackend,
  batches: madeUpSource(),
  validation: madeUpValidation,
  files: runFolder(join(root, folder)),
});

/** Runs until the caller's condition, as a loop that is left: nothing is saved on the way out. */
async function runUntil(options: TrainOptions, leave: (event: TrainingEvent) => boolean): Promise<void> {
  for await (const event of train(options)) if (leave(event)) return;
}

const leftBy = (folder: string) => leftIn(join(root, folder));

describe('a run taken up again', () => {
  it('ends in the same bytes wherever it was left', async () => {
    await runUntil(optionsIn('whole'), () => false);
    const whole = leftBy('whole');
    expect(whole.metrics.length).toBe(48);
    for (const left of [4, 7, 13, 29]) {
      const folder = `left at ${left}`;
      await runUntil(optionsIn(folder), (event) => event.kind === 'step' && event.step === left);
      await runUntil(optionsIn(folder), () => false);
      expect(leftBy(folder)).toEqual(whole);
    }
  });

  it('ends in the same bytes though its process was killed twice', async () => {
    const run = { folder: join(root, 'killed'), steps: 40, kills: 2, threads: 1, seed: 20 };
    const killedAt = await trainThroughKills(run);
    expect(killedAt).toHaveLength(2);
    expect(Math.max(...killedAt)).toBeLessThan(40);
    expect(leftBy('killed')).toEqual(leftBy('whole'));
  });

  it('falls back on the checkpoint before one that was damaged, says so, and ends in the same bytes', async () => {
    await runUntil(optionsIn('damaged'), (event) => event.kind === 'step' && event.step === 14);
    const newest = join(root, 'damaged', 'checkpoint-000000012.safetensors');
    truncateSync(newest, statSync(newest).size - 100);
    const notes: string[] = [];
    const done: number[] = [];
    const progress: Progress = {
      note: (message) => notes.push(message),
      step: (step) => done.push(step.done),
    };
    await runUntil({ ...optionsIn('damaged'), progress }, () => false);
    expect(notes).toEqual([expect.stringMatching(/^checkpoint of step 12 cannot be used/)]);
    // the one before was made at step 10, the best until then
    expect(done).toEqual(Array.from({ length: 30 }, (_, i) => 11 + i));
    expect(leftBy('damaged')).toEqual(leftBy('whole'));
  });
});
