import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acquireLock, withLock } from './lock.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foresell-lock-'));
  path = join(folder, 'lake.lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A process that has ended, and its number. */
const deadProcess = () =>
  new Promise<number>((resolve) => {
    const child = spawn(process.execPath, ['-e', '']);
    child.on('exit', () => resolve(child.pid ?? 0));
  });

const left = (holder: Record<string, unknown>) =>
  writeFileSync(
    path,
    JSON.stringify({ host: hostname(), start: '', what: 'import', since: 'then', token: 't', ...holder }),
  );

test('a second writer is refused and told who holds the lock', async () => {
  const lock = await acquireLock(path, 'training of churn');
  await expect(acquireLock(path, 'import')).rejects.toThrow(
    expect.objectContaining({
      code: 'BUSY',
      message: expect.stringContaining(`training of churn (process ${process.pid}`),
    }),
  );
  lock.release();
  lock.release();
  (await acquireLock(path, 'import')).release();
  expect(readdirSync(folder)).toEqual([]);
});

test('a second writer that waits gets the lock when the first lets go', async () => {
  const first = await acquireLock(path, 'import');
  const holders: string[] = [];
  const second = acquireLock(path, 'erase', {
    waitMs: 30_000,
    onWait(holder) {
      holders.push(holder);
      first.release();
    },
  });
  (await second).release();
  expect(holders).toHaveLength(1);
});

test('waiting ends when the signal fires', async () => {
  const lock = await acquireLock(path, 'import');
  const control = new AbortController();
  const second = acquireLock(path, 'erase', {
    waitMs: 30_000,
    signal: control.signal,
    onWait: () => control.abort(),
  });
  await expect(second).rejects.toMatchObject({ code: 'INTERRUPTED' });
  lock.release();
});

test('the lock of a dead process is taken over', async () => {
  left({ pid: await deadProcess() });
  (await acquireLock(path, 'import')).release();
  expect(existsSync(path)).toBe(false);
});

test.skipIf(process.platform !== 'linux')(
  'a number that now belongs to another process is dead too (needs /proc)',
  async () => {
    left({ pid: process.pid, start: 'another boot:1' });
    (await acquireLock(path, 'import')).release();
  },
);

test('a holder on another machine is never taken for dead', async () => {
  left({ pid: await deadProcess(), host: 'elsewhere' });
  await expect(acquireLock(path, 'import')).rejects.toMatchObject({ code: 'BUSY' });
});

test('of many that find a dead lock at once, one holds it at a time', async () => {
  left({ pid: await deadProcess() });
  let inside = 0;
  let most = 0;
  const writers = Array.from({ length: 12 }, (_, index) =>
    withLock(path, `writer ${index}`, { waitMs: 60_000 }, async () => {
      most = Math.max(most, ++inside);
      await new Promise(setImmediate);
      expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ what: `writer ${index}` });
      inside--;
    }),
  );
  await Promise.all(writers);
  expect(most).toBe(1);
});
