// The lift of new items: where known and new are found alike, by scores whose best lift is plain.
import { describe, expect, it } from 'vitest';
import { random } from '../../../../core/random.ts';
import type { NextItemCases, Sequences } from '../../../../core/sequences.ts';
import { planTokens, type TokenPlan, UNKNOWN_ROW } from '../events/tokens.ts';
import { isTold, learnLift, liftedPlan, planWithTwins } from './lift-new-items.ts';
import type { PlanVectors } from './plan-vectors.ts';

const ITEMS = 200;
const CASES = 300;
const draws = random(3);
const itemIds = Array.from({ length: ITEMS + 1 }, (_, i) => `i${i}`);
const train: Sequences = {
  entities: ['all'],
  offsets: Uint32Array.of(0, ITEMS),
  items: Int32Array.from({ length: ITEMS }, (_, i) => i),
  itemIds,
};
const plan = planTokens(train, { ownRows: 1e6, times: false, masked: false });
const cases: NextItemCases = {
  before: {
    entities: Array.from({ length: CASES }, (_, c) => `c${c}`),
    offsets: Uint32Array.from({ length: CASES + 1 }, (_, c) => c),
    items: Int32Array.from({ length: CASES }, () => ITEMS),
    itemIds,
  },
  targets: Int32Array.from({ length: CASES }, (_, c) => c % ITEMS),
};

/** Scores of items as they are, and of each as new: as well told, but so much lower. */
const scoresBelow = (gap: number, own: TokenPlan) => {
  let row = 0;
  return async (before: Sequences): Promise<Float32Array> => {
    const rows = before.offsets.length - 1;
    const items = own.itemIds.length;
    const scores = new Float32Array(rows * 2 * items);
    for (let r = 0; r < rows; r++, row++) {
      const target = cases.targets[row];
      for (let item = 0; item < items; item++) {
        const told = draws.normal() + (item === target ? 3 : 0);
        scores[2 * r * items + item] = told;
        scores[(2 * r + 1) * items + item] = told - gap;
      }
    }
    return scores;
  };
};

describe('the lift of new items', () => {
  it('makes up for what new items are told too low by', async () => {
    for (const gap of [0, 2, 4]) {
      const lift = await learnLift(plan, cases, scoresBelow(gap, plan));
      expect(Math.abs(lift - gap)).toBeLessThanOrEqual(1);
    }
  });

  it('raises items without an event, and no other', () => {
    const lifted = liftedPlan(plan, 1.5);
    expect(lifted.logShare[ITEMS]).toBe(1.5);
    expect(lifted.logShare.subarray(0, ITEMS)).toEqual(plan.logShare.subarray(0, ITEMS));
  });

  it('raises what something is told of, where anything is told by vectors', () => {
    const whitening = { width: 1 } as PlanVectors['whitening'];
    const values = Float32Array.from({ length: 2 * (ITEMS + 3) }, (_, i) =>
      Number(i === 2 * (ITEMS + 1) + 1),
    );
    const told = {
      ...plan,
      vectors: [{ name: 'text', whitening, values: values.subarray(0, 2 * (ITEMS + 1)) }],
    };
    expect(liftedPlan(told, 1.5).logShare.every((share) => share === 0)).toBe(true);
    expect(
      [ITEMS, ITEMS + 1, ITEMS + 2].map((item) =>
        isTold({ vectors: [{ ...told.vectors[0], values }] }, item),
      ),
    ).toEqual([false, true, false]);
  });

  it('sees every item as it is, and once more as nobody had it', () => {
    const both = planWithTwins(plan);
    const all = ITEMS + 1;
    expect(both.itemIds).toHaveLength(2 * all);
    expect(both.rowOf.subarray(0, all)).toEqual(plan.rowOf);
    expect(both.rowOf.subarray(all).every((row) => row === UNKNOWN_ROW)).toBe(true);
    expect(both.counts.subarray(all).every((count) => count === 0)).toBe(true);
  });
});
