// What a trunk is asked to see what it forgot and what it learned: customers it has not read, their last old and last new event.
import { hash32 } from '../core/random.ts';
import { cutSequences, type NextItemCases, type Sequences, sequenceCount } from '../core/sequences.ts';
import { meanRankMetric } from '../eval/sequences/score-ranks.ts';
import { firstNewer, takePast } from '../models/behaviour/continue/continue-trunk.ts';
import { trunkRecommender } from '../models/behaviour/continue/trunk-recommender.ts';
import type { PastHistories } from '../models/behaviour/past-histories.ts';
import type { LearnedTrunk } from '../models/behaviour/pretrain.ts';
import { rankCases } from './sequence/rank-cases.ts';

/** Of the customers; more than so many tell no better. */
const SHARE = 0.1;
const MOST = 2000;
/** Fewer tell nothing. */
const LEAST = 20;

export interface TrunkCases {
  /** What is learned from. */
  readonly learn: PastHistories;
  /** Absent where too few customers can be spared. */
  readonly old?: NextItemCases;
  readonly fresh?: NextItemCases;
}

/** A share of the customers set apart by their number: neither their new events nor their old ones are read. */
export function setApart(past: PastHistories, newForMs: number, seed: number): TrunkCases {
  const count = sequenceCount(past.histories);
  const salt = hash32(`trunk cases ${seed}`);
  const limit = Math.min(SHARE, MOST / Math.max(1, count)) * 2 ** 32;
  const rows = Array.from({ length: count }, (_, row) => row);
  const isApart = (row: number): boolean => hash32(String(row), salt) < limit;
  const apart = takePast(past, rows.filter(isApart));
  const first = firstNewer(apart, newForMs);
  const own = Array.from(first.keys());
  const old = lastOf(apart.histories, own, (row) => first[row]);
  const fresh = newestCases(apart, newForMs);
  if (old.targets.length < LEAST) return { learn: past };
  return {
    learn: takePast(
      past,
      rows.filter((row) => !isApart(row)),
    ),
    old,
    ...(fresh.targets.length >= LEAST && { fresh }),
  };
}

/** The last event of each customer who did anything less long ago than that. */
export function newestCases(past: PastHistories, newForMs: number): NextItemCases {
  const { offsets } = past.histories;
  const first = firstNewer(past, newForMs);
  const active = Array.from(first.keys()).filter((row) => first[row] < offsets[row + 1]);
  return lastOf(past.histories, active, (row) => offsets[row + 1]);
}

/** The last event with an item before `end` of each row that has another one before it. */
function lastOf(histories: Sequences, rows: readonly number[], end: (row: number) => number): NextItemCases {
  const { offsets, items } = histories;
  const last = (row: number): number => {
    let at = end(row) - 1;
    while (at > offsets[row] && items[at] < 0) at--;
    return at;
  };
  const asked = rows.filter((row) => last(row) > offsets[row]);
  return {
    before: cutSequences(histories, asked, (row) => [offsets[row], last(row)]),
    targets: Int32Array.from(asked, (row) => items[last(row)]),
  };
}

/**
 * NDCG@10 of what comes next by the trunk alone.
 *
 * @param cases by the codes of a vocabulary that begins with the trunk's; items it does not know are never found
 */
export async function trunkQuality(
  trunk: LearnedTrunk,
  cases: NextItemCases,
  threads: number,
): Promise<number> {
  const model = trunkRecommender(trunk, threads);
  const known = model.itemIds.length;
  const codes = (items: Int32Array): Int32Array => items.map((item) => (item < known ? item : -1));
  const asked = {
    before: { ...cases.before, items: codes(cases.before.items), itemIds: model.itemIds },
    targets: codes(cases.targets),
  };
  try {
    const { ranks } = await rankCases(model, asked, { now: Date.now });
    return meanRankMetric(ranks.included, 'ndcg', 10);
  } finally {
    await model.close();
  }
}
