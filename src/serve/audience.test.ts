import { expect, test } from 'vitest';
import { makeFrame } from '../core/frame.ts';
import { name } from '../core/name.ts';
import { audienceRows } from './audience.ts';
import type { Predictions } from './batch.ts';

const label = name('x', 'x');
const base = { label, group: 'g' } as const;

/** Four customers; money in cents, one revenue and one country missing. */
const predictions: Predictions = {
  entities: ['ann', 'bob', 'cid', 'dan'],
  asOf: Date.UTC(2024, 0, 1),
  frame: makeFrame(
    [
      { ...base, kind: 'number', name: 'orders', unit: 'count', values: Float64Array.of(1, 2, 3, 4) },
      {
        ...base,
        kind: 'number',
        name: 'revenue',
        unit: 'money',
        values: Float64Array.of(1000, Number.NaN, 50_000, 49_999),
      },
      {
        ...base,
        kind: 'category',
        name: 'country',
        unit: 'none',
        codes: Int32Array.of(0, 1, -1, 1),
        levels: ['Germany', "Côte d'Ivoire"],
      },
      { ...base, kind: 'text', name: 'note', unit: 'none', values: ['', '', '', ''] },
    ],
    { currency: 'EUR' },
  ),
  forecast: {
    value: Float64Array.of(400, 300, 200, 100),
    raw: Float64Array.of(400, 300, 200, 100),
    low: Float64Array.of(100, 50, 0, 0),
    high: Float64Array.of(900, 800, 700, 150),
    tier: ['high', 'mid', 'mid', 'low'],
  },
  unit: 'EUR',
  perUnit: 100,
};
const ranked = [0, 1, 2, 3];
const names = (rule: string) =>
  audienceRows(rule, predictions, ranked).map((row) => predictions.entities[row]);

test.each<[string, string[]]>([
  ['value >= 2', ['ann', 'bob', 'cid']],
  ['value > 2 and high < 9', ['bob']],
  ['low = 0', ['cid', 'dan']],
  ["tier = 'mid' or rank = 4", ['bob', 'cid', 'dan']],
  ['rank <= 2', ['ann', 'bob']],
  // Money in whole units, also in features.
  ['revenue >= 500', ['cid']],
  ['revenue > 499.98 and revenue < 500', ['dan']],
  ['orders * 2 + 1 > 6', ['cid', 'dan']],
  ['-value < -2.5', ['ann', 'bob']],
  ["country = 'Germany'", ['ann']],
  ["country in ('Germany', 'France')", ['ann']],
  ['not (orders > 2)', ['ann', 'bob']],
  // A missing value satisfies no comparison, neither way.
  ['revenue < 1000000', ['ann', 'cid', 'dan']],
  ['revenue >= 0', ['ann', 'cid', 'dan']],
  ['revenue != 10', ['cid', 'dan']],
  ["country != 'Germany'", ['bob', 'dan']],
  // Unlike things are never equal nor ordered.
  ["orders = '1'", []],
  ["orders < 'z'", []],
  ['orders / 0 > 0', []],
  ['value > 100', []],
])('%s', (rule, expected) => {
  expect(names(rule)).toEqual(expected);
});

test('the order handed in is kept, and rank counts along it', () => {
  expect(audienceRows('orders > 1', predictions, [3, 2, 1, 0])).toEqual([3, 2, 1]);
  expect(audienceRows('rank = 1', predictions, [3, 2])).toEqual([3]);
});

test.each<[string, RegExp]>([
  ['value >=', /--segment: expected .* got the end/],
  ['', /--segment/],
  [
    'price > 3',
    /expected value, low, high, tier, rank or a feature \(orders, revenue, country\), got "price"/,
  ],
  ['note = 1', /got "note"/],
  ['toString = 1', /got "toString"/],
  ['constructor = 1', /got "constructor"/],
  ['upper(country) = 1', /functions are not used in rules, got "upper"/],
])('%j is refused in words', (rule, words) => {
  expect(() => names(rule)).toThrow(words);
});
