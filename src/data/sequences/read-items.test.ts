// What is known of items: ids found by name, categories where values repeat, prices in minor units, in the catalogue's order.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openEngine } from '../engine.ts';
import { readItems } from './read-items.ts';

const scratch = mkdtempSync(join(tmpdir(), 'foresell-items-'));
const engine = await openEngine({ threads: 1 });
afterAll(() => {
  engine.close();
  rmSync(scratch, { recursive: true, force: true });
});

const read = (rows: readonly string[], itemIds: readonly string[]) => {
  const path = join(scratch, 'items.csv');
  writeFileSync(path, rows.join('\n'));
  return readItems(engine, path, itemIds, { scratch });
};

it('reads categories and prices in the order of the catalogue, the first row of an item, unknown ones apart', async () => {
  const { attributes, known, id, left } = await read(
    [
      'brand,item_id,title,price,category,url',
      'x,b,Blue thing,2.50,c1,u1',
      'y,a,Red thing,10,c2,u2',
      'x,b,Again,99,c9,u3',
      ',d,Plain thing,,c1,u4',
      'x,zz,Not in the catalogue,1,c3,u5',
    ],
    ['a', 'b', 'c', 'd'],
  );
  expect(id).toBe('item_id');
  expect(known).toBe(3);
  expect(left).toEqual(['title', 'url']);
  expect(Array.from(attributes.priceMinor ?? [])).toEqual([1000, 250, Number.NaN, Number.NaN]);
  const named = Object.entries(attributes.categories).map(([kind, { codes, levels }]) => [
    kind,
    Array.from(codes, (code) => (code < 0 ? null : levels[code])),
  ]);
  expect(Object.fromEntries(named)).toEqual({
    brand: ['y', 'x', null, null],
    category: ['c2', 'c1', null, 'c1'],
  });
});

it('a column that names every item apart is no category, one of codes that repeat is', async () => {
  const rows = Array.from({ length: 40 }, (_, i) => `${i},s${i},${i % 3}`);
  const { attributes, id, left } = await read(['sku,serial,shelf', ...rows], ['3', '4']);
  expect(id).toBe('sku');
  expect(left).toEqual(['serial']);
  expect(Object.keys(attributes.categories)).toEqual(['shelf']);
});
