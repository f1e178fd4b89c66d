// Search against brute force: cosines by hand, BM25 by its formula, ranks fused, purchases learned from a made-up shop.
import { afterAll, describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { nodeBackend } from '../../tensor/session/session-node.ts';
import { reciprocalRanks, weightedSum } from './fusion.ts';
import { indexTexts, lexicalScores } from './lexical-index.ts';
import { type AnsweredSearch, learnOrder, orderScores, UNTAUGHT } from './purchase-order.ts';
import { searchWords, singular } from './search-words.ts';
import { openVectorSearch, vectorTable } from './vector-search.ts';

describe('nearest vectors', async () => {
  const own = random(3);
  const [rows, width] = [16_500, 8];
  const vectors = Float32Array.from({ length: rows * width }, () => own.normal());
  // A row without a vector, and two that are the same.
  vectors.fill(0, 5 * width, 6 * width);
  vectors.copyWithin(16_400 * width, 7 * width, 8 * width);
  const search = await openVectorSearch(vectorTable(vectors, width), { backend: nodeBackend });
  afterAll(() => search.close());

  const cosine = (a: Float32Array, b: Float32Array) => {
    let [product, x, y] = [0, 0, 0];
    for (let k = 0; k < width; k++) {
      product += a[k] * b[k];
      x += a[k] ** 2;
      y += b[k] ** 2;
    }
    return x > 0 && y > 0 ? product / Math.sqrt(x * y) : 0;
  };
  const row = (at: number) => vectors.subarray(at * width, (at + 1) * width);
  const bruteForce = (question: Float32Array, most: number, except: number) =>
    Array.from({ length: rows }, (_, at) => at)
      .filter((at) => at !== except && at !== 5)
      .map((at) => ({ at, likeness: cosine(question, row(at)) }))
      .sort((a, b) => b.likeness - a.likeness)
      .slice(0, most);

  it('are those of brute force, in several blocks and batches, whatever the last one holds', async () => {
    const asked = [7, 16_400, 0, ...Array.from({ length: 37 }, (_, i) => 400 * i + 1)];
    const questions = Float32Array.from(asked.flatMap((at) => Array.from(row(at))));
    const found = await search.nearest(questions, { most: 4, except: Int32Array.from(asked) });
    asked.forEach((at, i) => {
      const expected = bruteForce(row(at), 4, at);
      const likeness = found.likeness.subarray(4 * i, 4 * i + 4);
      expected.forEach((one, k) => {
        expect(likeness[k]).toBeCloseTo(one.likeness, 5);
        expect(cosine(row(at), row(found.places[4 * i + k]))).toBeCloseTo(one.likeness, 5);
      });
    });
    // Each finds its twin in the other block.
    expect([found.places[0], found.places[4]]).toEqual([16_400, 7]);
  });

  it('come from the rows allowed alone, −1 where there are no more', async () => {
    const allowed = new Uint8Array(rows);
    allowed[5] = allowed[9] = 1;
    const { places } = await search.nearest(row(0).slice(), { most: 3, allowed });
    expect(Array.from(places)).toEqual([9, -1, -1]);
  });

  it('are as like as their cosine says', async () => {
    const likeness = await search.likeness(row(3).map((value) => 100 * value));
    expect(likeness).toHaveLength(rows);
    for (const at of [0, 5, 16_499]) expect(likeness[at]).toBeCloseTo(cosine(row(3), row(at)), 5);
  });
});

describe('words', () => {
  it.each([
    ['Men’s WATCHES & Ｔ-Shirts', ['men', 'watch', 't', 'shirt']],
    ['batteries, dresses; glass bus shoes', ['battery', 'dress', 'glass', 'bus', 'shoe']],
    ['红色连衣裙 XL码', ['红', '红色', '色', '色连', '连', '连衣', '衣', '衣裙', '裙', 'xl', '码']],
    ['', []],
  ])('of "%s"', (text, words) => {
    expect(searchWords(text)).toEqual(words);
  });

  it('lose no more than a plural', () => {
    const plurals = ['boxes', 'cases', 'is', 'dress', 'virus', 'tops'];
    expect(plurals.map(singular)).toEqual(['box', 'case', 'is', 'dress', 'virus', 'top']);
  });
});

describe('BM25', () => {
  const titles = ['red shirt', 'blue shirt for men', 'red red shoe', 'hat'];
  const brands = ['acme', 'red house', '', 'acme'];
  const index = indexTexts([
    { texts: titles, weight: 2 },
    { texts: brands, weight: 1 },
  ]);

  it('is the formula, worked out word by word', () => {
    const counts = [2, 1, 4, 0];
    const lengths = [5, 10, 6, 3];
    const idf = Math.log(1 + (4 - 3 + 0.5) / (3 + 0.5));
    const scores = lexicalScores(index, 'reds');
    counts.forEach((count, item) => {
      const drag = 1.2 * (1 - 0.75 + (0.75 * lengths[item]) / 6);
      expect(scores[item]).toBeCloseTo(count === 0 ? 0 : (idf * count * 2.2) / (count + drag), 5);
    });
  });

  it('adds words up, and knows nothing of words nobody used', () => {
    const [both, one, other] = ['red hat', 'red', 'hat'].map((text) => lexicalScores(index, text));
    both.forEach((score, item) => {
      expect(score).toBeCloseTo(one[item] + other[item], 5);
    });
    expect(Array.from(lexicalScores(index, 'zebra'))).toEqual([0, 0, 0, 0]);
    expect(indexTexts([]).items).toBe(0);
  });
});

describe('two scores made one', () => {
  const lists = [
    { scores: Float32Array.of(3, 2, 1, 0), weight: 1 },
    { scores: Float32Array.of(0, 0.1, 0.4, -1), weight: 2 },
  ];

  it('by reciprocal ranks', () => {
    const fused = reciprocalRanks(lists, 2);
    [1 / 61, 1 / 62 + 2 / 62, 2 / 61, 0].forEach((score, item) => {
      expect(fused[item]).toBeCloseTo(score, 7);
    });
  });

  it('by a weighted sum', () => {
    const fused = weightedSum(lists);
    [1, 2 / 3 + 0.5, 1 / 3 + 2, 0].forEach((score, item) => {
      expect(fused[item]).toBeCloseTo(score, 6);
    });
  });
});

describe('the order of what is bought', () => {
  it('is likeness and odds, weighed', () => {
    const found = [
      { fit: 2, purchase: 0.1 },
      { fit: 1, purchase: 0.6 },
    ];
    const scores = orderScores(found, { likeness: 2, purchase: 0.5 });
    expect(scores[0]).toBeCloseTo(0.5 * Math.log(0.1 / 0.9), 9);
    expect(scores[1]).toBeCloseTo(2 * Math.log(0.5) + 0.5 * Math.log(0.6 / 0.4), 9);
  });

  it('is learned from searches: the weights of a made-up shop come back', () => {
    const truth = { likeness: 2.2, purchase: 0.9 };
    const own = random(8);
    const searches = Array.from({ length: 3000 }, (): AnsweredSearch => {
      const found = Array.from({ length: 6 }, () => ({
        fit: 0.1 + own.uniform(),
        purchase: 0.01 + 0.4 * own.uniform(),
      }));
      const scores = orderScores(found, truth).map(Math.exp);
      return { found, bought: [own.choice(scores)] };
    });
    const learned = learnOrder(searches);
    expect(Math.abs(learned.likeness - truth.likeness)).toBeLessThan(0.2);
    expect(Math.abs(learned.purchase - truth.purchase)).toBeLessThan(0.12);
  });

  it('stays near the untaught one after few purchases, and refuses fewer', () => {
    const search: AnsweredSearch = {
      found: [
        { fit: 1, purchase: 0.2 },
        { fit: 1, purchase: 0.2 },
      ],
      bought: [0],
    };
    expect(learnOrder(Array.from({ length: 20 }, () => search))).toEqual(UNTAUGHT);
    expect(() => learnOrder([search])).toThrow('at least 20 purchases');
  });
});
