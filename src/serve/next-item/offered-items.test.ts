// What may be offered, against asking every item by hand; and the words where a rule names what there is not.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Column, makeFrame } from '../../core/frame.ts';
import type { ItemCatalogue } from '../../core/item-catalogue.ts';
import { offeredItems } from './offered-items.ts';

const label = { en: '', zh: '' };
const base = { label, unit: 'none', group: '' } as const;

interface Item {
  readonly category: number;
  readonly stock: number | null;
  readonly price: number | null;
}
const CATEGORIES = ['toys', 'books', 'cards'];

function catalogueOf(items: readonly Item[]): ItemCatalogue {
  const numbers = (key: 'stock' | 'price', unit: 'none' | 'money'): Column => ({
    ...{ ...base, name: key, unit, kind: 'number' },
    values: Float64Array.from(items, (item) => item[key] ?? Number.NaN),
  });
  return {
    itemIds: items.map((_, i) => `i${i}`),
    known: items.length,
    frame: makeFrame(
      [
        {
          ...{ ...base, name: 'category', kind: 'category', levels: CATEGORIES },
          codes: Int32Array.from(items, ({ category }) => category),
        },
        numbers('stock', 'none'),
        numbers('price', 'money'),
        { ...base, name: 'title', kind: 'text', values: items.map((_, i) => (i % 2 === 0 ? 'even' : '')) },
      ],
      { rows: items.length, currency: 'EUR' },
    ),
  };
}

const maybe = fc.option(fc.integer({ min: 0, max: 9 }));
const item = fc.record({ category: fc.integer({ min: -1, max: 2 }), stock: maybe, price: maybe });

/** Rules and the same by hand; prices are in cents there. */
const RULES: readonly (readonly [string, (item: Item, place: number) => boolean])[] = [
  ["category = 'toys'", ({ category }) => category === 0],
  ["category != 'toys'", ({ category }) => category === 1 || category === 2],
  [
    "category in ('books', 'cards') and stock > 0",
    ({ category, stock }) => category >= 1 && (stock ?? 0) > 0,
  ],
  [
    "not (category = 'books') and price <= 0.05",
    ({ category, price }) => category !== 1 && price !== null && price <= 5,
  ],
  ["stock >= 3 or item = 'i1'", ({ stock }, place) => (stock !== null && stock >= 3) || place === 1],
  ["title = 'even'", (_, place) => place % 2 === 0],
];

describe('offeredItems', () => {
  it.each(RULES)('offers by %s what asking every item by hand offers', (where, byHand) => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 12 }), (items) => {
        const wanted = items.map((own, place) => Number(byHand(own, place)));
        const ask = () => [...offeredItems(catalogueOf(items), { where })];
        if (wanted.includes(1)) expect(ask()).toEqual(wanted);
        else expect(ask).toThrow('expected at least one of');
      }),
    );
  });

  it('takes only what is listed, and never what is excluded', () => {
    const items = Array.from({ length: 6 }, () => ({ category: 0, stock: 1, price: 1 }));
    const mask = offeredItems(catalogueOf(items), {
      where: 'stock > 0',
      only: new Set(['i1', 'i3', 'i5', 'unknown']),
      without: new Set(['i3']),
    });
    expect([...mask]).toEqual([0, 1, 0, 0, 0, 1]);
  });

  const one = catalogueOf([{ category: 0, stock: 1, price: 1 }]);
  it.each([
    ["categry = 'toys'", 'expected a column of the items (category, '],
    ["category = 'toyz'", 'no item has \'toyz\' as its "category"; there are toys, '],
    ["category in ('toys', 'bookz')", 'no item has \'bookz\' as its "category"; there are books, '],
    ['category = 3', '"category" holds texts: write \'3\' in single quotes'],
    ["stock = 'many'", '"stock" holds numbers, got the text \'many\''],
    ['stock >', '--filter: '],
    ['lower(title) = 1', 'functions are not used in rules'],
  ])('refuses %s in words', (where, words) => {
    expect(() => offeredItems(one, { where })).toThrow(words);
  });

  it('compares the first letters alone, so that a long mistake costs no more than a short one', () => {
    const many = catalogueOf([{ category: 0, stock: 1, price: 1 }]);
    const levels = Array.from({ length: 3000 }, (_, i) => `${'brand '.repeat(300)}${i}`);
    const column = { ...base, name: 'brand', kind: 'category' as const, levels, codes: Int32Array.of(0) };
    const told = { ...many, frame: { ...many.frame, columns: [...many.frame.columns, column] } };
    const startedMs = performance.now();
    expect(() => offeredItems(told, { where: `brand = '${'x'.repeat(1900)}'` })).toThrow('no item has');
    // letter by letter it is ten thousand million steps, minutes of them
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });

  it('says what to do where nothing is known of the items', () => {
    const bare = { ...one, frame: makeFrame([], { rows: 1 }) };
    expect(() => offeredItems(bare, { where: 'stock > 0' })).toThrow('name a table with --items');
  });
});
