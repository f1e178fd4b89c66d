// A catalogue from a table and from a lake: the model's items in its order, new ones after them, what is known of each.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findColumn } from '../../core/frame.ts';
import { type Engine, openEngine } from '../engine.ts';
import { joinCatalogues, lakeCatalogue, readCatalogue } from './read-catalogue.ts';

const dir = mkdtempSync(join(tmpdir(), 'foresell-catalogue-'));
let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ threads: 1 });
});
afterAll(() => {
  engine.close();
  rmSync(dir, { recursive: true, force: true });
});

const categoryAt = (frame: Parameters<typeof findColumn>[0], key: string): (string | undefined)[] => {
  const column = findColumn(frame, key);
  return column?.kind === 'category' ? Array.from(column.codes, (code) => column.levels[code]) : [];
};
const numbersAt = (frame: Parameters<typeof findColumn>[0], key: string): number[] => {
  const column = findColumn(frame, key);
  return column?.kind === 'number' ? [...column.values] : [];
};

describe('readCatalogue', () => {
  it('keeps numbers that are the same everywhere, or count up, and codes with zeros in front as they are', async () => {
    const path = join(dir, 'numbers.csv');
    const rows = Array.from({ length: 60 }, (_, i) => `i${i},5,${100 + i},00${i}`);
    writeFileSync(path, ['item_id,stock,price,code', ...rows].join('\n'));
    const { frame } = await readCatalogue(engine, path, ['i7'], { scratch: dir });
    expect(numbersAt(frame, 'stock').slice(0, 2)).toEqual([5, 5]);
    expect(numbersAt(frame, 'price').slice(0, 2)).toEqual([107, 100]);
    expect(categoryAt(frame, 'code').slice(0, 2)).toEqual(['007', '000']);
  });

  it('puts rows in the order of the model, new items last, cells missing for what the table lacks', async () => {
    const path = join(dir, 'items.csv');
    writeFileSync(
      path,
      'item_id,title,category,stock,is_new\n07,Seven,toys,3,yes\n8,"Eight, large",books,0,no\n07,Twice,books,9,no\n99,New one,toys,5,yes\n',
    );
    const found = await readCatalogue(engine, path, ['8', 'x', '07'], { scratch: dir });
    expect(found.itemIds).toEqual(['8', 'x', '07', '99']);
    expect(found.known).toBe(3);
    expect(found.titles).toEqual(['Eight, large', '', 'Seven', 'New one']);
    expect(categoryAt(found.frame, 'category')).toEqual(['books', undefined, 'toys', 'toys']);
    expect(numbersAt(found.frame, 'stock')).toEqual([0, Number.NaN, 3, 5]);
    expect(numbersAt(found.frame, 'is_new')).toEqual([0, Number.NaN, 1, 1]);
  });
});

describe('lakeCatalogue', () => {
  const rows = [
    "('a', 'First', 'toys', 'kid', 250, NULL, NULL)",
    "('b', NULL, 'books', NULL, NULL, 2000, NULL)",
    "('c', 'Third', NULL, NULL, 100, NULL, 900)",
  ].join(', ');
  const items = `(SELECT * FROM (VALUES ${rows}) AS t(item_id, title, category, brand, price_minor, available_from, available_to))`;

  it('says what is on offer at the moment', async () => {
    const found = await lakeCatalogue(engine, { items, currency: 'EUR' }, ['b', 'z'], { asOf: 1000 });
    expect(found.itemIds).toEqual(['b', 'z', 'a', 'c']);
    expect(found.titles).toEqual(['', '', 'First', 'Third']);
    expect(categoryAt(found.frame, 'category')).toEqual(['books', undefined, 'toys', undefined]);
    expect(numbersAt(found.frame, 'price')).toEqual([Number.NaN, Number.NaN, 250, 100]);
    expect(numbersAt(found.frame, 'available')).toEqual([0, Number.NaN, 1, 0]);
  });

  it('knows nothing without a catalogue', async () => {
    const none = { items: undefined, currency: '' };
    const found = await lakeCatalogue(engine, none, ['b', 'z'], { asOf: 1000 });
    expect(found).toMatchObject({ itemIds: ['b', 'z'], known: 2 });
    expect(found.frame.columns).toEqual([]);
  });

  it('joins with a table, whose columns go first', async () => {
    const path = join(dir, 'stock.csv');
    writeFileSync(path, 'sku,category,stock\na,cards,4\nnew,toys,2\n');
    const shop = await lakeCatalogue(engine, { items, currency: 'EUR' }, ['b'], { asOf: 1000 });
    const table = await readCatalogue(engine, path, ['b'], { scratch: dir });
    const both = joinCatalogues(shop, table);
    expect(both.itemIds).toEqual(['b', 'a', 'c', 'new']);
    expect(both.known).toBe(1);
    expect(categoryAt(both.frame, 'category')).toEqual(['books', 'cards', undefined, 'toys']);
    expect(numbersAt(both.frame, 'stock')).toEqual([Number.NaN, 4, Number.NaN, 2]);
    expect(numbersAt(both.frame, 'price')).toEqual([Number.NaN, 250, 100, Number.NaN]);
    expect(both.titles).toEqual(['', 'First', 'Third', '']);
    expect(both.frame.currency).toBe('EUR');
  });
});
