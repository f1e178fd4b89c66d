// Places against a sort by brute force, and metrics against their definitions written out.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../../core/random.ts';
import type { NextItemCases } from '../../core/sequences.ts';
import { scoreRanking } from '../metrics/ranking.ts';
import { compareRanks } from './compare-ranks.ts';
import { emptyRanks, rankTargets } from './rank-targets.ts';
import { scoreRanks } from './score-ranks.ts';

const ITEMS = 7;
const itemIds = Array.from({ length: ITEMS }, (_, i) => `i${i}`);
const casesOf = (lists: readonly (readonly number[])[], targets: readonly number[]): NextItemCases => ({
  before: {
    entities: lists.map((_, i) => `u${i}`),
    offsets: Uint32Array.from([0, ...lists.map((_, i) => lists.slice(0, i + 1).flat().length)]),
    items: Int32Array.from(lists.flat()),
    itemIds,
  },
  targets: Int32Array.from(targets),
});

/** Candidates sorted by falling score, the target behind its equals; not-a-number counts as −∞. */
function placeBySorting(scores: readonly number[], target: number, hidden: ReadonlySet<number>): number {
  if (hidden.has(target)) return Number.POSITIVE_INFINITY;
  const value = (item: number) => (Number.isNaN(scores[item]) ? Number.NEGATIVE_INFINITY : scores[item]);
  const sorted = scores
    .map((_, item) => item)
    .filter((item) => !hidden.has(item))
    .sort((a, b) =>
      value(a) === value(b) ? Number(a === target) - Number(b === target) : value(b) > value(a) ? 1 : -1,
    );
  return 1 + sorted.indexOf(target);
}

const score = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom(Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
);
const aCase = fc.record({
  scores: fc.array(score, { minLength: ITEMS, maxLength: ITEMS }),
  before: fc.array(fc.integer({ min: 0, max: ITEMS - 1 }), { maxLength: 9 }),
  target: fc.integer({ min: 0, max: ITEMS - 1 }),
});

describe('places of targets', () => {
  it('are those of a sort over all candidates', () => {
    fc.assert(
      fc.property(fc.array(aCase, { minLength: 1, maxLength: 6 }), (rows) => {
        const cases = casesOf(
          rows.map(({ before }) => before),
          rows.map(({ target }) => target),
        );
        const into = emptyRanks(rows.length);
        // In two batches, as long lists are ranked.
        const half = Math.ceil(rows.length / 2);
        for (const [from, to] of [
          [0, half],
          [half, rows.length],
        ]) {
          const scores = Float32Array.from(rows.slice(from, to).flatMap((row) => row.scores));
          rankTargets(scores, cases, { from, rows: to - from, into });
        }
        rows.forEach(({ scores, before, target }, i) => {
          expect(into.included[i]).toBe(placeBySorting(scores, target, new Set()));
          expect(into.excluded[i]).toBe(placeBySorting(scores, target, new Set(before)));
        });
      }),
      { numRuns: 300 },
    );
  });

  it('an unknown target is never found, an unknown item before it hides nothing', () => {
    const into = emptyRanks(2);
    const scores = Float32Array.from([...itemIds, ...itemIds].map((_, i) => i % ITEMS));
    rankTargets(scores, casesOf([[1], [-1, 6]], [-1, 5]), { from: 0, rows: 2, into });
    expect(Array.from(into.included)).toEqual([Number.POSITIVE_INFINITY, 2]);
    expect(Array.from(into.excluded)).toEqual([Number.POSITIVE_INFINITY, 1]);
  });

  it('scores of another shape are refused', () =>
    expect(() =>
      rankTargets(new Float32Array(8), casesOf([[1]], [1]), { from: 0, rows: 1, into: emptyRanks(1) }),
    ).toThrow(/expected 1 × 7 scores, got 8/));
});

describe('metrics of places', () => {
  const ranks = Float64Array.from([1, 2, 11, Number.POSITIVE_INFINITY, 10]);
  const entities = ['a', 'b', 'c', 'd', 'e'];

  it('by hand', () => {
    const scores = scoreRanks(ranks, entities, { at: [10, 20], seed: 1, draws: 50 });
    expect(scores['recall@10'].value).toBeCloseTo(3 / 5, 12);
    expect(scores['recall@20'].value).toBeCloseTo(4 / 5, 12);
    expect(scores['mrr@10'].value).toBeCloseTo((1 + 1 / 2 + 1 / 10) / 5, 12);
    expect(scores['ndcg@10'].value).toBeCloseTo((1 + 1 / Math.log2(3) + 1 / Math.log2(11)) / 5, 12);
  });

  it('and their intervals are those of drawing entities with their cases one by one', () => {
    const draw = random(5);
    const many = Float64Array.from({ length: 300 }, () => 1 + draw.integer(40));
    const owners = Array.from(many, () => `s${draw.integer(60)}`);
    const options = { at: [5, 10], seed: 3, draws: 200 };
    const quick = scoreRanks(many, owners, options);
    const slow = scoreRanking(
      Array.from(many, (rank, i) => ({ entity: owners[i], ranks: [rank] })),
      options,
    );
    for (const [metric, { value, low, high }] of Object.entries(slow)) {
      expect(quick[metric as 'recall@5'].value).toBeCloseTo(value, 12);
      expect(quick[metric as 'recall@5'].low).toBeCloseTo(low, 12);
      expect(quick[metric as 'recall@5'].high).toBeCloseTo(high, 12);
    }
  });

  it('some cases apart', () => {
    const scores = scoreRanks(ranks, entities, {
      at: [10],
      seed: 1,
      draws: 50,
      keep: Uint8Array.from([0, 1, 1, 0, 0]),
    });
    expect(scores['recall@10'].value).toBe(0.5);
  });

  it('cases of one session are drawn together: their interval is wider', () => {
    const many = Float64Array.from({ length: 400 }, (_, i) => (Math.floor(i / 20) % 2 === 0 ? 1 : 99));
    const width = (name: (i: number) => string) => {
      const { low, high } = scoreRanks(
        many,
        Array.from(many, (_, i) => name(i)),
        { at: [10], seed: 1, draws: 300 },
      )['recall@10'];
      return high - low;
    };
    expect(width((i) => `s${Math.floor(i / 20)}`)).toBeGreaterThan(3 * width((i) => `c${i}`));
  });
});

describe('differences of places', () => {
  it('are paired: of two that are equal nothing is left, a better one is better', () => {
    const first = Float64Array.from({ length: 200 }, (_, i) => 1 + (i % 20));
    const entities = Array.from(first, (_, i) => `u${i}`);
    const options = { seed: 1, draws: 200 };
    expect(compareRanks(first, first, { metric: 'ndcg@10', entities, ...options })).toEqual({
      value: 0,
      low: 0,
      high: 0,
    });
    const keep = Uint8Array.from(first, (rank) => Number(rank > 10));
    const apart = compareRanks(
      first,
      first.map((rank) => (rank > 10 ? rank : 99)),
      { metric: 'recall@20', entities, keep, ...options },
    );
    expect(apart).toEqual({ value: 0, low: 0, high: 0 });
    const worse = first.map((rank) => rank + 4);
    const { value, low } = compareRanks(first, worse, { metric: 'recall@10', entities, ...options });
    expect(value).toBeCloseTo(0.2, 12);
    expect(low).toBeGreaterThan(0);
  });
});
