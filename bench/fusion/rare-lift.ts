// What is found among validation targets when items met rarely are placed higher by so much: boldness, told apart from knowledge.
import { layOut, viewOf } from '../../src/core/case-view.ts';
import type { NextItemCases } from '../../src/core/sequences.ts';
import type { NextItemModel } from '../../src/models/sequence/recommender.ts';
import { rowsAtOnce } from '../../src/train/sequence/rank-cases.ts';
import { TOP } from './found-by-count.ts';

/** Added to scores, which are logits. */
const LIFTS = [0, 0.5, 1, 1.5];

export interface LiftedFound {
  readonly lift: number;
  /** Shares of targets among the first ten, own history excluded. */
  readonly all: number;
  readonly rare: number;
}

/** @param isRare of each item */
export async function foundByLift(
  model: NextItemModel,
  cases: NextItemCases,
  isRare: (item: number) => boolean,
): Promise<readonly LiftedFound[]> {
  const items = model.itemIds.length;
  const rare = Uint8Array.from({ length: items }, (_, item) => Number(isRare(item)));
  const found = LIFTS.map(() => ({ all: 0, rare: 0 }));
  const asked = { all: 0, rare: 0 };
  const view = viewOf(cases);
  const step = rowsAtOnce(items);
  for (let from = 0; from < view.targets.length; from += step) {
    const rows = Int32Array.from(
      { length: Math.min(step, view.targets.length - from) },
      (_, row) => from + row,
    );
    const { before, targets } = layOut(view, rows);
    const scores = await model.score(before);
    targets.forEach((target, row) => {
      const own = scores.subarray(row * items, (row + 1) * items);
      const had = new Set(before.items.subarray(before.offsets[row], before.offsets[row + 1]));
      asked.all++;
      asked.rare += rare[target];
      LIFTS.forEach((lift, l) => {
        const bar = own[target] + lift * rare[target];
        let above = 0;
        for (let item = 0; item < items && above < TOP; item++)
          if (own[item] + lift * rare[item] >= bar && item !== target && !had.has(item)) above++;
        if (above >= TOP) return;
        found[l].all++;
        found[l].rare += rare[target];
      });
    });
  }
  return found.map((own, l) => ({
    lift: LIFTS[l],
    all: own.all / asked.all,
    rare: own.rare / asked.rare,
  }));
}
