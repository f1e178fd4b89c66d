import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AppError } from '../core/errors.ts';
import { type Disk, nodeDisk } from './disk.ts';
import { promote } from './promotion.ts';
import { endRollout, readRollout, startRollout } from './rollout.ts';
import { saveVersion } from './save.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'foresell-rollout-'));
  for (const seed of [1, 2, 3]) save(seed);
  promote(dir, { task: 'purchase', reference: 'v1' }, { atMs: 1 });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const save = (seed: number) =>
  saveVersion(dir, {
    ...{ task: 'purchase', dataFingerprint: 'f', settings: {}, seed, metrics: {} },
    files: { 'model.json': { seed } },
    run: { createdMs: seed },
  });
const start = (reference: string, over: object = {}, disk: Disk = nodeDisk) =>
  startRollout(
    dir,
    { task: 'purchase', reference, mode: 'canary', share: 0.1, ...over },
    { atMs: 10, salt: `salt of ${reference}`, disk },
  );
const refusal = (work: () => unknown): AppError => {
  try {
    work();
  } catch (error) {
    return error as AppError;
  }
  throw new Error('expected a refusal');
};

test('a trial is kept whole, and ends with its reason', () => {
  expect(readRollout(dir, 'purchase')).toEqual({ current: undefined, ended: [] });
  const order = start('v2', { promoteAfterMs: 5, limits: { latencyRatio: 3 } });
  expect(readRollout(dir, 'purchase').current).toEqual(order);
  expect(order.limits).toMatchObject({ latencyRatio: 3, errorShare: 0.01 });
  const end = endRollout(dir, {
    ...{ task: 'purchase', salt: order.salt, outcome: 'rolled-back', endedMs: 20 },
    ...{ reason: 'errors', said: '5 of 9 answers failed' },
  });
  expect(end).toMatchObject({ version: order.version, outcome: 'rolled-back', reason: 'errors' });
  expect(readRollout(dir, 'purchase')).toEqual({ current: undefined, ended: [end] });
  expect(endRollout(dir, { task: 'purchase', outcome: 'stopped', endedMs: 30 })).toBeUndefined();
});

test('a version that was taken back is not put on trial again, unless a person says so', () => {
  start('v2');
  endRollout(dir, { task: 'purchase', outcome: 'rolled-back', endedMs: 20, said: 'too slow' });
  expect(refusal(() => start('v2'))).toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(/taken back before: too slow/),
  });
  expect(start('v3').version).toMatch(/^v3-/);
  expect(start('v2', { again: true }).version).toMatch(/^v2-/);
  // The trial of v3 ended as the other one began; that v2 was taken back stays known.
  expect(readRollout(dir, 'purchase').ended.map(({ outcome }) => outcome)).toEqual([
    'rolled-back',
    'stopped',
  ]);
  endRollout(dir, { task: 'purchase', outcome: 'stopped', endedMs: 40 });
  expect(refusal(() => start('v2')).code).toBe('USAGE');
  // The same bytes under another number are the same model.
  save(2);
  expect(refusal(() => start('v4')).code).toBe('USAGE');
});

test('an older trial’s end leaves a newer one alone', () => {
  const older = start('v2');
  const newer = start('v3');
  const end = { task: 'purchase', salt: older.salt, outcome: 'rolled-back', endedMs: 20 } as const;
  expect(endRollout(dir, end)).toBeUndefined();
  expect(readRollout(dir, 'purchase').current).toEqual(newer);
});

describe('what cannot be on trial', () => {
  test.each([0, -0.1, 1.01, Number.NaN])('a share of %f', (share) => {
    expect(refusal(() => start('v2', { share })).code).toBe('USAGE');
  });
  test('the version that answers, an unknown one, limits that are none, and damaged bytes', () => {
    expect(refusal(() => start('v1')).message).toMatch(/another version than the one that answers/);
    expect(refusal(() => start('v9')).code).toBe('NOT_FOUND');
    expect(refusal(() => start('v2', { limits: { latencyRatio: 0.5 } })).message).toMatch(/latencyRatio/);
    const { version } = start('v2');
    writeFileSync(join(dir, 'purchase', version, 'model.json'), '{"seed":7}');
    expect(refusal(() => start('v2')).code).toBe('TAMPERED');
  });
});

test('a write that fails leaves what was there, and a file of something else is said to be one', () => {
  const order = start('v2');
  const full: Disk = {
    ...nodeDisk,
    writeFile: () => {
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    },
  };
  expect(refusal(() => start('v3', {}, full)).code).toBe('DISK');
  expect(readRollout(dir, 'purchase').current).toEqual(order);
  const path = join(dir, 'purchase', 'rollout.json');
  const text = readFileSync(path, 'utf8');
  for (const [bad, code] of [
    ['{', 'BAD_FILE'],
    ['[]', 'BAD_FILE'],
    [text.replace('"share":0.1', '"share":7'), 'BAD_FILE'],
    [text.replace('"format":1', '"format":2'), 'VERSION'],
  ]) {
    writeFileSync(path, bad);
    expect(refusal(() => readRollout(dir, 'purchase')).code).toBe(code);
  }
});
