// A run's folder belongs to one run at a time, whatever became of the one before.

import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import type { TrainingEvent } from './events.ts';
import { madeUpSettings, madeUpSource } from './made-up-run.ts';
import { runFolder } from './run-folder.ts';
import { train } from './train.ts';
import type { TrainOptions } from './train-options.ts';

const root = mkdtempSync(join(tmpdir(), 'foresell-run-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(root, 'run-'));
});
const lockFile = () => join(folder, 'training.lock');

const options = (changes: Partial<TrainOptions> = {}): TrainOptions => ({
  ...madeUpSettings(),
  backend: nodeBackend,
  batches: madeUpSource(),
  schedule: { kind: 'constant', rate: 0.01 },
  limits: { steps: 2 },
  files: runFolder(folder),
  ...changes,
});

async function through(
  run: TrainOptions,
  leave: (event: TrainingEvent) => boolean = () => false,
): Promise<void> {
  for await (const event of train(run)) if (leave(event)) return;
}

/** The number of a process that is no more. */
const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid;

const holder = (changes: object) =>
  JSON.stringify({ pid: process.pid, host: hostname(), start: '', token: 'before', ...changes });

describe('a run folder', () => {
  it('is refused to a second run, which leaves the first alone', async () => {
    const first = train(options({ checkpointEvery: 1 }));
    await first.next();
    await expect(through(options())).rejects.toMatchObject({
      code: 'BUSY',
      message: expect.stringContaining(`process ${process.pid} on`),
      details: { pid: process.pid },
    });
    // refused twice: the refusal did not let go of what it never held
    await expect(through(options())).rejects.toMatchObject({ code: 'BUSY' });
    let steps = 1;
    for await (const { kind } of first) if (kind === 'step') steps++;
    expect(steps).toBe(2);
  });

  it('is free again after the end, an early leave, an abort and an error', async () => {
    const aborting = new AbortController();
    const fault = new Error('the data are gone');
    const failing = {
      // biome-ignore lint/correctness/useYield: a source that fails at once is what this is about
      *batches() {
        throw fault;
      },
    };
    await through(options());
    expect(existsSync(lockFile())).toBe(false);
    const longer = { limits: { steps: 50 } };
    await through(options(longer), ({ kind }) => kind === 'step');
    expect(existsSync(lockFile())).toBe(false);
    await through(options({ ...longer, signal: aborting.signal }), () => {
      expect(existsSync(lockFile())).toBe(true);
      aborting.abort();
      return false;
    });
    expect(existsSync(lockFile())).toBe(false);
    await expect(through(options({ ...longer, batches: failing }))).rejects.toBe(fault);
    expect(existsSync(lockFile())).toBe(false);
  });

  it.each([
    ['a process that is gone', () => ({ pid: deadPid() })],
    ['an earlier process of a number in use', () => ({ start: 'before the last boot' })],
  ])('is taken over from %s', async (_, changes) => {
    writeFileSync(lockFile(), holder(changes()));
    const run = train(options());
    await run.next();
    expect(JSON.parse(readFileSync(lockFile(), 'utf8'))).toMatchObject({ pid: process.pid });
    await run.return();
    expect(readdirSync(folder).filter((name) => name.includes('.lock'))).toEqual([]);
  });

  it('is taken over though one died while taking it over', async () => {
    writeFileSync(lockFile(), holder({ pid: deadPid(), token: 'first' }));
    writeFileSync(`${lockFile()}.first`, holder({ pid: deadPid(), token: 'second' }));
    writeFileSync(`${lockFile()}.first.second`, holder({ pid: deadPid(), token: 'third' }));
    await through(options());
    expect(readdirSync(folder).filter((name) => name.includes('.lock'))).toEqual([]);
  });

  it('is left to one who is taking it over at this moment', async () => {
    writeFileSync(lockFile(), holder({ pid: deadPid(), token: 'first' }));
    writeFileSync(`${lockFile()}.first`, holder({}));
    await expect(through(options())).rejects.toMatchObject({ code: 'BUSY' });
  });

  it('is left to a process on another machine', async () => {
    writeFileSync(lockFile(), holder({ pid: deadPid(), host: 'elsewhere.example' }));
    await expect(through(options())).rejects.toMatchObject({
      code: 'BUSY',
      details: { host: 'elsewhere.example' },
    });
  });

  it('is taken over from a lock that was never written to its end, once that is old', async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(lockFile(), '');
    await expect(through(options())).rejects.toMatchObject({ code: 'BUSY' });
    utimesSync(lockFile(), 1e9, 1e9);
    await through(options());
    expect(existsSync(lockFile())).toBe(false);
  });
});
