import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { AppError } from '../core/errors.ts';
import { processTrainer } from './train-process.ts';

const dir = mkdtempSync(join(tmpdir(), 'foresell-train-process-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const outcome = { verdict: 'kept', reason: 'not-better', said: 'even', version: 'v2', service: null };

/** A trainer whose process runs these lines. */
function trainerOf(lines: string, over: { limitMs?: number; graceMs?: number } = {}) {
  const file = join(dir, `p-${Math.abs(hashOf(lines))}.mjs`);
  writeFileSync(file, lines);
  return processTrainer({
    program: [process.execPath, file],
    ...{ workspaceDir: '/shop', threads: 1, limitMs: 20_000, words: ['--canary', '10%'], ...over },
  });
}
const hashOf = (text: string): number => [...text].reduce((hash, c) => (hash * 31 + c.charCodeAt(0)) | 0, 7);
const never = new AbortController().signal;
const refused = (work: Promise<unknown>): Promise<AppError> =>
  work.then(
    () => Promise.reject(new Error('expected a refusal')),
    (error: AppError) => error,
  );

test('the process is told what to train, and what it says at the end is the outcome', async () => {
  const train = trainerOf(
    `console.log(JSON.stringify({ ...${JSON.stringify(outcome)}, said: process.argv.slice(2).join(' ') }))`,
  );
  expect(await train('purchase', never)).toEqual({
    ...outcome,
    said: 'retrain purchase --canary 10% --json --workspace /shop --threads 1',
  });
});

test.skipIf(process.platform === 'win32')('it runs at the lowest priority', async () => {
  const train = trainerOf(
    `import { getPriority } from 'node:os';
     while (getPriority() === ${getPriority()}) await new Promise((resolve) => setTimeout(resolve, 5));
     console.log(JSON.stringify({ ...${JSON.stringify(outcome)}, said: String(getPriority()) }))`,
  );
  expect(await train('purchase', never)).toMatchObject({ said: '19' });
});

describe('a process that does not end well', () => {
  test('its own error is the error', async () => {
    const train = trainerOf(
      `console.log(JSON.stringify({ error: { code: 'NOT_ENOUGH_DATA', message: 'too few outcomes' } })); process.exit(1)`,
    );
    expect(await refused(train('purchase', never))).toMatchObject({
      code: 'NOT_ENOUGH_DATA',
      message: 'too few outcomes',
    });
  });
  test.each([
    ['crashes', `process.kill(process.pid, 'SIGSEGV')`, /ended with SIGSEGV/],
    ['says something else', `console.log('hello')`, /ended with exit code 0/],
    ['fails', `process.exit(70)`, /ended with exit code 70/],
  ])('%s', async (_, lines, message) => {
    expect((await refused(trainerOf(lines)('purchase', never))).message).toMatch(message);
  });
  test('that cannot be started at all', async () => {
    const train = processTrainer({
      program: [join(dir, 'no such program')],
      ...{ workspaceDir: '/shop', threads: 1, limitMs: 1000, words: [] },
    });
    expect((await refused(train('purchase', never))).code).toBe('NOT_FOUND');
  });
});

test('one that takes too long is asked to end, and ended where it does not', async () => {
  const train = trainerOf(`process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`, {
    limitMs: 300,
    graceMs: 200,
  });
  expect((await refused(train('purchase', never))).message).toMatch(/took longer than its limit/);
});

test('told to stop it is ended, or never begun', async () => {
  const started = join(dir, 'started');
  const lines = `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(started)}, String(process.pid)); setInterval(() => {}, 1000)`;
  const stop = new AbortController();
  const ended = refused(trainerOf(lines)('purchase', stop.signal));
  await expect.poll(() => readFileSync(started, 'utf8'), { timeout: 10_000 }).toMatch(/\d/);
  stop.abort();
  expect((await ended).code).toBe('INTERRUPTED');
  expect(() => process.kill(Number(readFileSync(started, 'utf8')), 0)).toThrow();
  expect((await refused(trainerOf(lines)('purchase', stop.signal))).code).toBe('INTERRUPTED');
});
