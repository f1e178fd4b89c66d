// Vectors on the disk under several openings and processes, with records torn at every byte.
import { execFile } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openVectorCache, type VectorCache, vectorKey } from './vector-cache.ts';

const WIDTH = 5;
const RECORD = 4 + 32 + 4 * WIDTH + 4;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foresell-cache-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const opened = (hash = 'a'): VectorCache => openVectorCache(folder, { hash, width: WIDTH });
const vectorOf = (n: number): Float32Array => Float32Array.from({ length: WIDTH }, (_, k) => n + k / 8);
const keep = (cache: VectorCache, from: number, count: number): void => {
  const keys = Array.from({ length: count }, (_, i) => vectorKey(`text ${from + i}`));
  cache.add(keys, Float32Array.from(keys.flatMap((_, i) => [...vectorOf(from + i)])));
};
const found = (cache: VectorCache, n: number): Float32Array | undefined => cache.get(vectorKey(`text ${n}`));
const file = (): string => join(folder, readdirSync(folder)[0]);

it('finds what was kept, in this process, in another opening, and for one maker alone', () => {
  const [first, second] = [opened(), opened()];
  expect(found(first, 1)).toBeUndefined();
  keep(first, 0, 3);
  expect(found(first, 1)).toEqual(vectorOf(1));
  expect(found(opened(), 2)).toEqual(vectorOf(2));
  keep(second, 9, 1);
  expect(found(second, 2)).toEqual(vectorOf(2));
  expect(found(opened('b'), 2)).toBeUndefined();
  expect(found(opened(), 3)).toBeUndefined();
});

it('passes over a torn record, wherever it was torn, and goes on after it', () => {
  keep(opened(), 0, 4);
  const whole = readFileSync(file());
  for (let cut = 1; cut < RECORD; cut++) {
    writeFileSync(file(), whole);
    truncateSync(file(), 4 * RECORD - cut);
    const after = opened();
    expect(found(after, 2), `cut ${cut}`).toEqual(vectorOf(2));
    expect(found(after, 3), `cut ${cut}`).toBeUndefined();
    keep(after, 7, 2);
    for (const cache of [after, opened()]) {
      expect(found(cache, 7), `cut ${cut}`).toEqual(vectorOf(7));
      expect(found(cache, 8), `cut ${cut}`).toEqual(vectorOf(8));
    }
  }
});

it('does not believe a changed byte', () => {
  keep(opened(), 0, 3);
  const whole = readFileSync(file());
  for (let at = RECORD; at < 2 * RECORD; at++) {
    const spoilt = Buffer.from(whole);
    spoilt[at] ^= 0x40;
    writeFileSync(file(), spoilt);
    const after = opened();
    expect(
      [0, 1, 2].map((n) => found(after, n) !== undefined),
      `byte ${at}`,
    ).toEqual([true, false, true]);
  }
  appendFileSync(file(), Buffer.alloc(3 * RECORD, 0xf5));
  expect(found(opened(), 0)).toEqual(vectorOf(0));
});

it('keeps what two processes write at the same time', async () => {
  const script = join(folder, '..', `writer-${process.pid}.mts`);
  const cache = new URL('./vector-cache.ts', import.meta.url).href;
  writeFileSync(
    script,
    `import { openVectorCache, vectorKey } from ${JSON.stringify(cache)};
const [folder, from] = [process.argv[2], Number(process.argv[3])];
const vectors = openVectorCache(folder, { hash: 'a', width: ${WIDTH} });
for (let i = from; i < from + 300; i += 3) {
  const texts = [i, i + 1, i + 2].map((n) => vectorKey('text ' + n));
  vectors.add(texts, Float32Array.from([0, 1, 2].flatMap((j) => Array.from({ length: ${WIDTH} }, (_, k) => i + j + k / 8))));
}`,
  );
  try {
    const run = promisify(execFile);
    const node = ['--import', 'tsx', script, folder];
    await Promise.all([0, 300, 600].map((from) => run(process.execPath, [...node, String(from)])));
    const cache = opened();
    for (let n = 0; n < 900; n++) expect(found(cache, n), `text ${n}`).toEqual(vectorOf(n));
  } finally {
    rmSync(script);
  }
}, 30_000);
