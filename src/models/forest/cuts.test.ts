import { describe, expect, it } from 'vitest';
import { randomForest } from './attribution/made-up-forest.ts';
import { cutsOf } from './cuts.ts';

describe('where a forest cuts', () => {
  it('is every threshold of a number column once, rising, and nothing of categories', () => {
    const forest = randomForest(3, { features: 4, trees: 6, cuts: 12 });
    const cuts = cutsOf(forest);
    expect([...cuts.keys()]).toEqual(['f0', 'f1', 'f3']);
    const wanted = new Set([...forest.threshold].filter((_, node) => forest.feature[node] === 1));
    expect([...(cuts.get('f1') ?? [])]).toEqual([...wanted].sort((a, b) => a - b));
  });
});
