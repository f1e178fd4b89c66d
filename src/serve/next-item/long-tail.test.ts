// What is taken off what many take: by hand, and until what everybody takes is no better than what nobody does.
import { describe, expect, it } from 'vitest';
import { itemCounts, tailOf, tailPenalties } from './long-tail.ts';

const itemIds = ['a', 'b', 'c'];

describe('itemCounts', () => {
  it('counts events of each item, and none that name no item', () => {
    expect([...itemCounts({ itemIds, items: Int32Array.of(0, 2, 0, -1) })]).toEqual([2, 0, 1]);
  });
});

describe('tailPenalties', () => {
  it('is nothing at 0, and at 1 makes up for shares', () => {
    const counts = [2, 0, 1];
    expect([...tailPenalties(counts, 0)]).toEqual([0, 0, 0]);
    // A model that knows how often things are taken and nothing else.
    const scores = counts.map((count) => Math.log((1 + count) / 6));
    const left = Array.from(tailPenalties(counts, 1), (penalty, item) => scores[item] - penalty);
    for (const own of left) expect(own).toBeCloseTo(Math.log(1 / 6), 6);
    expect(tailPenalties(counts, 0.5)[0]).toBeCloseTo(Math.log(3) / 2, 6);
  });
});

describe('tailOf', () => {
  it('lets a model of logarithms be asked, from 0 to 1, and names any other', () => {
    expect(tailOf({ recommender: 'gru', isLogarithm: true }, 0.3)).toBe(0.3);
    expect(() => tailOf({ recommender: 'gru', isLogarithm: true }, 1.5)).toThrow('from 0 to 1, got 1.5');
    expect(() => tailOf({ recommender: 'gru', isLogarithm: true }, Number.NaN)).toThrow('from 0 to 1');
    expect(() => tailOf({ recommender: 'item-knn' }, 0.3)).toThrow('"item-knn" are no logarithms');
  });
});
