// How many targets a model finds, by how often they were met in training, and among items nobody had alone.
import { type CaseView, layOut } from '../../src/core/case-view.ts';
import type { NextItemModel } from '../../src/models/sequence/recommender.ts';
import { rankCases, rowsAtOnce } from '../../src/train/sequence/rank-cases.ts';

export interface Found {
  readonly recall: number;
  readonly ndcg: number;
  readonly cases: number;
}

export const TOP = 10;

/** By the test's full ranking with own history excluded, for the cases a rule keeps. */
export async function foundBy(
  model: NextItemModel,
  cases: CaseView,
  slices: Readonly<Record<string, (target: number) => boolean>>,
): Promise<Readonly<Record<string, Found>>> {
  const { ranks } = await rankCases(model, cases, { now: () => performance.now() });
  return Object.fromEntries(
    Object.entries(slices).map(([name, keeps]) => {
      const own = Array.from(ranks.excluded).filter((_, row) => keeps(cases.targets[row]));
      return [name, foundOf(own)];
    }),
  );
}

/** Of cases that ask about one of `among`, ranked among those alone; own history excluded. */
export async function foundAmong(model: NextItemModel, cases: CaseView, among: Uint8Array): Promise<Found> {
  const items = among.length;
  const rows = [...cases.targets.keys()].filter((row) => among[cases.targets[row]] === 1);
  const ranks: number[] = [];
  const step = rowsAtOnce(items);
  for (let from = 0; from < rows.length; from += step) {
    const { before, targets } = layOut(cases, Int32Array.from(rows.slice(from, from + step)));
    const scores = await model.score(before);
    targets.forEach((target, r) => {
      const own = scores.subarray(r * items, (r + 1) * items);
      const had = new Set(before.items.subarray(before.offsets[r], before.offsets[r + 1]));
      let rank = 1;
      for (let item = 0; item < items; item++)
        if (among[item] === 1 && item !== target && !had.has(item) && own[item] >= own[target]) rank++;
      ranks.push(rank);
    });
  }
  return foundOf(ranks);
}

function foundOf(ranks: readonly number[]): Found {
  const hits = ranks.filter((rank) => rank <= TOP);
  const cases = ranks.length;
  return {
    recall: hits.length / Math.max(1, cases),
    ndcg: hits.reduce((sum, rank) => sum + 1 / Math.log2(1 + rank), 0) / Math.max(1, cases),
    cases,
  };
}

/** The mean over seeds. */
export function meanFound(all: readonly Found[]): Found & { readonly spread: number } {
  const mean = (of: (one: Found) => number): number =>
    all.reduce((sum, one) => sum + of(one), 0) / all.length;
  const recall = mean((one) => one.recall);
  const squares = all.reduce((sum, one) => sum + (one.recall - recall) ** 2, 0);
  return {
    recall,
    ndcg: mean((one) => one.ndcg),
    cases: all[0].cases,
    spread: all.length > 1 ? Math.sqrt(squares / (all.length - 1)) : 0,
  };
}
