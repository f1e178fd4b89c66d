// Two or more scores of the same items made one: by the sum of their reciprocal ranks, or by a weighted sum.
import { topPlaces } from '../../core/top-places.ts';

/** One way of scoring, and how much it says. */
export interface ScoreList {
  /** [items]; zero or less says nothing about an item. */
  readonly scores: Float32Array;
  readonly weight: number;
}

/** Damps the difference between the first ranks; the value of the paper. */
const RANK_OFFSET = 60;

/**
 * Σ weight / (60 + rank) over the lists in which an item is among the best `depth`, [items].
 *
 * @see Cormack, Clarke and Büttcher 2009, Reciprocal rank fusion outperforms Condorcet and individual rank learning methods
 */
export function reciprocalRanks(lists: readonly ScoreList[], depth: number): Float32Array {
  const fused = new Float32Array(lists[0]?.scores.length ?? 0);
  for (const { scores, weight } of lists) {
    topPlaces(scores, depth).forEach((item, rank) => {
      if (scores[item] > 0) fused[item] += weight / (RANK_OFFSET + rank + 1);
    });
  }
  return fused;
}

/** Σ weight · score / the list's best score, what is under zero counting as zero, [items]. */
export function weightedSum(lists: readonly ScoreList[]): Float32Array {
  const fused = new Float32Array(lists[0]?.scores.length ?? 0);
  for (const { scores, weight } of lists) {
    let best = 0;
    for (const score of scores) if (score > best) best = score;
    if (best === 0) continue;
    for (let i = 0; i < fused.length; i++) if (scores[i] > 0) fused[i] += (weight * scores[i]) / best;
  }
  return fused;
}
