// The same thing said differently is found, and variants of one thing are kept apart, in English and Chinese.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import { findDuplicates, valley } from './duplicate-groups.ts';
import { shinglePairs } from './shingle-blocks.ts';
import { readTitles, titleLikeness } from './title-likeness.ts';
import { findSlips, isWithin } from './typos.ts';
import { variantMarks } from './variant-marks.ts';
import { vectorTable } from './vector-search.ts';

const groupsOf = async (titles: readonly string[], options = {}) =>
  (await findDuplicates(titles, options)).groups.map(({ items }) => items);

describe('marks of a variant', () => {
  it.each([
    ['Shampoo 500 ml', 'shampoo 0.5L'],
    ['Rice 2kg bag', 'Rice bag, 2000 g'],
    ['USB disk 1TB', 'USB disk 1024 GB'],
    ['Tee, size X-Large, grey', 'tee gray XL size'],
    ['Cable 1,000 mm', 'cable 1 m'],
    ['洗衣液 1升', '洗衣液1000毫升装'],
    ['男士衬衫 白色', '白色 男士衬衫'],
  ])('of "%s" are those of "%s"', (a, b) => {
    expect(variantMarks(a)).not.toBe('');
    expect(variantMarks(a)).toBe(variantMarks(b));
  });

  it.each([
    ['Shampoo 500 ml', 'Shampoo 250 ml'],
    ['Sneaker 42', 'Sneaker 43'],
    ['Shirt blue', 'Shirt navy'],
    ['Shirt M', 'Shirt L'],
    ["Men's shirt", "Women's shirt"],
    ['Battery pack of 4', 'Battery pack of 8'],
    ['Drill GSB120', 'Drill GSB180'],
    ['Phone 13', 'Phone 13 64GB'],
    ['连衣裙 红色', '连衣裙 黑色'],
    ['大米 5公斤', '大米 10公斤'],
  ])('tell "%s" from "%s"', (a, b) => {
    expect(variantMarks(a)).not.toBe(variantMarks(b));
  });
});

it('words that objects have as members are words', () => {
  expect(variantMarks('Kit 3 constructor toString')).toBe('3');
  expect(titleLikeness(readTitles(['constructor valueOf', 'constructor valueOf']), 0, 1)).toBe(1);
});

describe('likeness of titles', () => {
  const of = (a: string, b: string, others: readonly string[] = []) =>
    titleLikeness(readTitles([a, b, ...others]), 0, 1);

  it('forgets order, case, marks and glue, and forgives a slip', () => {
    expect(of('Leather Wallet for Men', 'men: wallet, LEATHER')).toBe(1);
    expect(of('Canvas T-shirt', 'canvas tshirt')).toBe(1);
    const usual = Array.from({ length: 9 }, (_, i) => `leather thing ${i}`);
    expect(of('leather wallet', 'leahter wallet', usual)).toBeGreaterThan(0.7);
  });

  it('counts rare words for more than usual ones, and two real words as two', () => {
    const usual = Array.from({ length: 9 }, () => 'shirt blouse');
    expect(of('shirt zebra', 'shirt lion', usual)).toBeLessThan(of('shirt zebra', 'blouse zebra', usual));
    const both = [...Array.from({ length: 9 }, () => 'boots'), ...Array.from({ length: 9 }, () => 'books')];
    expect(of('red boots', 'red books', both)).toBeLessThan(0.7);
    expect(of('bathroom metal sign', 'washroom metal sign')).toBeLessThan(0.8);
    expect(of('red boots', 'red books')).toBeLessThan(0.7);
    expect(of('', '')).toBe(0);
  });
});

describe('slips', () => {
  it('lead to the one word that was meant, not to words that are words', () => {
    const counts = new Map([
      ['shirt', 100],
      ['sihrt', 2],
      ['shirts2', 1],
      ['skirt', 80],
      ['sirt', 1],
      ['black', 50],
    ]);
    // `sirt` may be either.
    expect([...findSlips(counts)]).toEqual([['sihrt', 'shirt']]);
  });

  it('are as many letters off as brute force says', () => {
    const slow = (a: string, b: string): number => {
      if (a === '' || b === '') return a.length + b.length;
      const swapped =
        a.length > 1 && b.length > 1 && a[0] === b[1] && a[1] === b[0]
          ? 1 + slow(a.slice(2), b.slice(2))
          : 99;
      return Math.min(
        swapped,
        slow(a.slice(1), b) + 1,
        slow(a, b.slice(1)) + 1,
        slow(a.slice(1), b.slice(1)) + Number(a[0] !== b[0]),
      );
    };
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 5 });
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 3 }), (a, b, most) => {
        expect(isWithin(a, b, most)).toBe(slow(a, b) <= most);
      }),
      { numRuns: 200 },
    );
  });
});

describe('groups', () => {
  const shop = [
    'Nordic oak dining table 120 cm',
    'dining table, Nordic Oak, 1.2 m',
    'Nordic oak dining table 160 cm',
    'Ceramic mug blue',
    'ceramic mug BLUE!',
    'mug blue ceramic',
    'Ceramic mug red',
    '',
    '',
    '纯棉连衣裙 红色 夏季新款',
    '夏季新款 纯棉 连衣裙 红色',
    '纯棉连衣裙 黑色 夏季新款',
  ];

  it('hold the same thing said differently, and no variant', async () => {
    expect((await groupsOf(shop)).toSorted((a, b) => a[0] - b[0])).toEqual([
      [0, 1],
      [3, 4, 5],
      [9, 10],
    ]);
  });

  it('do not cross categories, nor pictures that differ', async () => {
    const titles = ['steel bottle', 'bottle, steel', 'Steel Bottle'];
    expect(await groupsOf(titles)).toEqual([[0, 1, 2]]);
    expect(await groupsOf(titles, { categories: ['a', 'b', 'a'] })).toEqual([[0, 2]]);
    // The third has no picture, which says nothing; the first two have unlike ones.
    const pictures = vectorTable(Float32Array.of(1, 0, 0, 1, 0, 0), 2);
    expect(await groupsOf(titles, { pictures })).toEqual([[0, 2]]);
  });

  it('reach what shares no word only where meaning is told and words help', async () => {
    const titles = ['three seat couch velvet', 'three seat sofa velvet', 'garden hose'];
    const table = vectorTable(Float32Array.of(1, 0.05, 1, 0, 0, 1), 2);
    const neighbours = { places: Int32Array.of(1, 0, 0), likeness: Float32Array.of(1, 1, 0.1) };
    expect(await groupsOf(titles, { threshold: 0.7 })).toEqual([]);
    expect(await groupsOf(titles, { threshold: 0.7, meaning: { table, neighbours } })).toEqual([[0, 1]]);
  });

  it('are the same whatever the seed of chance, and stop when told to', async () => {
    expect(await groupsOf(shop)).toEqual(await groupsOf(shop));
    await expect(findDuplicates(shop, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
  });
});

it('a crowd of equal titles is one group without comparing all with all', async () => {
  const crowd = Array.from({ length: 2000 }, () => 'plain white cup');
  expect(shinglePairs(crowd).length).toBeLessThan(2000 * 41);
  expect(await groupsOf(crowd)).toEqual([crowd.map((_, i) => i)]);
});

describe('the valley of likeness', () => {
  it('lies between the many that are of a kind and the few that are the same', () => {
    const own = random(2);
    const pairs = [
      ...Array.from({ length: 5000 }, () => own.beta(4, 8)),
      ...Array.from({ length: 300 }, () => 0.9 + 0.1 * own.uniform()),
    ];
    const found = valley(pairs) ?? 0;
    expect(found).toBeGreaterThan(0.75);
    expect(found).toBeLessThan(0.92);
  });

  it('is not made up where there is none', () => {
    const own = random(2);
    expect(valley(Array.from({ length: 5000 }, () => own.beta(2, 12)))).toBeUndefined();
    expect(valley([0.9, 1])).toBeUndefined();
  });
});
