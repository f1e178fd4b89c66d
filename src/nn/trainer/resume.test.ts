// A run that was killed and taken up again ends in the bytes of the run that was not.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { nodeBackend } from '../../tensor/session-node.ts';
import { readMetricsLog, withoutTiming } from '../record/metrics-log.ts';
import type { TrainingEvent } from './events.ts';
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

/** All a run leaves behind: the bytes of its checkpoints, and its record without times. */
const leftBy = (folder: string) => ({
  checkpoints: readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.safetensors'))
    .map((name) => [name, readFileSync(join(root, folder, name)).toString('base64')]),
  metrics: readMetricsLog(join(root, folder, 'metrics.ndjson')).map(withoutTiming),
});

describe('a run taken up again', () => {
  it('ends in the same bytes wherever it was left', async () => {
    await runUntil(optionsIn('whole'), () => false);
    const whole = leftBy('whole');
    expect(whole.metrics.length).toBe(48);
    for (const left of [1, 6, 7, 13, 28, 39]) {
      const folder = `left at ${left}`;
      await runUntil(optionsIn(folder), (event) => event.kind === 'step' && event.step === left);
      await runUntil(optionsIn(folder), () => false);
      expect(leftBy(folder)).toEqual(whole);
    }
  });
});
