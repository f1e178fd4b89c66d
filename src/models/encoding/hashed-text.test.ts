import { describe, expect, it } from 'vitest';
import { fitHashedText, textReader } from './hashed-text.ts';
import type { SparseRows } from './sparse-rows.ts';
import { emptyGrams, hashGrams } from './tokens.ts';

function gramsOf(text: string, pieces = false): number[] {
  const grams = emptyGrams();
  hashGrams(text, { pieces }, grams);
  return [...grams.hashes.subarray(0, grams.count)];
}

const entries = (matrix: SparseRows, row: number) =>
  new Map(
    Array.from({ length: matrix.offsets[row + 1] - matrix.offsets[row] }, (_, k) => {
      const at = matrix.offsets[row] + k;
      return [matrix.codes[at], matrix.values[at]] as const;
    }),
  );

describe('n-grams', () => {
  it('are words and pairs of neighbouring words', () => {
    const [a, b, ab] = gramsOf('red shoes');
    expect(gramsOf('red')).toEqual([a]);
    expect(gramsOf('shoes')).toEqual([b]);
    expect(new Set([a, b, ab]).size).toBe(3);
    expect(gramsOf('shoes red')).not.toContain(ab);
    expect(gramsOf('one two three')).toHaveLength(5);
  });

  it('do not mind case, width, apostrophes or which digit', () => {
    expect(gramsOf('ＲＥＤ Shoes')).toEqual(gramsOf('red shoes'));
    expect(gramsOf("didn't")).toEqual(gramsOf('didn’t'));
    expect(gramsOf('size 38')).toEqual(gramsOf('size 42'));
    expect(gramsOf('size 38')).not.toEqual(gramsOf('size 142'));
    expect(gramsOf('Café')).toEqual(gramsOf('cafe\u0301'));
  });

  it('of Chinese, Japanese and Thai are runs of one to three characters', () => {
    expect(gramsOf('很好吃')).toHaveLength(6);
    expect(gramsOf('很好')).toHaveLength(3);
    expect(gramsOf('很好吃，很好')).toHaveLength(9);
    expect(gramsOf('おいしい')).toHaveLength(9);
    expect(gramsOf('ดีมาก')).toHaveLength(12);
    expect(gramsOf('size很好')).toHaveLength(4);
  });

  it('within words are pieces of 3 to 5 characters, edges included', () => {
    // " cat " has 3 + 2 + 1 pieces; the word itself makes seven.
    expect(gramsOf('cat', true)).toHaveLength(7);
    const shared = new Set(gramsOf('walking', true));
    expect(gramsOf('talking', true).filter((gram) => shared.has(gram)).length).toBeGreaterThan(8);
  });

  it('of nothing are none, and no text is too long or too strange', () => {
    expect(gramsOf('')).toEqual([]);
    expect(gramsOf(' … — !!! \u0000')).toEqual([]);
    expect(gramsOf('🙂').length).toBeGreaterThan(0);
    expect(gramsOf('x'.repeat(100_000), true).length).toBeLessThan(200);
    expect(gramsOf('很'.repeat(20_000))).toHaveLength(59_997);
    expect(gramsOf('a '.repeat(20_000))).toHaveLength(39_999);
    expect(gramsOf('\ud800 lone').length).toBeGreaterThan(0);
  });

  it('spread evenly over buckets', () => {
    const buckets = new Set(
      Array.from(
        { length: 20_000 },
        (_, i) => gramsOf(`w${i.toString(36).replace(/\d/g, 'z')}q`)[0] & 0x3ffff,
      ),
    );
    const words = new Set(Array.from({ length: 20_000 }, (_, i) => `w${i.toString(36).replace(/\d/g, 'z')}q`))
      .size;
    // n words in 2^18 buckets leave about 2^18·(1 − e^(−n/2^18)) buckets used.
    const expected = 2 ** 18 * (1 - Math.exp(-words / 2 ** 18));
    expect(Math.abs(buckets.size / expected - 1)).toBeLessThan(0.01);
  });
});

describe('TF-IDF', () => {
  const texts = ['good good shoes', 'good shirt', 'bad shirt', 'bad shoes shoes', ''];

  it('equals its formula worked by hand', async () => {
    const { matrix } = await fitHashedText(texts, { pieces: false });
    // In two texts or more: good, bad, shirt and shoes; each in two of five. Pairs occur once and are left out.
    expect(matrix.width).toBe(4);
    const [twice, once] = [1 + Math.log(2), 1];
    const length = Math.hypot(twice, once);
    const values = [...entries(matrix, 0).values()].sort();
    expect(values[0]).toBeCloseTo(once / length, 6);
    expect(values[1]).toBeCloseTo(twice / length, 6);
    expect(entries(matrix, 4).size).toBe(0);
  });

  it('weighs rare words more', async () => {
    const { vocabulary, matrix } = await fitHashedText(['a x', 'a y', 'a x', 'a z'], { pieces: false });
    const rare = Math.log(5 / 3) + 1;
    const frequent = Math.log(5 / 5) + 1;
    expect([...vocabulary.idf].sort().map((v) => Number(v.toFixed(5)))).toEqual(
      [frequent, rare, rare].map((v) => Number(v.toFixed(5))),
    );
    // Rows of length one whatever they hold.
    for (const row of [0, 1]) {
      expect([...entries(matrix, row).values()].reduce((sum, v) => sum + v * v, 0)).toBeCloseTo(1, 6);
    }
  });

  it('reads new texts by the words it learned, and the same texts the same', async () => {
    const { vocabulary, matrix } = await fitHashedText(texts, { pieces: false });
    const read = textReader(vocabulary);
    const again = await read(texts);
    expect(again).toEqual({ ...matrix });
    const [first] = [await read(['unheard of'])];
    expect(first.codes).toHaveLength(0);
    expect(entries(await read(['GOOD! unheard']), 0).size).toBe(1);
    expect(await read(texts)).toEqual(again);
  });

  it('takes 5,000 texts in a second, ten on a busy machine', async () => {
    const words = Array.from({ length: 5000 }, (_, i) => `word${String.fromCharCode(97 + (i % 26))}${i}`);
    const many = Array.from({ length: 5_000 }, (_, i) =>
      Array.from({ length: 50 }, (_, j) => words[(i * 31 + j * j * 17) % 5000]).join(' '),
    );
    const start = performance.now();
    await fitHashedText(many);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
