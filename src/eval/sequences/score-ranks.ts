// Metrics of cases with one target each, from where it stands: recall, ndcg and mrr with intervals by entity.
import { type BootstrapOptions, clustersOf, intervalOf, onSample, resample } from '../bootstrap.ts';
import { meanOf } from '../metrics/binary.ts';
import { rankMetric } from '../metrics/ranking.ts';
import { RANK_METRIC_KINDS, type RankMetricKind, type RankMetricName, type Scores } from '../score.ts';

export interface RankScoring extends BootstrapOptions {
  /** Places down to which rankings are read. */
  readonly at: readonly number[];
  /** 1 where a case counts, [cases]; all when absent. */
  readonly keep?: Uint8Array;
}

/**
 * @param ranks places from 1, ∞ for never found, [cases]
 * @param entities whom each case belongs to: those of one are drawn together, [cases]
 * @throws AppError NOT_ENOUGH_DATA with fewer than two entities
 */
export function scoreRanks(
  ranks: Float64Array,
  entities: readonly string[],
  { at, keep, ...options }: RankScoring,
): Scores {
  const kept = keep ? ranks.filter((_, row) => keep[row] === 1) : ranks;
  const names = RANK_METRIC_KINDS.flatMap((kind) => at.map((k) => ({ kind, k })));
  const measures = names.map(({ kind, k }) => meanOf(gainsOf(kept, kind, k)));
  const clusters = clustersOf(keep ? entities.filter((_, row) => keep[row] === 1) : entities);
  const draws = resample(measures, clusters, options);
  return Object.fromEntries(
    names.map(({ kind, k }, i): [RankMetricName, Scores[RankMetricName]] => [
      `${kind}@${k}`,
      intervalOf(onSample(measures[i], kept.length), draws[i], { level: options.level }),
    ]),
  );
}

/** One metric of each case, [cases]. */
export const gainsOf = (ranks: Float64Array, kind: RankMetricKind, k: number): Float64Array =>
  ranks.map((rank) => rankMetric(kind, [rank], k));

/** The mean of one metric, no interval: for choosing between models. */
export function meanRankMetric(ranks: Float64Array, kind: RankMetricKind, k: number): number {
  return gainsOf(ranks, kind, k).reduce((sum, gain) => sum + gain, 0) / ranks.length;
}
