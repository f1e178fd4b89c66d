// Embedding: each text as it would be alone, whatever stands beside it; few programs; stops, counts, remembers.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import type { Backend } from '../../tensor/session/session.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { openEncoder } from '../folder/open-encoder.ts';
import { embedTexts, openEmbedder } from './embed.ts';

const FIXTURE = new URL('../../../test/fixtures/encoders/roberta', import.meta.url).pathname;
const encoder = await openEncoder(FIXTURE);
const { width } = encoder;
const WORDS = ['red', 'running', 'shoes', 'rain', 'jacket', 'tea', '鞋子', 'für', 'a', '!'];

function madeUpTexts(count: number): readonly string[] {
  const draws = random(3);
  return Array.from({ length: count }, () =>
    Array.from(
      { length: Math.floor(12 * draws.uniform()) },
      () => WORDS[Math.floor(WORDS.length * draws.uniform())],
    ).join(' '),
  );
}

/** Counts programs open and opened. */
function countingBackend() {
  const counts = { opened: 0, open: 0, most: 0, runs: 0 };
  const backend: Backend = {
    name: nodeBackend.name,
    open: async (model, options) => {
      const session = await nodeBackend.open(model, options);
      counts.opened++;
      counts.most = Math.max(counts.most, ++counts.open);
      return {
        ...session,
        run: (feeds, into) => {
          counts.runs++;
          return session.run(feeds, into);
        },
        release: () => {
          counts.open--;
          return session.release();
        },
      };
    },
  };
  return { backend, counts };
}

const row = (vectors: Float32Array, i: number): Float32Array => vectors.subarray(i * width, (i + 1) * width);

function expectNear(got: Float32Array, wanted: Float32Array, within: number): void {
  expect(got.length).toBe(wanted.length);
  const gap = got.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0);
  expect(gap).toBeLessThan(within);
}

describe('embedTexts', () => {
  it('gives each text the vector it has alone, in the order of the texts', async () => {
    const texts = madeUpTexts(200);
    const together = await embedTexts(encoder, texts, { backend: nodeBackend });
    for (const i of [0, 1, 17, 99, 199]) {
      const alone = await embedTexts(encoder, [texts[i]], { backend: nodeBackend });
      // padding and other shapes add in another order
      expectNear(row(together, i), alone, 1e-5);
    }
    const two = await embedTexts(encoder, texts, { backend: nodeBackend, threads: 2 });
    expectNear(two, together, 1e-5);
  });

  it('holds one program at a time and lets go of it, also when it is stopped', async () => {
    const { backend, counts } = countingBackend();
    const steps: number[] = [];
    const progress = { step: ({ done }: { done: number }) => void steps.push(done), note: () => {} };
    await embedTexts(encoder, madeUpTexts(1500), { backend, progress });
    expect(counts).toMatchObject({ most: 1, open: 0 });
    expect(counts.opened).toBeGreaterThan(1);
    expect(steps.at(-1)).toBe(1500);
    expect(steps.length).toBe(counts.runs);

    const stop = new AbortController();
    const stopping = { step: () => stop.abort(), note: () => {} };
    const stopped = embedTexts(encoder, madeUpTexts(1500), {
      backend,
      progress: stopping,
      signal: stop.signal,
    });
    await expect(stopped).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(counts.open).toBe(0);
  });

  it('takes no texts, empty ones, and ones longer than the encoder reads', async () => {
    expect(await embedTexts(encoder, [], { backend: nodeBackend })).toEqual(new Float32Array(0));
    const long = `${'running shoes '.repeat(100)}`;
    const vectors = await embedTexts(encoder, ['', long, `${long} tea`], { backend: nodeBackend });
    expect(vectors.every(Number.isFinite)).toBe(true);
    expect(row(vectors, 1)).toEqual(row(vectors, 2));
  });

  it('stays near in 8 bits', async () => {
    const texts = madeUpTexts(100);
    const run = { backend: nodeBackend, isNormalised: true };
    const [float, int8] = [
      await embedTexts(encoder, texts, run),
      await embedTexts(encoder, texts, { ...run, precision: 'int8' }),
    ];
    const cosines = texts.map((_, i) =>
      row(float, i).reduce((sum, value, k) => sum + value * row(int8, i)[k], 0),
    );
    expect(Math.min(...cosines)).toBeGreaterThan(0.98);
    expect(int8).not.toEqual(float);
  });

  it('refuses a pooling that the file does not have', async () => {
    await expect(
      embedTexts(encoder, ['tea'], { backend: nodeBackend, pooling: 'given' }),
    ).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('openEmbedder', () => {
  it('keeps programs from call to call, answers calls in turn, and drops the one longest unused', async () => {
    const { backend, counts } = countingBackend();
    const embedder = openEmbedder(encoder, { backend, programs: 2 });
    const [a, b, again] = await Promise.all([
      embedder.embed(['tea']),
      embedder.embed(['red shoes']),
      embedder.embed(['tea']),
    ]);
    expect(again).toEqual(a);
    expect(b).not.toEqual(a);
    expect(counts).toMatchObject({ opened: 1, runs: 3 });
    for (const count of [4, 9, 40]) await embedder.embed(madeUpTexts(count));
    expect(counts.most).toBe(2);
    await embedder.close();
    expect(counts.open).toBe(0);
  });

  it('asks the network only for what the cache does not know', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'foresell-embed-'));
    try {
      const { backend, counts } = countingBackend();
      const cache = folder;
      const texts = madeUpTexts(60);
      const first = await embedTexts(encoder, texts, { backend, cache });
      const { runs } = counts;
      expect(await embedTexts(encoder, [...texts].reverse(), { backend, cache })).toEqual(
        Float32Array.from([...texts.keys()].reverse().flatMap((i) => [...row(first, i)])),
      );
      expect(counts.runs).toBe(runs);
      const more = await embedTexts(encoder, [...texts, 'something new'], { backend, cache });
      expect(counts.runs).toBe(runs + 1);
      expect(more.subarray(0, first.length)).toEqual(first);
      await embedTexts(encoder, texts, { backend, cache, pooling: 'max' });
      expect(counts.runs).toBeGreaterThan(runs + 1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
