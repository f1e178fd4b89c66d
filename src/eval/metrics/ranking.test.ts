// Full rankings by hand and by brute force; ties never help.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rankMetric, ranksOf, scoreRanking } from './ranking.ts';

describe('ranks', () => {
  it('an item tied with others stands behind them', () => {
    expect(ranksOf([0.5, 0.9, 0.5, 0.5, 0.1], [2])).toEqual([4]);
    expect(ranksOf([0, 0, 0, 0], [0])).toEqual([4]);
  });
  it('excluded items do not stand in the way, a wanted one is never excluded', () =>
    expect(ranksOf([0.5, 0.9, 0.8], [0], [1, 1, 0])).toEqual([2]));
  it('several wanted items do not block each other twice', () =>
    expect(ranksOf([0.9, 0.8, 0.7, 0.7], [1, 2])).toEqual([2, 4]));
  it('a score that is not a number stands last', () => expect(ranksOf([Number.NaN, 1, 2], [0])).toEqual([3]));
  it('an index outside the items is refused', () =>
    expect(() => ranksOf([1, 2], [2])).toThrow(/among 2 scores/));

  it('are those of a sort that puts wanted items last among equals', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 25 }),
        fc.infiniteStream(fc.boolean()),
        (scores, coin) => {
          const wanted = scores.map((_, i) => i).filter(() => coin.next().value);
          fc.pre(wanted.length > 0);
          const sorted = scores
            .map((score, item) => ({ score, own: wanted.includes(item) ? 1 : 0 }))
            .sort((a, b) => b.score - a.score || a.own - b.own);
          const expected = sorted.flatMap(({ own }, i) => (own ? [i + 1] : []));
          expect(ranksOf(scores, wanted)).toEqual(expected);
        },
      ),
    );
  });
});

describe('metrics', () => {
  it('by hand', () => {
    expect(rankMetric('recall', [1, 4, 30], 10)).toBeCloseTo(2 / 3, 12);
    expect(rankMetric('mrr', [4, 30], 10)).toBe(0.25);
    expect(rankMetric('mrr', [11], 10)).toBe(0);
    expect(rankMetric('ndcg', [1, 2], 10)).toBeCloseTo(1, 12);
    expect(rankMetric('ndcg', [3], 10)).toBeCloseTo(0.5, 12);
    expect(rankMetric('ndcg', [2, 40], 10)).toBeCloseTo(1 / Math.log2(3) / (1 + 1 / Math.log2(3)), 12);
  });

  it('have intervals by user', () => {
    const cases = Array.from({ length: 200 }, (_, i) => ({ entity: `u${i}`, ranks: [1 + (i % 40)] }));
    const scores = scoreRanking(cases, { seed: 1, draws: 300 });
    expect(scores['recall@10']?.value).toBeCloseTo(0.25, 12);
    expect(scores['recall@10']?.low).toBeLessThan(0.25);
    expect(scores['recall@10']?.high).toBeGreaterThan(0.25);
    expect(Object.keys(scores).length).toBe(9);
  });

  it('are read down to the places asked for', () => {
    const cases = Array.from({ length: 60 }, (_, i) => ({ entity: `u${i}`, ranks: [1 + i] }));
    const scores = scoreRanking(cases, { seed: 1, draws: 50, at: [3, 50] });
    expect(Object.keys(scores).sort()).toEqual([
      'mrr@3',
      'mrr@50',
      'ndcg@3',
      'ndcg@50',
      'recall@3',
      'recall@50',
    ]);
    expect(scores['recall@50'].value).toBeCloseTo(50 / 60, 12);
    expect(scores['mrr@3'].value).toBeCloseTo((1 + 1 / 2 + 1 / 3) / 60, 12);
  });

  it('a case that wants nothing is refused', () =>
    expect(() => scoreRanking([{ entity: 'a', ranks: [] }], { seed: 1 })).toThrow(/none in 1 of 1/));
});
