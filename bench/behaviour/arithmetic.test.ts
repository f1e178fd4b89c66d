// The benchmark's own sums, on numbers small enough to be done by hand.
import { describe, expect, it } from 'vitest';
import { distanceTo, rowsOfSome, shareClosed, spreadOf } from './arithmetic.ts';
import { readWords } from './words.ts';

const customers = Array.from({ length: 300 }, (_, row) => `u${row % 100}`);

describe('labels of some customers', () => {
  it('keeps all rows of as many customers as the share says', () => {
    const rows = rowsOfSome(customers, 0.1, 'a', 1);
    expect(rows).toHaveLength(30);
    expect(new Set(rows.map((row) => customers[row])).size).toBe(10);
    expect(rowsOfSome(customers, 0.001, 'a', 1)).toHaveLength(3);
    expect(rowsOfSome(customers, 1, 'a', 1)).toHaveLength(300);
  });

  it('draws others under another name or seed, and the same again', () => {
    const first = rowsOfSome(customers, 0.1, 'a', 1);
    expect(rowsOfSome(customers, 0.1, 'a', 1)).toEqual(first);
    expect(rowsOfSome(customers, 0.1, 'b', 1)).not.toEqual(first);
    expect(rowsOfSome(customers, 0.1, 'a', 2)).not.toEqual(first);
  });

  it('gives every customer the same chance', () => {
    const times = new Map<string, number>();
    for (let draw = 0; draw < 400; draw++) {
      const kept = new Set(rowsOfSome(customers, 0.25, `draw ${draw}`, 1).map((row) => customers[row]));
      for (const id of kept) times.set(id, (times.get(id) ?? 0) + 1);
    }
    // Each is in 100 of 400 draws on average, standard deviation 8.7: five of them either way.
    for (const count of times.values()) expect(Math.abs(count - 100)).toBeLessThan(44);
    expect(times.size).toBe(100);
  });
});

it('measures distances from the truth, and how much of one is gone', () => {
  const truth = Float64Array.of(0.1, 0.2, 0.3, 0.4);
  const { mean_absolute, root_mean_square } = distanceTo(truth, Float64Array.of(0.1, 0.2, 0.3, 0.8));
  expect(mean_absolute).toBeCloseTo(0.1, 12);
  expect(root_mean_square).toBeCloseTo(0.2, 12);
  expect(shareClosed(0.04, 0.01)).toBeCloseTo(0.75, 12);
  expect(shareClosed(0.04, 0.05)).toBeCloseTo(-0.25, 12);
});

it('tells the mean of draws and how far one lies from it', () => {
  expect(spreadOf([1, 2, 3, 6])).toEqual({
    mean: 3,
    standard_deviation: Math.sqrt(14 / 3),
    lowest: 1,
    highest: 6,
    draws: 4,
  });
  expect(spreadOf([5]).standard_deviation).toBeNaN();
});

describe('words after the name', () => {
  const known = { parts: ['methods', 'order'], sizes: ['customers', 'share'], settings: ['rank'] };

  it('are parts, sizes and settings', () => {
    const words = readWords(['order', 'customers=50', 'share=.01,.1', 'rank=2'], known);
    expect(words.parts).toEqual(['order']);
    expect(words.number('customers', 1)).toBe(50);
    expect(words.number('days', 490)).toBe(490);
    expect(words.numbers('share', [])).toEqual([0.01, 0.1]);
    expect(words.settings).toEqual({ rank: 2 });
    expect(readWords([], known).parts).toEqual(known.parts);
  });

  it('are refused where nobody knows them', () => {
    expect(() => readWords(['costumers=50'], known)).toThrow('customers, share, rank');
    expect(() => readWords(['orders'], known)).toThrow('methods, order');
    expect(() => readWords(['customers=many'], known).number('customers', 1)).toThrow('a number');
  });
});
