// Ctrl-C at any moment: exit code 130, everything on disk as before or as after, and the same command then succeeds.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { random } from '../src/core/random.ts';
import { openEngine } from '../src/data/engine.ts';
import { readSource } from '../src/data/lake/read.ts';
import { readSnapshot } from '../src/data/lake/snapshot.ts';
import { openWorkspace } from '../src/data/workspace.ts';
import { loadBundle } from '../src/registry/bundle.ts';
import { listVersions } from '../src/registry/versions.ts';
import { type Ended, runProcess, start, succeed, testFolder } from './flow/command.ts';
import { MADE_UP_MAPPING, madeUpCsv } from './flow/made-up-csv.ts';

const { dir, write } = testFolder();
const map = write('map.yaml', MADE_UP_MAPPING);
const first = write('first.csv', madeUpCsv({ customers: 300 }));
const second = write('second.csv', madeUpCsv({ customers: 4000, seed: 11, id: (i) => `d${i}` }));
const draw = random(2024);

async function rowsIn(shop: string): Promise<number> {
  const engine = await openEngine({ threads: 1 });
  const { events } = await readSource(openWorkspace(shop), engine);
  const [{ rows }] = await engine.rows<{ rows: number }>(`SELECT count(*) AS rows FROM ${events}`);
  engine.close();
  return rows;
}

/** Starts a command and interrupts it after a share of the time it takes when left alone. */
async function interrupted(args: readonly string[], atMs: number): Promise<Ended> {
  const running = start(args);
  const timer = setTimeout(() => running.process.kill('SIGINT'), atMs);
  const ended = await running.ended;
  clearTimeout(timer);
  return ended;
}

/** 130, or done before the signal came; a process still loading has nothing to put away and dies of the signal itself. */
function expectInterrupted({ code, stderr }: Ended): void {
  expect([0, 130, 'SIGINT'], stderr).toContain(code);
  if (code !== 130) return;
  expect(stderr).toContain('stopping …');
}

async function timed(args: readonly string[]): Promise<number> {
  const startedMs = performance.now();
  const ended = await runProcess(...args);
  expect(ended.code, ended.stderr).toBe(0);
  return performance.now() - startedMs;
}

const MOMENTS = 4;
/** Later than the loading of the program, spread over the work, each a little off. */
const moments = (wholeMs: number) =>
  Array.from({ length: MOMENTS }, (_, i) => wholeMs * (0.3 + (0.65 * (i + draw.uniform())) / MOMENTS));

/** More tries when a busy machine made the moments come too early for a process still loading, or too late. */
const MOST_TRIES = 12;

/** The moments; then, until one was in the middle of the work, others: later after a death while loading, earlier after an end. */
function* tries(wholeMs: number, codes: readonly Ended['code'][]): Generator<number> {
  yield* moments(wholeMs);
  let atMs = 0.6 * wholeMs;
  while (!codes.includes(130) && codes.length < MOST_TRIES) {
    atMs *= codes[codes.length - 1] === 0 ? 0.7 : 1.4;
    yield atMs;
  }
}

describe('import', () => {
  test('interrupted at several moments, the lake has all rows or those of before; then it succeeds', async () => {
    const whole = join(dir, 'whole');
    await succeed('import', first, '--map', map, '--workspace', whole);
    const before = await rowsIn(whole);
    const wholeMs = await timed(['import', second, '--map', map, '--workspace', whole]);
    const after = await rowsIn(whole);

    const shop = join(dir, 'shop');
    await succeed('import', first, '--map', map, '--workspace', shop);
    const codes: Ended['code'][] = [];
    for (const atMs of moments(wholeMs)) {
      const ended = await interrupted(['import', second, '--map', map, '--workspace', shop], atMs);
      expectInterrupted(ended);
      codes.push(ended.code);
      const rows = await rowsIn(shop);
      expect([before, after]).toContain(rows);
      if (rows === after) break;
      expect(ended.code).not.toBe(0);
    }
    expect(codes.some((code) => code !== 0)).toBe(true);
    await succeed('import', second, '--map', map, '--workspace', shop);
    expect(await rowsIn(shop)).toBe(after);
    expect(readSnapshot(openWorkspace(shop)).events.every(({ path }) => existsSync(join(shop, path)))).toBe(
      true,
    );
    expect(readdirSync(join(shop, 'locks'))).toEqual([]);
  });
});

describe('train', () => {
  const shop = join(dir, 'trained');
  const models = join(shop, 'models');
  const train = ['train', 'spend', '--model', 'tweedie,hurdle,tree,bg-nbd', '--workspace', shop];
  const versions = () => listVersions(models, 'spend').versions.length;
  let wholeMs = 0;
  beforeAll(async () => {
    await succeed('import', first, '--map', map, '--workspace', shop);
    wholeMs = await timed(train);
  });

  test('interrupted at several moments, the registry holds whole versions only, and one of them answers', async () => {
    let saved = versions();
    const codes: Ended['code'][] = [];
    expect(saved).toBe(1);
    for (const atMs of tries(wholeMs, codes)) {
      const ended = await interrupted(train, atMs);
      expectInterrupted(ended);
      codes.push(ended.code);
      const now = versions();
      // The version may be saved already while the report is being written.
      expect([saved, saved + 1]).toContain(now);
      if (ended.code === 0) expect(now).toBe(saved + 1);
      saved = now;
      expect(listVersions(models, 'spend').damaged).toEqual([]);
      expect(loadBundle(models, 'spend').task.name).toBe('spend');
    }
    expect(codes).toContain(130);
    await succeed(...train);
    expect(versions()).toBe(saved + 1);
    expect(readdirSync(join(models, 'spend')).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});
