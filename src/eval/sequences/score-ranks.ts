// Metrics of cases with one target each, from where it stands: recall, ndcg and mrr with intervals by entity.
import { type BootstrapOptions, intervalOf } from '../bootstrap.ts';
import { rankMetric } from '../metrics/ranking.ts';
import { RANK_METRIC_KINDS, type RankMetricKind, type RankMetricName, type Scores } from '../score.ts';
import { drawnEntities } from './drawn-entities.ts';

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
  const drawn = drawnEntities(keep ? entities.filter((_, row) => keep[row] === 1) : entities, options);
  const measures = names.map(({ kind, k }) => drawn.meanOf(gainsOf(kept, kind, k)));
  const draws = drawn.resample(measures);
  return Object.fromEntries(
    names.map(({ kind, k }, i): [RankMetricName, Scores[RankMetricName]] => [
      `${kind}@${k}`,
      intervalOf(drawn.onSample(measures[i]), draws[i], { level: options.level }),
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
