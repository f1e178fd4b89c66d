// What a model is told of items it never saw: by its own levels, whatever the table calls first.
import { expect, it } from 'vitest';
import { catalogueAttributes } from './catalogue-attributes.ts';

const told = {
  categories: {
    kind: { codes: Int32Array.of(0, 1, -1), levels: ['mugs', 'cards'] },
    brand: { codes: Int32Array.of(0, 0, 0), levels: ['own'] },
  },
  priceMinor: Float64Array.of(100, 200, Number.NaN),
};
const read = {
  categories: {
    // Known items may be told anew, and the model keeps to what it learned.
    kind: { codes: Int32Array.of(2, 2, 2, 1, 0, -1), levels: ['lamps', 'mugs', 'cards'] },
    colour: { codes: Int32Array.of(0, 0, 0, 0, 0, 0), levels: ['red'] },
  },
  priceMinor: Float64Array.of(1, 2, 3, 400, Number.NaN, 600),
};

it('reads new items by the levels the model has met, and leaves what it knows alone', () => {
  const { categories, priceMinor } = catalogueAttributes({ known: 3 }, told, read);
  expect(Object.keys(categories)).toEqual(['kind', 'brand']);
  expect([...categories.kind.codes]).toEqual([0, 1, -1, 0, -1, -1]);
  expect(categories.kind.levels).toEqual(['mugs', 'cards']);
  expect([...categories.brand.codes]).toEqual([0, 0, 0, -1, -1, -1]);
  expect([...(priceMinor ?? [])]).toEqual([100, 200, Number.NaN, 400, Number.NaN, 600]);
});

it('takes the table as it is for a model that was told nothing', () => {
  expect(catalogueAttributes({ known: 3 }, undefined, read)).toBe(read);
});
