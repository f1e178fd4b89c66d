// What is found when items that many take are placed lower by so much: boldness, told apart from knowledge.
import { type CaseView, layOut } from '../../src/core/case-view.ts';
import type { NextItemModel } from '../../src/models/sequence/recommender.ts';
import { tailPenalties } from '../../src/serve/next-item/long-tail.ts';
import { rowsAtOnce } from '../../src/train/sequence/rank-cases.ts';
import { TOP } from './found-by-count.ts';

export const TAILS = [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5];

export interface TailFound {
  readonly tail: number;
  /** Shares of targets among the first ten, own history excluded. */
  readonly all: number;
  readonly rare: number;
}

/** What a seed's fit found among the targets that stopped its training, by which a tail is chosen, and among those tested. */
export interface TailMeasured {
  readonly valid: readonly TailFound[];
  readonly test: readonly TailFound[];
}

/** The test's figures at the longest tail with which no fewer of all validation targets are found than `least`; none taken where none is. */
export function atChosenTail({ valid, test }: TailMeasured, least: number): TailFound {
  const place = valid.findLastIndex(({ all }) => all >= least);
  return test[Math.max(0, place)];
}

/** @param counts of each item in what was learned from; rare ones have under `few` */
export async function foundByTail(
  model: NextItemModel,
  cases: CaseView,
  { counts, few }: { readonly counts: ArrayLike<number>; readonly few: number },
): Promise<readonly TailFound[]> {
  const items = model.itemIds.length;
  const penalties = TAILS.map((tail) => tailPenalties(counts, tail));
  const found = TAILS.map(() => ({ all: 0, rare: 0 }));
  const asked = { all: 0, rare: 0 };
  const step = rowsAtOnce(items);
  for (let from = 0; from < cases.targets.length; from += step) {
    const rows = Int32Array.from(
      { length: Math.min(step, cases.targets.length - from) },
      (_, row) => from + row,
    );
    const { before, targets } = layOut(cases, rows);
    const scores = await model.score(before);
    targets.forEach((target, row) => {
      const own = scores.subarray(row * items, (row + 1) * items);
      const had = new Set(before.items.subarray(before.offsets[row], before.offsets[row + 1]));
      const isRare = Number(counts[target] < few);
      asked.all++;
      asked.rare += isRare;
      penalties.forEach((penalty, p) => {
        const bar = own[target] - penalty[target];
        let above = 0;
        for (let item = 0; item < items && above < TOP; item++)
          if (own[item] - penalty[item] >= bar && item !== target && !had.has(item)) above++;
        if (above >= TOP) return;
        found[p].all++;
        found[p].rare += isRare;
      });
    });
  }
  return found.map((own, p) => ({ tail: TAILS[p], all: own.all / asked.all, rare: own.rare / asked.rare }));
}
